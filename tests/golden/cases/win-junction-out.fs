only windows-unelevated windows-elevated
link /home/u/w/out C:/opt/data
link /home/u/w/share \\server\share
