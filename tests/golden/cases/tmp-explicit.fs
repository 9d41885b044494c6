only linux-full linux-landlock
dir /tmp/shared
