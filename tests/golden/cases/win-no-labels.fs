only windows-unelevated windows-elevated
fact no-labels
file /home/u/w/.git/config
