"""A terminal to type at: starts a command in a new pty, waits for what it says. For pty_*.py."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

SECONDS = 30


class Terminal:
    def __init__(self, words, rows=24, columns=80):
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.execvp(words[0], words)

    def read(self, seconds):
        """What is said within that time; None at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return ""
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return None
        return data.decode("utf-8", "replace") or None

    def expect(self, pattern):
        """Waits for the pattern and forgets everything up to its end."""
        end = time.monotonic() + SECONDS
        while not (match := re.search(pattern, self.seen)):
            more = self.read(max(0.0, end - time.monotonic()))
            if more is None or time.monotonic() > end:
                raise SystemExit(f"~ no {pattern!r} in {self.seen[-2000:]!r}")
            self.seen += more
        self.seen = self.seen[match.end():]
        return match.group(0)

    def type(self, text):
        os.write(self.fd, text.encode())

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def end(self):
        """The exit code, once everything is read."""
        end = time.monotonic() + SECONDS
        while self.read(0.1) is not None:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                break
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
