only windows-unelevated windows-elevated
link /home/u/dot C:/home/u/w/dots
dir /home/u/w/dots
link /home/u/w/tool C:/opt/data
