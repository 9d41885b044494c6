#!/usr/bin/env python3
"""The launcher's console under Wine, on a pseudo terminal and without one.

usage: process_console.py LAUNCHER PROBE

What Wine 8 cannot do is not tested: resizing a pseudo console, Ctrl-C in one or from outside,
Ctrl-Break from a terminal, the closing of a window, standard handles that are one (the probe opens CONIN$ and CONOUT$ by name).
"""

import contextlib
import fcntl
import os
import select
import signal
import struct
import subprocess
import sys
import termios
import time

from tapwine import Tap
import wine as wine_of_tests

SECONDS = 30


class Terminal:
    """A pseudo terminal of 77 columns; the far end is for a Windows program."""

    def __init__(self):
        self.near, self.far = os.openpty()
        fcntl.ioctl(self.far, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 77, 0, 0))
        os.fchmod(self.far, 0o666)
        self.seen = b""

    def read_until(self, wanted):
        """True once `wanted` was shown."""
        end = time.monotonic() + SECONDS
        while wanted not in self.seen and time.monotonic() < end:
            if not select.select([self.near], [], [], 0.2)[0]:
                continue
            try:
                self.seen += os.read(self.near, 4096)
            except OSError:
                break
        return wanted in self.seen

    def type(self, text):
        os.write(self.near, text)

    def close(self):
        for fd in (self.near, self.far):
            with contextlib.suppress(OSError):
                os.close(fd)


def end_of(child):
    """The exit code, None when it does not end."""
    try:
        return child.wait(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        return None


def wait_for(true):
    """Waits until true() is."""
    end = time.monotonic() + SECONDS
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def read_line(pipe, seconds=SECONDS):
    """A line, b"" when none comes in time."""
    if not select.select([pipe], [], [], seconds)[0]:
        return b""
    return os.read(pipe.fileno(), 4096).strip()


def said(wine, name):
    """What a launcher has left in a file."""
    with contextlib.suppress(OSError), open(os.path.join(wine.dir, name), encoding="utf-8") as file:
        return file.read()
    return "nothing"


def mode(wine):
    return said(wine, "mode.txt")


def whole(tap, wine, launcher, probe):
    terminal = Terminal()
    child = wine.start(launcher, probe, "console", "key", stdin=terminal.far, stdout=terminal.far,
                       stderr=terminal.far, env={"TERM": "xterm"})
    tap.check("what a program shows on its pseudo console comes to ours, in our width",
              terminal.read_until(b"HELLO 77"), terminal.seen)
    terminal.type(b"x\r")
    tap.check("a key typed reaches it, and its exit code comes back", end_of(child) == ord("x"))
    tap.check("three consoles are a pseudo console", mode(wine) == "whole", mode(wine))
    terminal.close()


def modes_restored(tap, wine, launcher, probe):
    terminal = Terminal()
    before = termios.tcgetattr(terminal.far)
    child = wine.start(launcher, probe, "exit", "4", stdin=terminal.far, stdout=terminal.far,
                       stderr=terminal.far, env={"TERM": "xterm"})
    tap.check("a command that shows nothing ends too", end_of(child) == 4)
    tap.check("the terminal is as it was", termios.tcgetattr(terminal.far) == before)
    terminal.close()


def parts(tap, wine, launcher, probe):
    terminal = Terminal()
    child = wine.start(launcher, probe, "both", stdin=terminal.far, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env={"TERM": "xterm"})
    output, error = child.communicate(timeout=SECONDS)
    tap.check("output and error that are pipes are passed through untouched",
              (output, error, child.returncode) == (b"one", b"two", 3), (output, error))
    tap.check("that is a console in parts", mode(wine) == "held", mode(wine))
    terminal.close()


def write_only(tap, wine, launcher, probe):
    terminal = Terminal()
    child = wine.start(launcher, "--write-only", probe, "both", stdin=terminal.far,
                       stdout=terminal.far, stderr=terminal.far, env={"TERM": "xterm"})
    tap.check("what is written to a console that can only be written is shown",
              terminal.read_until(b"one") and end_of(child) == 3, terminal.seen)
    tap.check("and the command does not hold it", mode(wine) == "parts", mode(wine))
    terminal.close()


def relayed_input(tap, wine, launcher, probe):
    terminal = Terminal()
    os.unlink(os.path.join(wine.dir, "mode.txt"))
    child = wine.start(launcher, probe, "copy", stdin=terminal.far, stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL, env={"TERM": "xterm"})
    wait_for(lambda: mode(wine) == "held")
    line = b""
    for _ in range(SECONDS):  # what is typed before Wine listens is lost
        terminal.type("grü\r".encode())
        line = read_line(child.stdout, 1)
        if line:
            break
    tap.check("a line typed reaches a command whose output is a pipe",
              line.splitlines()[:1] == ["grü".encode()], line)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    child.stdout.close()
    terminal.close()
    tap.check("and nothing is left of it", wait_for(lambda: not wine.processes()))


def relayed_output(tap, wine, launcher, probe):
    terminal = Terminal()
    child = wine.start(launcher, probe, "both", stdin=subprocess.DEVNULL, stdout=terminal.far,
                       stderr=subprocess.PIPE, env={"TERM": "xterm"})
    error = child.stderr.read()
    tap.check("output that is a console is relayed", terminal.read_until(b"one"), terminal.seen)
    tap.check("and error is not mixed into it", error == b"two" and b"two" not in terminal.seen,
              error)
    end_of(child)
    child.stderr.close()
    terminal.close()


def ctrl_break(tap, wine, launcher, probe):
    """From where Windows tells the launcher of it to the command, which is on a console of its own."""
    terminal = Terminal()
    child = wine.start(launcher, "--break", probe, "break", cwd=wine.dir, stdin=terminal.far,
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"TERM": "xterm"})
    listening = read_line(child.stdout)
    with open(os.path.join(wine.dir, "go.txt"), "w", encoding="ascii"):
        pass
    wine_of_tests.own(wine.dir)
    code = end_of(child)
    tap.check("Ctrl-Break is passed on to the command", listening == b"listening" and code == 33,
              (listening, code))
    tap.check("by a process that was started for it", said(wine, "broken.txt") == "sent",
              said(wine, "broken.txt"))
    child.stdout.close()
    terminal.close()


def no_console(tap, wine, launcher, probe):
    code, output = wine.run(launcher, probe, "both", timeout=SECONDS)
    tap.check("without a console handles are passed through", (code, output) == (3, b"onetwo"),
              output)
    tap.check("and the command has a pseudo console all the same", mode(wine) == "held", mode(wine))
    code, output = wine.run(launcher, probe, "console", timeout=SECONDS)
    tap.check("which it can open", code == 0, (code, output))


def killed(tap, wine, holder):
    """SIGKILL from outside: nothing of the launcher runs any more, only the job's last handle."""
    child = wine.start(holder, "hold", "carrel-test-k", stdout=subprocess.PIPE)
    tap.check("a launcher holds a tree of two", read_line(child.stdout).isdigit()
              and len(wine.processes()) >= 3, wine.processes())
    for pid in wine.processes():
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            if b"hold" in file.read():
                os.kill(pid, signal.SIGKILL)
    child.wait(timeout=SECONDS)
    tap.check("the launcher killed with SIGKILL, nothing of its tree is left",
              wait_for(lambda: not wine.processes()), wine.processes())
    child.stdout.close()


def main(argv):
    if not wine_of_tests.find_wine():
        return wine_of_tests.missing()
    tap = Tap()
    with wine_of_tests.opened() as wine:
        launcher, probe, holder = [wine.copy(path) for path in argv[1:4]]
        for test in (whole, modes_restored, parts, write_only, relayed_input, relayed_output, ctrl_break,
                     no_console):
            test(tap, wine, launcher, probe)
        killed(tap, wine, holder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
