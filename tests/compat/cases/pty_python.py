# where: outside
# An interpreter with line editing; Ctrl-C in it; a pty made inside the box.
import sys

from terminal import Terminal

repl = Terminal([*sys.argv[1:], "/usr/bin/python3", "-q", "-i"])
repl.expect(">>> ")
repl.type("6 * 7\r")
print(repl.expect(r"\n42\r\n").strip())
repl.type("import subprocess; subprocess.run(['sh', '-c', 'echo runs:$$; exec sleep 100'])\r")
repl.expect(r"\nruns:\d+")
repl.type("\x03")
print(repl.expect("KeyboardInterrupt"))
repl.expect(">>> ")
repl.type("import pty; pty.spawn(['sh', '-c', 'test -t 0 && echo inner:terminal'])\r")
print(repl.expect(r"\ninner:terminal").strip())
repl.expect(">>> ")
repl.type("\x04")
print("exit", repl.end())
