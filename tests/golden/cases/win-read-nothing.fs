only windows-unelevated windows-elevated
file /home/u/docs/a.txt
dir /home/u/w/out
