file /home/u/w/notes
dir /home/u/w/a/p
file /home/u/w/a/p/q
dir /home/u/vault/deep/public
link /home/u/vault/link /home/u/settings
dir /home/u/settings
