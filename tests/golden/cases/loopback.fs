only linux-full linux-landlock
