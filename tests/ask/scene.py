"""What the tests of questions share: a network without an outside, a server in it, boxes that ask.

`enter()` starts the test again in a network namespace of its own with one address that is not the
loopback's, so that a rule can name it. The boxes run as an ordinary account, on a pty.
"""

import fcntl
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "faults"))
sys.dont_write_bytecode = True
from common import Tap  # noqa: E402  (found through the line above)
from place import Place  # noqa: E402

MARK = "CARREL_ASK_SCENE"
ADDRESS = "203.0.113.1" # for documentation (RFC 5737): nobody else has it
SECONDS = 30
PROMPT = r"no in \d+ s"


def enter():
    """Becomes a process in that network; skips all where there can be none."""
    if MARK not in os.environ:
        words = ["unshare", "--net"]
        if os.getuid():
            words += ["--user", "--map-root-user"]
        if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            print("1..0 # SKIP no network namespaces here")
            sys.exit(0)
        os.environ[MARK] = "1" if os.getuid() else "root"
        os.execvp(words[0], [*words, sys.executable, *sys.argv])
    for words in (["link", "set", "lo", "up"], ["addr", "add", ADDRESS + "/32", "dev", "lo"]):
        subprocess.run(["ip", *words], check=True)


class Server:
    """Says hello to whoever connects, and counts them."""

    def __init__(self):
        self.socket = socket.create_server((ADDRESS, 0))
        self.port = self.socket.getsockname()[1]
        self.count = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.socket.accept()
            self.count += 1
            peer.sendall(b"hello")
            peer.close()


class AskPlace(Place):
    """A place with a server, a policy that asks for it, and a runtime directory."""

    def __init__(self, carrel):
        super().__init__(carrel, as_root=os.environ[MARK] != "root")
        self.server = Server()
        self.runtime = self.folder("runtime")
        self.env["XDG_RUNTIME_DIR"] = self.runtime
        self.client = os.path.join(self.top, "client.py")
        shutil.copy(os.path.join(HERE, "client.py"), self.client)
        os.chmod(self.client, 0o644)
        if not self.carrel.startswith(self.top):
            self.carrel = shutil.copy(self.carrel, os.path.join(self.top, "carrel"))
        self.policies = 0

    @property
    def object(self):
        return f"{ADDRESS}:{self.server.port}"

    def policy(self, *more):
        self.policies += 1
        path = os.path.join(self.top, f"policy{self.policies}")
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in
                               ("use default", f"ask connect {self.object}", *more)))
        os.chmod(path, 0o644)
        return path

    def words(self, steps, options=(), rules=()):
        """A box whose client plays these steps."""
        command = ["python3", self.client, ADDRESS, str(self.server.port), *steps]
        return [*self.account(), self.carrel, "run", "--policy", self.policy(*rules), *options,
                "--", *command]

    def carrel_says(self, *words):
        """(exit code, standard output) of another carrel of the same user."""
        done = subprocess.run([*self.account(), self.carrel, *words], cwd=self.workspace,
                              env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False,
                              timeout=SECONDS)
        return done.returncode, done.stdout

    def questions(self):
        _, said = self.carrel_says("approvals", "--json")
        return [json.loads(line) for line in said.splitlines() if line.startswith("{")]

    def sockets(self):
        folder = os.path.join(self.runtime, "carrel")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def until(what, true):
    """Waits until true() is, in small steps; the time is only a limit."""
    end = time.monotonic() + SECONDS
    while not (found := true()):
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain: {what}")
        time.sleep(0.02)
    return found


class Terminal:
    """A box on a terminal of its own; all it ever said is in `said`."""

    def __init__(self, place, words):
        self.said, self.seen = "", 0
        self.answers = {} # what the terminal is asked, and what it types then
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(place.workspace)
            os.execvpe(words[0], words, place.env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        text = data.decode("utf-8", "replace")
        for query, answer in self.answers.items():
            for _ in range(text.count(query)):
                self.type(answer)
        self.said += text
        return bool(data)

    def expect(self, pattern):
        """Waits for it after what was expected before; the match."""
        end = time.monotonic() + SECONDS
        while not (match := re.compile(pattern).search(self.said, self.seen)):
            if time.monotonic() > end or not self.read(0.1):
                raise AssertionError(f"no {pattern!r} in {self.said[self.seen:][-1500:]!r}")
        self.seen = match.end()
        return match.group(0)

    def type(self, text):
        os.write(self.fd, text.encode())

    def word(self):
        """What means yes to the question that was asked last."""
        return re.findall(r"type '([a-z]{3})' and Enter", self.said)[-1]

    def allow(self, how=""):
        self.type(self.word() + how + "\r")

    def resize(self, rows, columns):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ,
                    rows.to_bytes(2, "little") + columns.to_bytes(2, "little") + bytes(4))

    def end(self):
        """The exit code, once everything is read."""
        end = time.monotonic() + SECONDS
        while self.read(0.1):
            if time.monotonic() > end:
                raise AssertionError(f"does not end: {self.said[-1500:]!r}")
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        return code


def battery(carrel, tests):
    """Each test(place) gives its problems; one line of TAP for each."""
    tap = Tap()
    place = AskPlace(carrel)
    try:
        for test in tests:
            try:
                problems = test(place)
            except (AssertionError, OSError, subprocess.TimeoutExpired, ValueError) as error:
                problems = [f"{type(error).__name__}: {error}"]
            tap.check(test.__doc__.strip().rstrip("."), problems or [])
    finally:
        place.remove()
    return tap.end()
