workspace /home/u
dir /home/u/.ssh
file /home/u/.bashrc
dir /home/u/.git/hooks
