"""The command in the box. usage: client.py ADDRESS PORT STEP...   each step is one of these:"""

import array
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
import tty

CLIENT = os.getpid()


def connect():
    """One connection: 'GOT hello', or why not."""
    try:
        with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=25) as peer:
            text = peer.recv(16).decode()
            print("GOT", text or "nothing", flush=True)
    except OSError as error:
        print("FAILED", type(error).__name__, flush=True)


def begin(how=""):
    """A connection on which something is said at once, here or at another port."""
    peer = socket.create_connection((sys.argv[1], int(how or sys.argv[2])), timeout=25)
    peer.sendall(b"hello")
    return peer


def half(port=""):
    """One that has said everything and still wants the answer."""
    try:
        with begin(port) as peer:
            peer.shutdown(socket.SHUT_WR)
            print("HALF", flush=True)
            print("GOT", peer.recv(16).decode() or "nothing", flush=True)
    except OSError as error:
        print("FAILED", type(error).__name__, flush=True)


def leave(port=""):
    """One that is closed as soon as it is open."""
    begin(port).close()
    print("LEFT", flush=True)


def reset(port=""):
    with begin(port) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    print("LEFT", flush=True)


def storm(count):
    """So many that leave, one after the other."""
    for _ in range(int(count)):
        begin().close()
    print("LEFT", flush=True)


def child(step):
    """A child does that step; we wait for its end."""
    if os.fork() == 0:
        globals()[step]()
        os._exit(0)
    os.wait()
    print("WIDOWED", flush=True)


def wait():
    """Says so, and goes on once the file `go` is in the workspace."""
    print("WAITING", flush=True)
    while not os.path.exists("go"):
        time.sleep(0.02)
    os.unlink("go")


def raw():
    tty.setraw(0)


def modes():
    """What the terminal is like now; twice the same word means nothing has changed."""
    print(f"\r\nMODES {hash(repr(termios.tcgetattr(0)))} END\r", flush=True)


def foreground():
    print("FOREGROUND", os.tcgetpgrp(0) == os.getpgrp(), flush=True)


def interruptible():
    signal.signal(signal.SIGINT, lambda *_: print("INTERRUPTED", flush=True))


def mortal():
    """Ctrl-C ends us, as it ends programs that do not mind it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def resized():
    signal.signal(signal.SIGWINCH, lambda *_: print("RESIZED", flush=True))


def ignoring():
    """No signal about the terminal stops it, and it takes it back whenever it can."""
    for number in (signal.SIGTTIN, signal.SIGTTOU, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)


def is_elsewhere(pid):
    with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
        wchan = file.read()
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        state = file.read().rsplit(")", 1)[1].split()[0]
    return state != "S" or "read" not in wchan and wchan not in ("0", "wait_woken")


def reader():
    """A child that sits in read(2) on the terminal while we connect."""
    child = os.fork()
    if child == 0:
        print("READ", repr(os.read(0, 100)), flush=True)
        os._exit(0)
    while is_elsewhere(child):
        time.sleep(0.01)


def ask_terminal():
    """Asks the terminal something, and leaves the last letter of what it answers: y."""
    while True:
        os.write(1, b"\x1b[?25$p")
        signal.setitimer(signal.ITIMER_REAL, 0.1) # another may have taken the answer
        try:
            os.read(0, 8)
        except InterruptedError:
            continue
        signal.setitimer(signal.ITIMER_REAL, 0)
        time.sleep(0.02)


def interrupted(*_):
    raise InterruptedError


def be_woken():
    """SIGCONT when there is something to read: no SIGSTOP holds for longer."""
    fcntl.fcntl(0, fcntl.F_SETSIG, signal.SIGCONT)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)


def query(how):
    """A descendant that far below, in a session of its own, asks the terminal all the time."""
    depth, _, kind = how.partition(":")
    ready, told = os.pipe()
    for _ in range(int(depth)):
        if os.fork():
            break
    else:
        os.close(ready)
        os.setsid()
        if kind:
            be_woken()
        os.close(told)
        signal.signal(signal.SIGALRM, interrupted)
        ask_terminal()
    os.close(told)
    if os.getpid() != CLIENT:
        os.wait()
        os._exit(0)
    os.read(ready, 1)
    print("QUERYING", flush=True)


def hold():
    """Stops what is written to the terminal."""
    termios.tcflow(0, termios.TCOOFF)


def join():
    """Waits for the reader."""
    print("JOINING", flush=True)
    os.wait()


def inject():
    """Types at its own terminal."""
    try:
        fcntl.ioctl(0, termios.TIOCSTI, array.array("b", b"y"))
        print("INJECTED", flush=True)
    except OSError as error:
        print("REFUSED", error.errno, flush=True)


def loop():
    """Connects until it is refused."""
    while True:
        try:
            with socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=25) as peer:
                if not peer.recv(16):
                    return
        except OSError:
            print("ENDED", flush=True)
            return
        time.sleep(0.05)


def job():
    """A job of a shell with job control connects, as at a prompt."""
    shell = subprocess.run(["bash", "--norc", "-i", "-c", "set -m; python3 \"$0\" \"$@\" connect; "
                            "echo JOB $?; jobs"] + sys.argv[:3], check=False)
    print("SHELL", shell.returncode, flush=True)


def seen(folder):
    """What there is to be seen in a directory; nothing when it cannot be looked at."""
    try:
        print("SEEN", os.listdir(folder), flush=True)
    except OSError:
        print("SEEN []", flush=True)


for name in sys.argv[3:]:
    step, _, argument = name.partition(":")
    globals()[step](*[argument] if argument else [])
