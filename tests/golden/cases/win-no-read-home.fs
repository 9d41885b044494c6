only windows-unelevated windows-elevated
file /home/u/tools/x.exe
