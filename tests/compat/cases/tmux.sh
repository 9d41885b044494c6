# needs: tmux
# A server, a session and a command in it.
export TMUX_TMPDIR=/tmp
tmux -L compat new-session -d 'echo in tmux > said; exec sleep 100'
for _ in $(seq 100); do test -s said && break; sleep 0.05; done
cat said
tmux -L compat list-sessions | cut -d: -f1
tmux -L compat kill-server
