only windows-unelevated windows-elevated
dir /home/u/AppData/Local/go-build
dir /home/u/AppData/Local/pip/Cache
