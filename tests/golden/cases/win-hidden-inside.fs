only windows-unelevated windows-elevated
dir /home/u/w/secrets
file /home/u/w/secrets/token
file /home/u/w/.env
file /home/u/w/svc/.env
file /home/u/w/key.pem
