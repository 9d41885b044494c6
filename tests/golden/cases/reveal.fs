dir /home/u/vault/public
dir /home/u/vault/drop
file /home/u/vault/secret
