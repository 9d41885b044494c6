only linux-full linux-landlock macos-full
file /home/u/w/.git gitdir: /home/u/src/repo/.git/worktrees/w
dir /home/u/src/repo/.git/worktrees/w
file /home/u/src/repo/.git/worktrees/w/commondir ../..
file /home/u/src/repo/.git/config
