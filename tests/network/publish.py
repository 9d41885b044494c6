#!/usr/bin/env python3
"""Ports of a box for the host, services of the host's loopback and its sockets for a box.

usage: publish.py CARREL

The host is this machine: its loopback is all that is used, every port is one the kernel chooses.
As an ordinary account and, where we are root, as root. Speaks TAP.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for neighbour in ("stress", "faults"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), neighbour))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import inside_publish as inside  # noqa: E402  (found through the lines above)
from common import as_user_and_root  # noqa: E402
from place import Place  # noqa: E402
from world import broker_of, descriptors, status_of, until  # noqa: E402

PYTHON = "/usr/bin/python3"
PORT = 3000
NAMED = re.compile(r"^carrel: port (\d+) of the box is (\S+):(\d+)$", re.MULTILINE)


def outcome(call, *arguments):
    """What a call gives, or the name of its error."""
    try:
        return call(*arguments)
    except OSError as error:
        return inside.errno.errorcode.get(error.errno, type(error).__name__)


def expect(what, got, wanted):
    return [] if got == wanted else [f"{what}: {str(got)[:300]} instead of {str(wanted)[:300]}"]


class Published:
    """Context: a box with a server in it; `port` is the host's."""

    def __init__(self, place, served=("127.0.0.1", PORT), at="0:3000", options=()):
        self.place = place
        words = [PYTHON, "-I", "-S", place.script, "serve", *map(str, served)]
        self.words = place.box(*words, options=["--publish", at, *options])
        self.child, self.port, self.ended = None, None, None

    def __enter__(self):
        self.child = subprocess.Popen(self.words, cwd=self.place.workspace, env=self.place.env,
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "up\n":
            raise RuntimeError(self.end())
        # it is said once the command runs
        found = NAMED.match(self.child.stderr.readline())
        self.port = int(found.group(3)) if found else None
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """Exit code and all that was said on standard error."""
        if not self.ended:
            # closes its input, which ends the server
            out, errors = self.child.communicate(timeout=60)
            self.ended = self.child.returncode, out + errors
        return self.ended

    def broker(self):
        return broker_of(self.child.pid)


class Suite:
    def __init__(self, tap, carrel, as_root):
        self.tap = tap
        self.label = "root" if as_root else "user"
        self.place = Place(carrel, as_root)
        self.place.script = shutil.copy(os.path.join(HERE, "inside_publish.py"), self.place.top)
        os.chmod(self.place.script, 0o755)
        self.before = self.place.snapshot()

    def check(self, name, problems):
        self.tap.check(f"{self.label}: {name}", problems)

    def boxed(self, steps, options=(), env=None):
        """The results of steps of inside_publish.py in a box."""
        words = self.place.box(PYTHON, "-I", "-S", self.place.script, "ask", json.dumps(steps),
                               options=options)
        ran = subprocess.run(words, cwd=self.place.workspace, env={**self.place.env, **(env or {})},
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        try:
            return json.loads(ran.stdout)
        except ValueError:
            return [f"exit code {ran.returncode}: {ran.stderr[:500]}"] * len(steps)

    # published ports

    def servers(self):
        for address in ("127.0.0.1", "0.0.0.0", "::1", "::"):
            problems = []
            with Published(self.place, (address, PORT)) as box:
                problems += expect("reached", outcome(inside.reach, "127.0.0.1", box.port),
                                   "reached")
                told = outcome(inside.ask, "127.0.0.1", box.port, "source")
                problems += expect("its half closed first", told, b"s" * 3000000)
                problems += expect("exit code", box.end()[0], 7)
            self.check(f"a server on {address} is reached, each end closes its half", problems)

    def refusals(self):
        problems = []
        with Published(self.place, at="0:3001") as box: # it listens on 3000
            problems += expect("nobody listens", outcome(inside.reach, "127.0.0.1", box.port),
                               "ECONNRESET")
            problems += expect("not published", outcome(inside.reach, "127.0.0.1", PORT),
                               "ECONNREFUSED")
        with Published(self.place) as box:
            problems += expect("reset in the box",
                               outcome(inside.ask, "127.0.0.1", box.port, "reset"), "ECONNRESET")
            problems += expect("reached all the same",
                               outcome(inside.reach, "127.0.0.1", box.port), "reached")
            said = outcome(inside.ask, "127.0.0.1", box.port, "peer")
            problems += expect("whom the server sees", said, b'"127.0.0.1"')
            told = box.end()[1]
            problems += [f"told as refused: {told}"] if "refused" in told else []
        self.check("who reaches nobody, or is reset, sees a reset", problems)

    def addresses(self):
        problems = []
        with Published(self.place) as box:
            for other in ("127.0.0.2", "::1"):
                problems += expect(f"by default at {other}", outcome(inside.reach, other, box.port),
                                   "ECONNREFUSED")
        with Published(self.place, at="[::1]:0:3000") as box:
            problems += expect("at ::1", outcome(inside.reach, "::1", box.port), "reached")
            problems += expect("[::1] at 127.0.0.1", outcome(inside.reach, "127.0.0.1", box.port),
                               "ECONNREFUSED")
        with Published(self.place, at="0.0.0.0:0:3000") as box:
            problems += expect("0.0.0.0 at 127.0.0.2", outcome(inside.reach, "127.0.0.2", box.port),
                               "reached")
        with Published(self.place, at="127.0.0.1:0:3000", options=["--publish", "[::1]:0:3000"],
                       ) as box:
            second = NAMED.match(box.child.stderr.readline())
            problems += expect("the first of two", outcome(inside.reach, "127.0.0.1", box.port),
                               "reached")
            problems += expect("the second", outcome(inside.reach, "::1", int(second.group(3))),
                               "reached")
        self.check("only the address that was written listens", problems)

    def busy(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            words = self.place.box("touch", "ran", options=["--publish", f"{port}:3000"])
            code, errors = self.place.run(words)
            problems = expect("exit code", code, 125)
            problems += [] if f"'127.0.0.1:{port}'" in errors and "hint:" in errors else [errors]
        code, errors = self.place.run(self.place.box("touch", "ran", options=[
            "--publish", "0:3000", "--connect", "127.0.0.1:3000"]))
        problems += expect("a port that is the host's", code, 125)
        code, errors = self.place.run(self.place.box("touch", "ran", options=[
            "--tier", "landlock", "--accept-gap", "metadata", "--accept-gap", "processes",
            "--publish", "0:3000"]))
        problems += expect("landlock tier", code, 125)
        problems += [] if "full tier" in errors else [errors]
        if os.path.exists(os.path.join(self.place.workspace, "ran")):
            problems.append("the command ran")
        self.check("a busy port and what cannot be published: 125, and nothing ran", problems)

    def events(self):
        path = os.path.join(self.place.top, "events")
        with open(path, "w", encoding="ascii"):
            self.place.give(path)
        problems = []
        with Published(self.place, options=["--events", path, "--publish", "0:3001"]) as box:
            nobody = int(NAMED.match(box.child.stderr.readline()).group(3))
            outcome(inside.ask, "127.0.0.1", box.port, "source")
            outcome(inside.ask, "127.0.0.1", nobody, "peer")
        with open(path, encoding="utf-8") as file:
            told = {event["port"]: event for event in map(json.loads, file)}
        os.unlink(path)
        problems += expect("ports", set(told), {box.port, nobody})
        keys = ("event", "incoming", "address", "dialled", "end", "refused", "program", "rule")
        problems += expect("done", [told.get(box.port, {}).get(key) for key in keys], [
            "connection", True, "127.0.0.1", "127.0.0.1", "done", False, "", "publish"])
        bytes_of = [told.get(box.port, {}).get(key) for key in ("up", "down")]
        problems += expect("bytes", bytes_of, [3000000, len("source\n") + 10000])
        problems += expect("nobody listens", told.get(nobody, {}).get("end"), "failed")
        self.check("each connection is told of, as one that came in", problems)

    def load(self):
        problems = []
        with Published(self.place, ("0.0.0.0", PORT)) as box:
            inside.reach("127.0.0.1", box.port)
            broker = box.broker()
            before = descriptors(broker)
            for _ in range(1000):
                if outcome(inside.ask, "127.0.0.1", box.port, "peer") != b'"127.0.0.1"':
                    problems.append("one of many was lost")
                    break
            problems += self.together(box, 300)
            settled = lambda: descriptors(broker) <= before + 40  # empty pipes are kept
            try:
                until("the broker closes what has ended", settled)
            except RuntimeError:
                problems.append(f"{descriptors(broker)} descriptors, {before} before")
        self.check("1000 connections one after the other, and 300 at once", problems)

    @staticmethod
    def together(box, count):
        """So many held open, then all of them ended."""
        held = []
        try:
            for _ in range(count):
                sock = socket.create_connection(("127.0.0.1", box.port), timeout=20)
                held.append(sock)
                sock.sendall(b"hold\n")
            lost = sum(outcome(sock.recv, 4, socket.MSG_WAITALL) != b"held" for sock in held)
            return [f"{lost} of {count} lost"] if lost else []
        finally:
            for sock in held:
                sock.close()

    def killed_broker(self):
        problems = []
        with Published(self.place) as box:
            with socket.create_connection(("127.0.0.1", box.port), timeout=20) as sock:
                sock.sendall(b"hold\n")
                sock.recv(4)
                broker = box.broker()
                os.kill(broker, signal.SIGKILL)
                problems += expect("an open connection", outcome(sock.recv, 4) or "ECONNRESET",
                                   "ECONNRESET")
            # it closes one descriptor after the other
            until("the broker's end", lambda: status_of(broker).get("State", "Z")[0] == "Z")
            problems += expect("a new one", outcome(inside.reach, "127.0.0.1", box.port),
                               "ECONNREFUSED")
            problems += expect("exit code", box.end()[0], 7)
        problems += self.place.left_behind(self.before)
        self.check("without its broker the port is closed, and the command goes on", problems)

    def killed_launcher(self):
        problems = []
        with Published(self.place) as box:
            box.child.kill()
            box.child.wait()
            gone = lambda: outcome(inside.reach, "127.0.0.1", box.port) == "ECONNREFUSED"
            try:
                until("the port is closed", gone)
                socket.create_server(("127.0.0.1", box.port)).close()
            except (RuntimeError, OSError) as error:
                problems.append(str(error))
        problems += self.place.left_behind(self.before)
        self.check("a killed launcher leaves no port", problems)

    def offline(self):
        """Publishing opens no way out."""
        steps = [["udp", "192.0.2.1", 9], ["udp", "2001:db8::1", 9], ["reach", "192.0.2.1", 443],
                 ["lookup", "www.example.com"], ["routes"]]
        with socket.create_server(("127.0.0.1", 0)) as service:
            steps.append(["reach", "127.0.0.1", service.getsockname()[1]])
            without = self.boxed(steps)
            published = self.boxed(steps, ["--publish", "0:3000"])
        problems = expect("as without", published, without)
        problems += expect("no way", published[0], "ENETUNREACH")
        problems += expect("the host's loopback", published[5], "ECONNREFUSED")
        captured = self.boxed(steps[:1], ["--connect", "192.0.2.1:9"])
        problems += expect("control: a box with a rule has a way", captured, ["a way"])
        self.check("a box with published ports is as offline as one without", problems)

    # the host's loopback

    def loopback(self):
        with socket.socket() as free: # a port that is free on both
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        four = inside.begin("127.0.0.1", port)
        problems = []
        steps = [["reach", "127.0.0.1", port], ["reach", "::1", port], ["reach", "0.0.0.0", port],
                 ["reach", "::ffff:127.0.0.1", port], ["bind", "127.0.0.1", port]]
        rows = [
            ([], "no rule", ["ECONNREFUSED"] * 4 + ["bound"]),
            (["--connect", f"127.0.0.1:{port}"], "the address",
             ["reached", "ECONNREFUSED", "reached", "reached", "EADDRINUSE"]),
            (["--connect", f"localhost:{port}"], "localhost", ["reached"] * 4 + ["EADDRINUSE"]),
            (["--connect", f"*:{port}"], "any host", ["ECONNREFUSED"] * 4 + ["bound"]),
            (["--connect", f"127.0.0.1:{port - 1}-{port}"], "a range",
             ["ECONNREFUSED"] * 4 + ["bound"]),
            (["--connect", f"[::1]:{port}"], "the other address",
             ["ECONNREFUSED", "ECONNRESET", "ECONNREFUSED", "ECONNREFUSED", "bound"]),
            (["--connect", f"127.0.0.1:{port + 1}"], "another port",
             ["ECONNREFUSED"] * 4 + ["bound"]),
        ]
        for options, title, wanted in rows:
            problems += expect(title, self.boxed(steps, options), wanted)
        denied = os.path.join(self.place.top, "denied")
        with open(denied, "w", encoding="ascii") as file:
            file.write(f"deny connect 127.0.0.1:{port}\n")
        got = self.boxed(steps[:2], ["--policy", denied, "--connect", f"localhost:{port}"])
        problems += expect("denied by the address", got, ["ECONNREFUSED", "ECONNRESET"])
        os.unlink(denied)
        four.shutdown(socket.SHUT_RDWR)
        four.close()
        six = inside.begin("::1", port)
        got = self.boxed(steps[:2], ["--connect", f"localhost:{port}"])
        problems += expect("localhost that is on ::1 only", got, ["reached", "reached"])
        six.shutdown(socket.SHUT_RDWR)
        six.close()
        self.check("a rule about one port of the host's loopback leads there, and nowhere else",
                   problems)

    # sockets

    def sockets(self):
        problems = []
        folder = self.socket_folder()
        path = os.path.join(folder, "one")
        steps = [["unix", path], ["entries", folder], ["unix", os.path.join(folder, "two")]]
        one, two = Daemon(self, path, "first"), Daemon(self, os.path.join(folder, "two"), "other")
        try:
            problems += expect("allowed", self.boxed(steps, ["--unix", path]),
                               ["first", ["one"], "ENOENT"])
            problems += expect("control: not allowed", self.boxed(steps[:1]), ["ENOENT"])
            problems += expect("control: outside", outcome(inside.unix, steps[2][1]), "other")
        finally:
            one.end()
            two.end()
            shutil.rmtree(folder)
        self.check("a socket is reached by its path, its neighbours are not there", problems)

    def socket_folder(self):
        folder = f"/tmp/{self.place.marker}-sockets"
        os.mkdir(folder, 0o755)
        self.place.give(folder)
        return folder

    def remade(self):
        """A daemon that is started again while the box runs, and a stranger under its name."""
        problems = []
        folder = self.socket_folder()
        path = os.path.join(folder, "one")
        daemon = Daemon(self, path, "first")
        words = self.place.box(PYTHON, "-I", "-S", "-c", LOOKING, path,
                               options=["--unix", path])
        child = subprocess.Popen(words, cwd=self.place.workspace, env=self.place.env,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            problems += expect("at first", looked(child), "first")
            daemon.end()
            problems += expect("gone", looked(child), "ECONNREFUSED")
            for name in ("second", "third"):
                daemon = Daemon(self, path, name)
                problems += expect(name, looked_for(child, name), name)
                daemon.end()
            if self.place.drop:
                daemon = Daemon(self, path, "stranger", account=[])
                problems += expect("somebody else's", looked(child), "ECONNREFUSED")
                daemon.end()
        finally:
            child.stdin.close()
            child.wait()
            daemon.end()
            shutil.rmtree(folder)
        self.check("a socket that its daemon makes anew is reached again, a stranger's is not",
                   problems)

    def agent(self):
        if not shutil.which("ssh-agent"):
            self.tap.skip(f"{self.label}: ssh-agent", "no ssh-agent here")
            return
        folder = self.socket_folder()
        path, key = os.path.join(folder, "agent.1"), os.path.join(folder, "key")
        env = {**self.place.env, "SSH_AUTH_SOCK": path}
        agent = subprocess.Popen([*self.place.account(), "ssh-agent", "-D", "-a", path], env=env,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        problems = []
        try:
            until("the agent listens", lambda: os.path.exists(path))
            # not by the account: it has no name, and ssh-keygen wants one
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "a-test", "-f",
                            key], check=True)
            self.place.give(folder)
            subprocess.run([*self.place.account(), "ssh-add", "-q", key], env=env, check=True,
                           stderr=subprocess.DEVNULL)
            for options, wanted in ((["--unix", path], 0), ([], 2)):
                ran = subprocess.run(self.place.box("ssh-add", "-l", options=options), env=env,
                                     cwd=self.place.workspace, stdout=subprocess.PIPE,
                                     stderr=subprocess.STDOUT, text=True, check=False)
                problems += expect(f"ssh-add {options}", ran.returncode, wanted)
                if wanted == 0 and "a-test" not in ran.stdout:
                    problems.append(ran.stdout)
            got = self.boxed([["variable", "SSH_AUTH_SOCK"]], env={"SSH_AUTH_SOCK": path})
            problems += expect("without a rule the variable", got, [""])
        finally:
            agent.terminate()
            agent.wait()
            shutil.rmtree(folder)
        self.check("ssh-add -l in a box that may reach the agent, without another word", problems)

    def nothing_left(self):
        self.check("nothing is left behind", self.place.left_behind(self.before))


# for each line of input, what a socket answers
LOOKING = """
import errno, socket, sys
for line in sys.stdin:
    with socket.socket(socket.AF_UNIX) as sock:
        try:
            sock.connect(sys.argv[1])
            print(sock.recv(100).decode(), flush=True)
        except OSError as error:
            print(errno.errorcode[error.errno], flush=True)
"""

# answers everybody with its name, until its input ends
DAEMON = """
import os, socket, sys, threading
if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
listener.listen(16)
print("up", flush=True)
def answer():
    while True:
        with listener.accept()[0] as sock:
            sock.sendall(sys.argv[2].encode())
threading.Thread(target=answer, daemon=True).start()
sys.stdin.read()
"""


class Daemon:
    """A program of the host with a socket of its own, as the account of the boxes."""

    def __init__(self, suite, path, name, account=None):
        words = suite.place.account() if account is None else account
        self.child = subprocess.Popen([*words, PYTHON, "-I", "-S", "-c", DAEMON, path, name],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.child.stdout.readline() != "up\n":
            raise RuntimeError(f"no daemon at {path}")

    def end(self):
        if self.child.poll() is None:
            self.child.communicate()


def looked(child):
    child.stdin.write("look\n")
    child.stdin.flush()
    return child.stdout.readline().strip()


def looked_for(child, name, patience=20.0):
    """What it sees in the end: the box needs a moment to take the new one."""
    deadline = time.monotonic() + patience
    while (seen := looked(child)) != name and time.monotonic() < deadline:
        time.sleep(0.01)
    return seen


def battery(tap, argv, as_root):
    suite = Suite(tap, argv[1], as_root)
    try:
        for case in (suite.servers, suite.refusals, suite.addresses, suite.busy, suite.events, suite.load,
                     suite.killed_broker, suite.killed_launcher, suite.offline, suite.loopback,
                     suite.sockets, suite.remade, suite.agent, suite.nothing_left):
            case()
    finally:
        suite.place.remove()


if __name__ == "__main__":
    sys.exit(as_user_and_root(sys.argv, battery))
