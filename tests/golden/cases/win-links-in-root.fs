only windows-unelevated windows-elevated
link /home/u/w/build C:/home/u/w/out
dir /home/u/w/out
link /home/u/jump C:/opt/data
