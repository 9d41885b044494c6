# where: outside
# needs: vim less
# Programs that take the whole screen.
import sys

from terminal import Terminal

BOX = ["env", "TERM=xterm", *sys.argv[1:]]

editor = Terminal([*BOX, "vim", "-u", "NONE", "-n", "text"])
editor.expect(r"text")
editor.type("ihello from vim\x1b:wq\r")
print("vim", editor.end())
with open("text", encoding="utf-8") as file:
    print(file.read().strip())
editor = Terminal([*BOX, "vim", "-u", "NONE", "-n", "other"])
editor.expect(r"other")
editor.resize(10, 40)
for _ in range(100):  # it hears of it when it hears of it
    editor.type(":set lines? columns?\r")
    size = editor.expect(r"lines=\d+"), editor.expect(r"columns=\d+")
    if size[0] == "lines=10":
        break
    editor.type("\r")
print(size)
editor.type("\r:q!\r")
print("vim", editor.end())
pager = Terminal([*BOX, "sh", "-c", "seq 1000 | less"])
pager.expect(r"\n22\r")
pager.type("G")
pager.expect("\n1000\r")
pager.type("q")
print("less", pager.end())
