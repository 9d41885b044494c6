only windows-unelevated windows-elevated
dir /home/u/AppData/Local/pip/Cache
dir /home/u/AppData/Local/npm-cache
