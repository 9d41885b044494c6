only windows-unelevated windows-elevated
fact no-labels
file /home/u/.bashrc
