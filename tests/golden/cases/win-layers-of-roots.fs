only windows-unelevated windows-elevated
dir /home/u/w/a/b/c/d/e
