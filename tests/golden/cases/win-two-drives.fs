only windows-unelevated windows-elevated
dir D:/build/.git
file D:/build/.git/HEAD
file /home/u/w/.git/HEAD
