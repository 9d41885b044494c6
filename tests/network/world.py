"""The world that the network tests play in: a host, an internet, and a wire between them.

`enter()` starts the test again as the first process of namespaces of its own; that process is *the
host*, where carrel runs. It makes a second network namespace, *the internet* (servers.py), and a
veth pair. Nothing under /run/netns or /etc is touched: files of /etc are covered by bind mounts
that only these namespaces see. When the test ends, however it ends, the kernel ends every process
and takes the namespaces away. Run by root it is a world of real accounts; run by anybody else it
lies in a user namespace, and the test has only that one account.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for neighbour in ("stress", "faults"):
    sys.path.insert(0, os.path.join(os.path.dirname(HERE), neighbour))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

import names  # noqa: E402  (found through the lines above)
from capture import Capture  # noqa: E402
from common import Tap  # noqa: E402
from place import ORDINARY_ID, Place  # noqa: E402

MARK = "CARREL_NETWORK_WORLD"
UNSHARE = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
           "--propagation", "private"]
TOOLS = ("unshare", "setpriv", "ip", "mount", "openssl", "git")
PYTHON = "/usr/bin/python3"
# names of files that the ordinary account must be able to read
PROBES = ("inside.py", "inside_load.py", "inside_proxy.py", "inside_leave.py", "dnswire.py")


def lacking():
    """Why there can be no world here; None when there can."""
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if not os.path.exists("/usr/sbin/dnsmasq"):
        missing.append("dnsmasq")
    if missing:
        return "no " + ", ".join(missing) + " here"
    tried = subprocess.run(unshare_words() + ["true"], stderr=subprocess.PIPE, text=True,
                           check=False)
    return None if tried.returncode == 0 else f"no namespaces here: {tried.stderr.strip()}"


def unshare_words():
    return UNSHARE if os.getuid() == 0 else UNSHARE + ["--user", "--map-root-user"]


def enter():
    """Becomes the host of a world; comes back as its first process. Skips all where it cannot."""
    if MARK in os.environ:
        return
    why = lacking()
    if why:
        print(f"1..0 # SKIP {why}")
        sys.exit(0)
    os.environ[MARK] = "root" if os.getuid() == 0 else "user"
    words = unshare_words() + [sys.executable, *sys.argv]
    sys.stdout.flush()
    os.execvp(words[0], words)


def real_root():
    return os.environ[MARK] == "root"


def ordinary():
    """Words before a command that make it run as the ordinary account."""
    if real_root():
        return ["setpriv", f"--reuid={ORDINARY_ID}", f"--regid={ORDINARY_ID}", "--clear-groups"]
    return ["unshare", "--user", f"--map-user={ORDINARY_ID}", f"--map-group={ORDINARY_ID}"]


def call(*words, **how):
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, **how)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}")
    return done.stdout


def status_of(pid):
    """The fields of /proc/PID/status; empty when it has ended."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        return {}


def broker_of(launcher):
    """The broker's pid: the launcher's child that is in no pid namespace of its own. None: none."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        status = status_of(pid)
        if status.get("PPid") == str(launcher) and len(status.get("NSpid", "").split()) == 1 \
                and not status["State"].startswith("Z"):
            return int(pid)
    return None


def has_ended(pid):
    """Also when it is only waited for: what the launcher leaves behind is this process's child."""
    return status_of(pid).get("State", "Z").startswith("Z")


def rss_kib(pid):
    return int(status_of(pid).get("VmRSS", "0 kB").split()[0])


def descriptors(pid):
    """How many it has open; 0 in a user namespace, where those of the undumpable are not shown."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:
        if real_root():
            raise
        return 0


def until(what, true, patience=30.0):
    """Waits until true() is, in small steps; the time is only a limit."""
    deadline = time.monotonic() + patience
    while not (found := true()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain: {what}")
        time.sleep(0.01)
    return found


class NetPlace(Place):
    """A place whose account is the ordinary one, or root."""

    script = "inside.py" # what plays the steps

    def __init__(self, world, as_root):
        self.as_root = as_root
        # in a user namespace there is nobody to give files to: they are the account's already
        super().__init__(world.carrel, as_root or not real_root())
        self.world = world
        self.identity = os.path.join(self.home, "identity")
        shutil.copy(world.file("identity"), self.identity)
        os.chmod(self.identity, 0o600)
        self.env["SSL_CERT_FILE"] = world.file("ca.crt")
        self.give(self.home)
        self.count = 0

    def readable(self, path):
        # asked before the world knows this place, and without a namespace it would be too generous
        return os.access(path, os.X_OK) and path.startswith(("/usr/", self.top))

    def account(self):
        return [] if self.as_root else ordinary()

    def policy(self, rules):
        """A file of these connect rules, beside what an agent has anyway."""
        self.count += 1
        path = os.path.join(self.top, f"policy{self.count}")
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in rules))
        os.chmod(path, 0o644)
        return path

    def boxed(self, rules, words, options=()):
        return self.box(*words, options=["--policy", self.policy(rules), *options])

    def outside(self, words):
        return self.account() + list(words)

    def ran(self, words, timeout=120, more_env=None, stdin=subprocess.DEVNULL):
        """What a command did: code, out, errors. One that hangs is ended and says so."""
        child = subprocess.Popen(words, cwd=self.workspace, env={**self.env, **(more_env or {})},
                                 stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 text=True, errors="replace")
        try:
            out, errors = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            out, errors = child.communicate()
            errors += f"\nstill running after {timeout} s"
        return Ran(child.returncode, out, errors)

    def probe_words(self, steps, rules, options=()):
        """Words that play steps of inside.py in a box with these rules or, without, outside."""
        path = os.path.join(self.top, "steps.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(steps, file)
        words = [PYTHON, "-I", "-S", self.world.file(self.script), path]
        return self.outside(words) if rules is None else self.boxed(rules, words, options)

    def probe(self, steps, rules=None, options=(), privileged=False, **how):
        """The results of the steps; `privileged`: outside, as the world's root."""
        words = self.probe_words(steps, rules, options)
        ran = self.ran(words[len(self.account()):] if privileged else words, **how)
        ran.take_results(steps)
        return ran

    def play(self, steps, rules, at, options=(), timeout=120):
        """As probe, for steps that say words and wait: at(word, child) is called each time."""
        child = subprocess.Popen(self.probe_words(steps, rules, options), cwd=self.workspace,
                                 env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, errors="replace")
        killer = threading.Timer(timeout, child.kill)
        killer.start()
        lines = []
        try:
            while (line := child.stdout.readline()):
                lines.append(line)
                if line[0] != "[":
                    at(line.strip(), child)
                    child.stdin.write("go on\n")
                    child.stdin.flush()
        except BrokenPipeError:
            pass
        finally:
            killer.cancel()
        errors = child.stderr.read()
        ran = Ran(child.wait(), "".join(lines), errors)
        ran.take_results(steps)
        return ran


class Ran:
    def __init__(self, code, out, errors):
        self.code, self.out, self.errors = code, out, errors
        self.results = []

    def take_results(self, steps):
        """One result for each step, also when there came none."""
        try:
            self.results = json.loads(self.out.splitlines()[-1])
        except (ValueError, IndexError):
            self.results = [{"ok": False, "text": "", "error": "no answer", "broken": True}
                            for _ in steps]

    def broken(self):
        """Why what it says means nothing: the probe itself did not run to its end."""
        return self.told() if any(result.get("broken") for result in self.results) else []

    def told(self):
        return [f"exit code {self.code}", *self.out.splitlines()[-8:],
                *self.errors.splitlines()[-12:]]


class World:
    """Context: the host, the internet and their servers."""

    def __init__(self, carrel):
        base = "/home" if os.access("/home", os.W_OK) else os.path.expanduser("~")
        self.top = tempfile.mkdtemp(prefix="carrel-network-", dir=base)
        os.chmod(self.top, 0o755)
        self.given, self.servers, self.places = carrel, [], []
        self.carrel = os.path.join(self.top, "carrel")

    def __enter__(self):
        try:
            self.build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
            server.wait()
        for place in self.places:
            place.remove()
        shutil.rmtree(self.top, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.top, name)

    def put(self, name, text):
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.file(name)

    def place(self, as_root=False):
        made = NetPlace(self, as_root)
        self.places.append(made)
        return made

    def capture(self):
        return Capture()

    # building

    def build(self):
        shutil.copy(self.given, self.carrel)
        for name in PROBES:
            shutil.copy(os.path.join(HERE, name), self.top)
        self.make_keys()
        self.make_repository()
        self.cover_etc()
        internet = self.start("internet", ["unshare", "--net"], ordinary())
        host = self.start("host", [], [])
        self.wire(internet.pid)
        for server in (internet, host):
            server.stdin.write(b"go\n")
            server.stdin.flush()
            self.expect(server, b"ready")
        until("dnsmasq answers", lambda: self.answers(names.DNS, 53))
        if os.path.exists("/usr/sbin/sshd"):
            until("sshd answers", lambda: self.answers(names.WWW, names.SSH[-1]))

    def start(self, role, before, more):
        words = [*before, sys.executable, os.path.join(HERE, "servers.py"), role, self.top, *more]
        server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.servers.append(server)
        self.expect(server, b"here")
        return server

    @staticmethod
    def expect(server, word):
        line = server.stdout.readline().strip()
        if line != word:
            raise RuntimeError(f"a server said {line!r} instead of {word!r}")

    @staticmethod
    def answers(address, port):
        """Without a word of DNS or TCP data: only whether there is a listener."""
        try:
            socket.create_connection((address, port), timeout=5).close()
        except OSError:
            return False
        return True

    def wire(self, pid):
        """The host's end is `uplink`. Neighbours are known beforehand: the wire stays silent."""
        for key in ("accept_ra", "router_solicitations"):
            for which in ("all", "default"):
                with open(f"/proc/sys/net/ipv6/conf/{which}/{key}", "w", encoding="ascii") as file:
                    file.write("0")
        call("ip", "link", "set", "lo", "up")
        call("ip", "addr", "add", names.BENCH_ADDRESS + "/32", "dev", "lo")
        call("ip", "link", "add", "uplink", "type", "veth", "peer", "name", "internet", "netns",
             str(pid))
        call("ip", "addr", "add", names.HOST + "/24", "dev", "uplink")
        call("ip", "addr", "add", names.HOST6 + "/64", "dev", "uplink", "nodad")
        call("ip", "link", "set", "uplink", "up")
        call("ip", "route", "add", "default", "via", names.ROUTER)
        call("ip", "-6", "route", "add", "default", "via", names.ROUTER6)

    def make_keys(self):
        """One authority, one certificate with every name, two ssh keys."""
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                 "2"]
        call("openssl", "req", "-x509", *curve, "-subj", "/CN=carrel test authority", "-keyout",
             self.file("ca.key"), "-out", self.file("ca.crt"))
        listed = [*names.NAMES, *(f"{label}.hostile.example.com"
                                  for label in names.HOSTILE + names.LONG + names.FALSE)]
        call("openssl", "req", "-x509", *curve, "-subj", "/CN=carrel test server", "-CA",
             self.file("ca.crt"), "-CAkey", self.file("ca.key"), "-addext",
             "basicConstraints=critical,CA:FALSE", "-addext",
             "subjectAltName=" + ",".join(f"DNS:{name}" for name in listed)
             + f",IP:{names.WWW},IP:{names.OTHER}", "-keyout", self.file("server.key"), "-out",
             self.file("server.crt"))
        for name in ("identity", "host_key"):
            call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", self.file(name))
        with open(self.file("host_key.pub"), encoding="ascii") as file:
            self.put("known_hosts", "* " + file.read())
        with open(self.file("identity.pub"), encoding="ascii") as file:
            self.put("authorized_keys", file.read())
        self.put("sshd_config", "".join(f"{line}\n" for line in (
            *(f"Port {port}" for port in names.SSH), f"HostKey {self.file('host_key')}",
            f"AuthorizedKeysFile {self.file('authorized_keys')}", "StrictModes no", "UsePAM no",
            "PidFile none", "PasswordAuthentication no", "KbdInteractiveAuthentication no")))
        for name in ("host_key", "server.key", "ca.key"):
            os.chmod(self.file(name), 0o600)
        if real_root():
            os.chown(self.file("host_key"), ORDINARY_ID, ORDINARY_ID)

    def make_repository(self):
        """git/repo.git with one commit."""
        git = ["git", "-c", "init.defaultBranch=main", "-c", "user.name=t", "-c",
               "user.email=t@example.com"]
        env = {"PATH": os.environ["PATH"], "HOME": self.top, "GIT_CONFIG_NOSYSTEM": "1"}
        os.mkdir(self.file("git"))
        call(*git, "init", "-q", self.file("work"), env=env)
        self.put("work/README", "cloned through the broker\n")
        call(*git, "-C", self.file("work"), "add", ".", env=env)
        call(*git, "-C", self.file("work"), "commit", "-q", "-m", "one", env=env)
        call(*git, "clone", "-q", "--bare", self.file("work"), self.file("git/repo.git"), env=env)
        if real_root(): # sshd is the ordinary account, and git asks whose a repository is
            call("chown", "-R", f"{ORDINARY_ID}:{ORDINARY_ID}", self.file("git"))

    def cover_etc(self):
        """Names come from our server, and the account has a name, which ssh wants."""
        self.put("resolv.conf", f"nameserver {names.DNS}\noptions timeout:2 attempts:1\n")
        self.put("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")
        self.put("hosts", "127.0.0.1 localhost\n::1 localhost\n")
        with open("/etc/passwd", encoding="utf-8") as file:
            accounts = [line for line in file if f":{ORDINARY_ID}:" not in line]
        shell = f"git:x:{ORDINARY_ID}:{ORDINARY_ID}:git:{self.top}:/bin/sh\n"
        self.put("passwd", "".join(accounts) + shell)
        for name in ("resolv.conf", "nsswitch.conf", "hosts", "passwd"):
            os.chmod(self.file(name), 0o644)
            call("mount", "--bind", self.file(name), "/etc/" + name)

    # what it knows

    def resolver(self, *addresses, patience="timeout:1 attempts:1"):
        """From now on the host's names come from these servers."""
        lines = "".join(f"nameserver {address}\n" for address in addresses)
        self.put("resolv.conf", f"{lines}options {patience}\n")

    def log(self, role="internet"):
        """Every event a role's servers wrote, oldest first."""
        with open(self.file(role + ".log"), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def mark(self, role="internet"):
        """Where the log of a role ends now, for `since`."""
        return len(self.log(role)) if os.path.exists(self.file(role + ".log")) else 0

    def since(self, mark, role="internet"):
        return self.log(role)[mark:]


def batteries(argv, battery):
    """battery(tap, world, place) for the ordinary account and, where we are root, for root.
    CARREL_NETWORK_ACCOUNT=user or =root: only for that."""
    enter()
    tap = Tap()
    with World(argv[1]) as world:
        for as_root in (False, True) if real_root() else (False,):
            label = "root" if as_root else "user"
            if os.environ.get("CARREL_NETWORK_ACCOUNT", label) != label:
                continue
            battery(Labelled(tap, label), world, world.place(as_root))
    return tap.end()


class Labelled:
    """TAP whose names begin with the account."""

    def __init__(self, tap, label):
        self.tap, self.label = tap, label

    def check(self, name, problems):
        self.tap.check(f"{self.label}: {name}", problems)

    def skip(self, name, why):
        self.tap.skip(f"{self.label}: {name}", why)

    def note(self, text):
        self.tap.note(text)
