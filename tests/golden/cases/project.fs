dir /home/u/w/src/generated
dir /home/u/.cache/secret
dir /home/u/.ssh
