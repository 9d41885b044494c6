dir /home/u/w/a%20b
file /home/u/w/it's
file /home/u/w/naïve
file /home/u/w/x‮y.key
file /home/u/w/bad�.key
only linux-full linux-landlock macos-full
