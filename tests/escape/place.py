"""Where attacks happen: accounts, fixtures, and commands run outside or in a box.

A fixture is made and watched by `probe serve`, which runs as the account that is tested. Nothing
here judges; that is done by escape.py and scenarios.py.
"""

import fcntl
import json
import os
import pty
import shutil
import socket
import subprocess
import tempfile
import termios
import threading

FIRST_ORDINARY_ID = 54321
TIERS = {"full": 1, "landlock": 2}

# bits of struct cr_attack, see src/verify/verify.h
NEEDS = {name: 1 << bit for bit, name in enumerate(
    ["root", "ordinary", "tty", "console", "fds", "limits", "carrel", "suid", "group", "secrets",
     "fixture", "rule", "proxy"])}
TRAITS = {name: 1 << bit for bit, name in enumerate(
    ["trace", "by_trace", "may_lack", "control_ns", "slow"])}
LIMITS = {"processes": 40, "memory": 64 << 20, "disk": 16 << 20, "files": 256}


class Attack:
    def __init__(self, line):
        name, threats, tiers, needs, traits, gap, title = line.split("\t")
        self.name, self.threats, self.title = name, threats.split(), title
        self.tiers = {tier for tier, bit in TIERS.items() if int(tiers) & bit}
        self.needs = {name for name, bit in NEEDS.items() if int(needs) & bit}
        self.traits = {name for name, bit in TRAITS.items() if int(traits) & bit}
        self.gap = None if gap == "-" else gap


class Account:
    """Who runs carrel: host root, or an ordinary user; workers use different numbers."""

    def __init__(self, uid, drop):
        self.uid, self.drop = uid, drop
        self.name = "root" if uid == 0 else "user"

    def popen(self, words, **how):
        if self.drop:
            how.update(user=self.uid, group=self.uid, extra_groups=[])
        return subprocess.Popen(words, **how)


class Ran:
    def __init__(self, code, out, errors):
        self.code, self.out, self.errors = code, out, errors

    def line(self):
        text = self.out.strip() or self.errors.strip()
        return text.splitlines()[0] if text else f"exit code {self.code}"


class Tools:
    """The programs under test, at places every account and every box can see."""

    def __init__(self, carrel, probe):
        base = next(path for path in ("/home", "/var/lib", os.path.expanduser("~"))
                    if os.access(path, os.W_OK))
        self.top = tempfile.mkdtemp(prefix="carrel-escape-", dir=base)
        os.chmod(self.top, 0o755)
        self.probe = self.copy(probe, "probe", 0o755)
        self.carrel = self.copy(carrel, "carrel", 0o755)
        works = subprocess.run([self.carrel, "--version"], capture_output=True, check=False)
        if works.returncode:
            self.carrel = os.path.abspath(carrel)
        self.suid = ""
        if os.getuid() == 0:
            self.suid = self.copy(probe, "suid-probe", 0o4755)
        listing = subprocess.run([self.probe, "list"], capture_output=True, text=True, check=True)
        self.attacks = [Attack(line) for line in listing.stdout.splitlines()]
        self.lock, self.count = threading.Lock(), 0

    def copy(self, source, name, mode):
        path = shutil.copy(source, os.path.join(self.top, name))
        os.chmod(path, mode)
        return path

    def next_directory(self):
        with self.lock:
            self.count += 1
            folder, name = f"t{threading.get_ident() % 100000}", f"f{self.count}"
        # one folder for each worker: a box of the landlock tier looks at what lies beside
        os.makedirs(os.path.join(self.top, folder), exist_ok=True)
        return os.path.join(self.top, folder, name)

    def remove(self):
        shutil.rmtree(self.top, ignore_errors=True)


class Fixture:
    """Fresh targets for one run. Use as a context manager."""

    def __init__(self, tools, account, settings=()):
        self.tools, self.account = tools, account
        self.top = tools.next_directory()
        os.mkdir(self.top, 0o755)
        self.run_dir = None
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PADDING": "x" * 80}
        if os.getuid() == 0:
            self.run_dir = tempfile.mkdtemp(prefix="carrel-escape-", dir="/run")
            environment["CARREL_ATTACK_RUN_DIR"] = self.run_dir
            for path in (self.top, self.run_dir):
                os.chown(path, account.uid, account.uid)
        words = [tools.probe, "serve", self.top]
        for setting in [f"self={tools.probe}", f"carrel={tools.carrel}",
                        f"suid_program={tools.suid}", *settings]:
            words += ["--set", setting]
        self.server = account.popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    env=environment, text=True, cwd="/")
        answer = self.server.stdout.readline().strip()
        if answer != "ready":
            self.close()
            raise RuntimeError(f"fixture: {answer}")
        with open(os.path.join(self.top, "env"), encoding="utf-8") as file:
            self.env = dict(line.rstrip("\n").split("=", 1) for line in file)
        self.home, self.workspace = self.env["home"], self.env["workspace"]
        self.outside = self.env["outside"]
        self.policy = os.path.join(self.top, "policy")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def changes(self):
        """What is different outside since the fixture was made."""
        self.server.stdin.write("check\n")
        self.server.stdin.flush()
        found = []
        while (line := self.server.stdout.readline().rstrip("\n")) not in ("", "."):
            found.append(line.replace(self.top + "/", ""))
        return found

    def close(self):
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()
        for path in (self.top, self.run_dir):
            if path:
                shutil.rmtree(path, ignore_errors=True)

    def environment(self, **more):
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.home, "LANG": "C.UTF-8",
                "USER": "tester", "XDG_RUNTIME_DIR": os.path.join(self.top, "run"), **more}

    # words of commands

    def probe(self, name, *options):
        return [self.tools.probe, name, "--env-file", os.path.join(self.top, "env"), *options]

    def box(self, tier, gaps, words, options=()):
        accepted = [f"--accept-gap={gap}" for gap in gaps]
        return [self.tools.carrel, "run", "--workspace", self.workspace, "--policy", self.policy,
                "--tier", tier, *accepted, *options, "--", *words]

    def gaps(self, tier):
        """Names of what the plan of this tier admits not to enforce."""
        ran = self.run([self.tools.carrel, "plan", "--json", "--workspace", self.workspace,
                        "--policy", self.policy, "--tier", tier])
        if ran.code:
            raise RuntimeError(f"carrel plan --tier {tier}: {ran.errors.strip()}")
        return [gap["name"] for gap in json.loads(ran.out)["gaps"]]

    # running

    def start(self, words, **how):
        how.setdefault("env", self.environment())
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("stdout", subprocess.PIPE)
        how.setdefault("stderr", subprocess.PIPE)
        how.setdefault("cwd", self.workspace)
        return self.account.popen(words, text=True, errors="replace", **how)

    def run(self, words, timeout=60, **how):
        child = self.start(words, **how)
        try:
            out, errors = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            out, errors = child.communicate()
            return Ran(-1, out, f"still running after {timeout} s\n{errors}")
        return Ran(child.returncode, out, errors)

    def run_with(self, needs, words):
        """Runs `words` with what the row needs open, set or attached."""
        how, more, opened = {}, [], []
        if "secrets" in needs:
            how["env"] = self.environment(CARREL_TEST_TOKEN=self.env["marker"])
        if "group" in needs:
            how["process_group"] = int(self.env["victim_pid"])
        if "fds" in needs:
            opened, more = self.open_descriptors()
            how["pass_fds"] = opened
        if "console" in needs:
            how["stdin"] = os.open("/dev/tty1", os.O_RDWR | os.O_NOCTTY)
            opened.append(how["stdin"])
        if "tty" in needs:
            ends = pty.openpty()
            os.fchown(ends[1], self.account.uid, self.account.uid)
            opened += ends
            how.update(stdin=ends[1], preexec_fn=take_terminal)
        try:
            return self.run(words + more, **how)
        finally:
            for fd in opened:
                os.close(fd)

    def open_descriptors(self):
        directory = os.open(self.outside, os.O_RDONLY | os.O_DIRECTORY)
        file = os.open(os.path.join(self.outside, "precious"), os.O_RDWR)
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(("127.0.0.1", int(self.env["udp_port"])))
        opened = [directory, file, sock.detach()]
        names = ("dir_fd", "file_fd", "socket_fd")
        more = [word for name, fd in zip(names, opened) for word in ("--set", f"{name}={fd}")]
        return opened, more


def take_terminal():
    """In the child, before it becomes another program: standard input controls the session."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
