only windows-unelevated windows-elevated
link /home/u/w/.vscode C:/home/u/w/settings
dir /home/u/w/settings
link /home/u/w/.idea C:/opt/data
link /home/u/w/hooks real
file /home/u/w/real/pre-commit
