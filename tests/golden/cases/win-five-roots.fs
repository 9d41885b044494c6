only windows-unelevated windows-elevated
dir /home/u/w/sub
dir /home/u/.cache/pip
dir /home/u/r1
dir /home/u/r2
