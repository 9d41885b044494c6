# where: outside
# A terminal that goes away ends what ran in it, also when the box was its session's leader.
import os
import sys
import time

from terminal import SECONDS, Terminal

SCRIPT = "trap 'echo hung up > said; exit 5' HUP; echo runs:$$; while :; do sleep 0.05; done"
shell = Terminal([*sys.argv[1:], "sh", "-c", SCRIPT])
shell.expect(r"runs:\d+")
os.close(shell.fd)
end = time.monotonic() + SECONDS
while os.waitpid(shell.pid, os.WNOHANG)[0] == 0:
    if time.monotonic() > end:
        sys.exit("~ still there")
    time.sleep(0.05)
with open("said", encoding="utf-8") as file:
    print(file.read().strip())
