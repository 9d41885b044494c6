#!/usr/bin/env python3
"""Windows programs under Wine, for the tests: as an ordinary account, in one prefix.

usage: wine.py PROGRAM [FILE...]    copies all into a fresh directory, runs PROGRAM there (it
                                    speaks TAP), ends what it left running, removes the directory

One prefix serves all tests of a build directory (CARREL_WINE_PREFIX says where; making one takes
ten seconds). CARREL_WINE names another wine64. Without Wine the tests are skipped; with
CARREL_MUST_ENFORCE=1 they fail.
"""

import contextlib
import fcntl
import functools
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

SPARE_ID = 62346
WINE_PLACES = ("/usr/lib/wine/wine64", "/usr/bin/wine64", "/opt/wine-stable/bin/wine64")
SECONDS = 110


def find_wine():
    """The path of wine64, or None."""
    named = os.environ.get("CARREL_WINE")
    for path in (named,) if named else WINE_PLACES:
        if path and os.access(path, os.X_OK):
            return path
    return None


def missing():
    """Prints the whole result of a test program where there is no Wine; the exit code."""
    if os.environ.get("CARREL_MUST_ENFORCE") == "1":
        print("1..1\nnot ok 1 - there is no wine64 here, and CARREL_MUST_ENFORCE=1")
        return 1
    print("1..0 # SKIP there is no wine64 here")
    return 0


def account():
    """uid of whoever runs Windows programs: never root."""
    return SPARE_ID if os.geteuid() == 0 else os.geteuid()


def own(path):
    """Gives a file or a tree to that account."""
    if os.geteuid() != 0:
        return
    os.lchown(path, SPARE_ID, SPARE_ID)
    for folder, folders, names in os.walk(path):
        for name in folders + names:
            os.lchown(os.path.join(folder, name), SPARE_ID, SPARE_ID)


def collect(pipe, said):
    """Reads a pipe, when there is one, until nobody holds it any more."""
    while pipe and (data := os.read(pipe.fileno(), 65536)):
        said.append(data)


@functools.lru_cache(maxsize=None)
def unshuffled():
    """What starts a program without address space randomisation, where that is permitted.

    Debian has no preloader for wine64, which lies fixed at 0x7d000000. The kernel puts its heap
    anywhere in the gigabyte behind that: for one program in two thousand onto 0x7ffe0000, where
    Windows has its shared page, and then Wine ends with 1 and a word only WINEDEBUG=err shows.
    """
    words = ["setarch", "-R"]
    done = subprocess.run([*words, "true"], stderr=subprocess.DEVNULL, check=False)
    return words if done.returncode == 0 else []


class Wine:
    """A prefix, and a directory of this test's own in it: C:\\tests\\<name>."""

    def __init__(self):
        self.program = find_wine()
        self.prefix = os.path.join(os.environ["CARREL_WINE_PREFIX"], f"{account()}")
        self.make_prefix()
        tests = os.path.join(self.prefix, "drive_c", "tests")
        os.makedirs(tests, exist_ok=True)
        own(tests)
        self.dir = tempfile.mkdtemp(prefix="t", dir=tests)
        own(self.dir)
        self.holder = self.hold() or self.hold()
        if not self.holder:
            raise RuntimeError("Wine does not start")

    def hold(self):
        """A program that waits for input and so keeps the server up, which else starts anew for
        each; None when it does not come up (it is started while an old server is about to end)."""
        holder = self.start("cmd.exe", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL)
        if select.select([holder.stdout], [], [], 30)[0] and os.read(holder.stdout.fileno(), 4096):
            return holder
        os.killpg(holder.pid, signal.SIGKILL)
        holder.communicate()
        return None

    def environment(self, **more):
        env = {"PATH": "/usr/bin:/bin", "HOME": self.prefix, "LANG": "C.UTF-8",
               "WINEPREFIX": self.prefix, "TMPDIR": self.prefix, "WINEDEBUG": "-all",
               "WINEDLLOVERRIDES": "mscoree,mshtml="}
        env.update(more)
        return env

    def start(self, *words, **options):
        """subprocess.Popen of a Windows program, in a session of its own."""
        options.setdefault("stdin", subprocess.DEVNULL)
        env = self.environment(**options.pop("env", {}))
        if os.geteuid() == 0:
            options.update(user=SPARE_ID, group=SPARE_ID, extra_groups=[])
        return subprocess.Popen([*unshuffled(), self.program, *words], env=env,
                                start_new_session=True, **options)

    def run(self, *words, timeout=SECONDS, **options):
        """(exit code, standard output and error as bytes)"""
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.STDOUT)
        child = self.start(*words, **options)
        said = []
        reader = threading.Thread(target=collect, args=(child.stdout, said), daemon=True)
        reader.start()
        try:
            child.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        # not to the end of the pipe: Wine's services hold it when this is what started them
        reader.join(2)
        return child.returncode, b"".join(said)

    def make_prefix(self):
        """Makes the prefix unless another test has; others wait meanwhile."""
        os.makedirs(self.prefix, exist_ok=True)
        with open(self.prefix + ".lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if os.path.exists(self.prefix + ".made"):
                return
            shutil.rmtree(self.prefix)
            os.mkdir(self.prefix)
            own(self.prefix)
            done = self.start("wineboot", "-i", stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).wait(timeout=SECONDS)
            if done != 0 or not os.path.isdir(os.path.join(self.prefix, "drive_c", "windows")):
                raise RuntimeError(f"cannot make a Wine prefix: wineboot ended with {done}; every "
                                   f"directory above {self.prefix} must be open to uid {account()}")
            with open(self.prefix + ".made", "w", encoding="utf-8"):
                pass

    def copy(self, path, name=None):
        """A file for the test; its Windows path."""
        name = name or os.path.basename(path)
        target = os.path.join(self.dir, name)
        shutil.copyfile(path, target)
        os.chmod(target, 0o755)
        own(target)
        return self.windows(name)

    def windows(self, *parts):
        """The Windows path of a file in the test's directory."""
        return "\\".join(["C:", "tests", os.path.basename(self.dir), *parts])

    def processes(self):
        """ids of processes of this prefix that were started from the test's directory."""
        mark = self.windows().lower().encode()
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
                if mark in file.read().lower():
                    found.append(int(name))
        return found

    def close(self):
        self.holder.communicate(timeout=SECONDS)
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)


@contextlib.contextmanager
def opened():
    wine = Wine()
    try:
        yield wine
    finally:
        wine.close()


def main(argv):
    if len(argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    if not find_wine():
        return missing()
    with opened() as wine:
        program, *_ = [wine.copy(path) for path in argv[1:]]
        code, output = wine.run(program, cwd=wine.dir)
        sys.stdout.write(output.decode(errors="replace").replace("\r\n", "\n"))
        # Wine's server kills what takes more than half a second to end, having said all it had to
        # say; whether it had, the runner sees by the plan
        return 0 if code == -signal.SIGKILL else code


if __name__ == "__main__":
    sys.exit(main(sys.argv))
