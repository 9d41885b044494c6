only windows-unelevated windows-elevated
dir /home/u/w/.git/modules/lib
file /home/u/w/.git/modules/lib/config [core] worktree = ../../../lib
file /home/u/w/lib/.git gitdir: ../.git/modules/lib
file /home/u/w/lib/code.c
