"""What is tried in the virtual machine of tests/kernels/run. It is process 1 there, and root.

usage: guest.py BUILD

Boxes of the kernel's best tier against the whole of `carrel verify`, as an ordinary account and as
root, and limits of whole boxes in delegated cgroups, which this suite alone can try.
"""

import contextlib
import glob
import json
import os
import shutil
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "windows"))
sys.dont_write_bytecode = True
from tapwine import Tap  # noqa: E402

ACCOUNT = 61236
HOME = "/home/user"
CARREL = "/home/carrel"
GROUPS = "/sys/fs/cgroup"
MOUNTS = (("tmpfs", "/run", ""), ("tmpfs", "/tmp", "mode=1777"), ("devpts", "/dev/pts", "ptmxmode=666"),
          ("tmpfs", "/dev/shm", "mode=1777"), ("mqueue", "/dev/mqueue", ""),
          ("cgroup2", GROUPS, "nsdelegate"), ("securityfs", "/sys/kernel/security", ""))
LEAST_ATTACKS = 200
PROGRAMS = "i=0; while [ $i -lt 30 ]; do sleep 2 & i=$((i+1)); done; wait"
EATER = "x = bytearray(40 << 20); import time; time.sleep(3); print('fed')"
EATERS = f'for i in 1 2 3 4; do python3 -c "{EATER}" & done; wait'


def set_up(build):
    """The usual mounts of a system, an account's home, and carrel where everybody may execute it."""
    os.environ.update(PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LANG="C.UTF-8")
    for kind, place, options in MOUNTS:
        os.makedirs(place, exist_ok=True)
        subprocess.run(["mount", "-t", kind, *(["-o", options] if options else []), "none", place],
                       check=True)
    with contextlib.suppress(OSError):
        os.remove("/dev/ptmx")
    os.symlink("pts/ptmx", "/dev/ptmx")
    os.symlink("/proc/self/fd", "/dev/fd")
    subprocess.run(["mount", "/dev/vda", "/home"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.mkdir(HOME)
    os.chown(HOME, ACCOUNT, ACCOUNT)
    shutil.copy(os.path.join(build, "src", "cli", "carrel"), CARREL)
    os.chmod(CARREL, 0o755)
    with open(f"{GROUPS}/cgroup.subtree_control", "w", encoding="ascii") as file:
        file.write("+memory +pids")


class Scope:
    """A cgroup that is delegated, as `systemd-run --user --scope -p Delegate=yes` makes them."""

    def __init__(self, name):
        self.path = f"{GROUPS}/{name}"

    def __enter__(self):
        os.mkdir(self.path)
        for name in ("", "cgroup.procs", "cgroup.subtree_control"):
            os.chown(os.path.join(self.path, name), ACCOUNT, ACCOUNT)
        return self

    def __exit__(self, *_):
        for path, _, _ in os.walk(self.path, topdown=False):
            os.rmdir(path)

    def join(self):
        with open(f"{self.path}/cgroup.procs", "w", encoding="ascii") as file:
            file.write("0")

    def groups(self):
        return [name for name in glob.glob(f"{self.path}/carrel-*") if not name.endswith("launcher")]


def start(words, uid=ACCOUNT, scope=None, **options):
    # the group is joined before the account is changed, which happens after preexec_fn otherwise
    def enter():
        if scope:
            scope.join()
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    home = HOME if uid else "/home/root"
    os.makedirs(home, exist_ok=True)
    return subprocess.Popen([CARREL, *words], cwd=home, env={**os.environ, "HOME": home}, preexec_fn=enter,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, errors="replace", **options)


def run(words, **options):
    child = start(words, **options)
    said, _ = child.communicate()
    return child.returncode, said


def verify(tap, title, uid, *words):
    code, said = run(["verify", "--json", *words], uid=uid)
    try:
        found = json.loads(said)
    except ValueError:
        tap.check(f"verify {title}", False, said[-2000:])
        return
    bad = [f"{attack['name']}: {attack['text']}" for attack in found["attacks"]
           if attack["verdict"] == "not_held"]
    tap.check(f"verify {title}: {found['held']} attacks held, {found['not_testable']} not testable here",
              code == 0 and not bad and found["held"] >= LEAST_ATTACKS, bad or (code, found["held"]))


def limits(tap):
    with Scope("doctor") as scope:
        _, said = run(["doctor"], scope=scope)
        tap.check("doctor finds limits by cgroup in a delegated one",
                  "ok       memory limit by cgroup" in said and "ok       process limit by cgroup" in said, said)
    for tier in ("full", "landlock"):
        accepted = [] if tier == "full" else [
            word for gap in ("protected-paths", "metadata", "processes", "signals", "truncate")
            for word in ("--accept-gap", gap)]
        words = ["run", "--tier", tier, *accepted]
        with Scope("processes") as scope:
            code, said = run([*words, "--limit", "processes=20", "--", "sh", "-c", PROGRAMS], scope=scope)
            tap.check(f"{tier}: 30 processes are too many for a box of 20", "annot fork" in said, (code, said))
            tap.check(f"{tier}: its group is gone", not scope.groups(), scope.groups())
        with Scope("enough") as scope:
            code, said = run([*words, "--limit", "processes=40", "--", "sh", "-c", PROGRAMS], scope=scope)
            tap.check(f"{tier}: and not for one of 40", code == 0, (code, said))
        with Scope("memory") as scope:
            code, said = run([*words, "--limit", "memory=100M", "--", "sh", "-c", EATERS], scope=scope)
            tap.check(f"{tier}: four that need 40 MiB each do not fit into 100 MiB",
                      0 < said.count("fed") < 4, (code, said))


def others(tap):
    """Whoever shares the group with the launcher is not moved."""
    with Scope("shared") as scope:
        neighbour = subprocess.Popen(["sleep", "100"], preexec_fn=scope.join)
        code, said = run(["plan", "--limit", "memory=64M"], scope=scope)
        tap.check("with a neighbour in it the group is not used, and the plan says so",
                  code == 0 and "no cgroup is delegated" in said, said)
        neighbour.kill()
        neighbour.wait()


def killed(tap):
    """A launcher that is killed leaves an empty group, which the next one there removes."""
    with Scope("killed") as scope:
        child = start(["run", "--limit", "processes=20", "--", "sleep", "100"], scope=scope)
        while not scope.groups():
            time.sleep(0.1)
        child.kill()
        child.wait()
        # the box's first process has become a child of process 1
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
        run(["run", "--limit", "processes=20", "--", "true"], scope=scope)
        tap.check("groups of killed launchers are removed", not scope.groups(), scope.groups())


def battery(tap):
    print(f"# Linux {os.uname().release}", flush=True)
    code, said = run(["doctor"])
    tap.check("doctor: the full tier", code == 0 and "tier: full" in said, said)
    code, said = run(["run", "--", "sh", "-c", "echo in; touch here && ! touch /home/there"])
    tap.check("a box runs, writes its workspace and nothing else", code == 0 and said.startswith("in"), said)
    limits(tap)
    others(tap)
    killed(tap)
    verify(tap, "as an ordinary account", ACCOUNT)
    verify(tap, "as root", 0, "--no-control")


def main(argv):
    with open("/dev/ttyS1", "w", encoding="utf-8") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    tap = Tap()
    try:
        set_up(argv[1])
        battery(tap)
        tap.end()
    except Exception:  # pylint: disable=broad-except
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        with open("/proc/sysrq-trigger", "w", encoding="ascii") as file:
            file.write("o")
        time.sleep(60)


if __name__ == "__main__":
    main(sys.argv)
