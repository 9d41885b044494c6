dir /home/u/w/.git
dir /home/u/w/.vscode
file /home/u/w/.envrc
