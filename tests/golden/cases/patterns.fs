file /home/u/w/.env
file /home/u/w/sub/deep/.env
file /home/u/w/Cargo.lock
file /home/u/w/sub/yarn.lock
file /home/u/w/node_modules/x/.env.example
link /home/u/w/sub/link.lock /home/u/w/main.c
unlistable /home/u/w/closed
dir /home/u/.cache/a/tmp
dir /home/u/.cache/b/tmp
dir /home/u/.cache/b/other
link /home/u/.cache/c /home/u/.cache/a
