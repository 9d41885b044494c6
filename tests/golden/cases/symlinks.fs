link /home/u/w/.vscode ../settings/vscode
dir /home/u/settings/vscode
link /home/u/w/.idea /home/u/w/real-idea
dir /home/u/w/real-idea
link /home/u/.cache/build /opt/build
dir /opt/build
link /home/u/keys /opt/keys
file /opt/keys/id
