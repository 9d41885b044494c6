# where: outside
# needs: tmux
# A multiplexer that is attached to the terminal of the box.
import sys

from terminal import Terminal

shell = Terminal(["env", "TERM=xterm", *sys.argv[1:], "env", "TMUX_TMPDIR=/tmp", "tmux",
                  "-L", "compat-attached", "-f", "/dev/null", "new-session",
                  "bash --norc --noprofile"])
shell.expect(r"bash-[\d.]+\$ ")
shell.type("echo in:$((20 + 22))\r")
print(shell.expect("in:42"))
shell.type("exit 0\r")
shell.expect("exited")
print("exit", shell.end())
