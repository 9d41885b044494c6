only windows-unelevated windows-elevated
dir /home/u/w/build
dir /home/u/src
