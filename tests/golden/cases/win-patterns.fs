only windows-unelevated windows-elevated
dir /home/u/w/.vscode
dir /home/u/w/app/web/.vscode
file /home/u/w/lib/a.lock
file /home/u/w/lib/b.LOCK
file /home/u/w/app/tls.key
