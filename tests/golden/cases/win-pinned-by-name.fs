only windows-unelevated windows-elevated
dir /home/u/w/app/conf/keep/.idea
dir /home/u/w/lib/conf
