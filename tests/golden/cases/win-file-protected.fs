only windows-unelevated windows-elevated
file /home/u/w/notes
