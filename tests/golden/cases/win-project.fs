only windows-unelevated windows-elevated
dir /home/u/w/src
dir /home/u/.cache/secret
dir /home/u/.ssh
