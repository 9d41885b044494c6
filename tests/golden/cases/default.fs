dir /home/u/w/.git
dir /home/u/.ssh
file /home/u/.bashrc
