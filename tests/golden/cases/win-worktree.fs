only windows-unelevated windows-elevated
file /home/u/w/.git gitdir: C:/home/u/src/repo/.git/worktrees/w
dir /home/u/src/repo/.git/worktrees/w
file /home/u/src/repo/.git/worktrees/w/commondir ../..
file /home/u/src/repo/.git/config
