only windows-unelevated windows-elevated
dir /home/u/w/.git
