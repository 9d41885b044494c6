"""A scratch place to run boxes in, and the question what they left behind.

The place has a home, a workspace, a state directory and a temporary directory of its own; all
belong to the account the boxes run as. Run by root, that account is an unknown ordinary one, so
that the tests mean what they mean for users.
"""

import os
import shutil
import subprocess
import tempfile
import time

ORDINARY_ID = 61234


class Place:
    def __init__(self, carrel, as_root=False):
        self.carrel = os.path.abspath(carrel)
        self.drop = os.getuid() == 0 and not as_root
        # not below /tmp or /var/tmp: a box has its own there
        self.top = tempfile.mkdtemp(prefix="carrel-stress-", dir="/home" if
                                    os.access("/home", os.W_OK) else os.path.expanduser("~"))
        self.marker = os.path.basename(self.top)
        os.chmod(self.top, 0o755)
        self.home = self.folder("home")
        self.workspace = self.folder("workspace")
        self.temp = self.folder("temp")
        self.state = self.folder("state")
        if self.drop and not self.readable(self.carrel):
            self.carrel = shutil.copy(self.carrel, os.path.join(self.top, "carrel"))
            os.chmod(self.carrel, 0o755)
        self.env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.home, "TMPDIR": self.temp,
            "XDG_STATE_HOME": self.state, "LANG": "C.UTF-8", "PLACE": self.marker,
        }

    def folder(self, name):
        path = os.path.join(self.top, name)
        os.mkdir(path, 0o700)
        if self.drop:
            os.chown(path, ORDINARY_ID, ORDINARY_ID)
        return path

    def give(self, path):
        """Everything under `path` belongs to the account of the boxes."""
        if self.drop:
            subprocess.run(["chown", "-R", f"{ORDINARY_ID}:{ORDINARY_ID}", path], check=True)

    def readable(self, path):
        return subprocess.run(self.account() + ["test", "-x", path], check=False).returncode == 0

    def account(self):
        """Words to put before a command so that it runs as the account of the boxes."""
        if not self.drop:
            return []
        return ["setpriv", f"--reuid={ORDINARY_ID}", f"--regid={ORDINARY_ID}", "--clear-groups"]

    def box(self, *command, options=()):
        return self.account() + [self.carrel, "run", *options, "--", *command]

    def start(self, words, **how):
        how.setdefault("stdin", subprocess.DEVNULL)
        how.setdefault("stdout", subprocess.DEVNULL)
        how.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(words, cwd=self.workspace, env=self.env, **how)

    def run(self, words):
        """(exit code, stderr)."""
        child = self.start(words)
        _, errors = child.communicate()
        return child.returncode, errors.decode("utf-8", "replace")

    def remove(self):
        shutil.rmtree(self.top, ignore_errors=True)

    # what is there

    def files(self):
        """Every path of the place, and what this account has in the shared temporary folders."""
        found = set()
        for folder, folders, names in os.walk(self.top):
            found.update(os.path.join(folder, name) for name in folders + names)
        owner = ORDINARY_ID if self.drop else os.getuid()
        for shared in ("/tmp", "/var/tmp", "/dev/shm"):
            for name in os.listdir(shared):
                path = os.path.join(shared, name)
                try:
                    mine = os.lstat(path).st_uid == owner
                except OSError:
                    continue
                if mine and "carrel" in name and not name.startswith("carrel-stress-"):
                    found.add(path)
        return found

    def mounts(self):
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
            return {line.split(" - ")[0].split(" ", 1)[1] for line in file}

    def cgroups(self):
        return {os.path.join(folder, name)
                for folder, folders, _ in os.walk("/sys/fs/cgroup")
                for name in folders if "carrel" in name}

    def processes(self):
        """Processes that belong to this place, by a marker in arguments or environment."""
        found = set()
        for pid in filter(str.isdigit, os.listdir("/proc")):
            if int(pid) == os.getpid():
                continue
            for source in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{pid}/{source}", "rb") as file:
                        if self.marker.encode() in file.read():
                            found.add(int(pid))
                except OSError:
                    pass
        return found

    def snapshot(self):
        return {"file": self.files(), "mount": self.mounts(), "cgroup": self.cgroups()}

    def left_behind(self, before, patience=10.0):
        """What differs from `before`, once nothing does or time is out."""
        deadline = time.monotonic() + patience
        while (problems := self.differences(before)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return problems

    def differences(self, before):
        problems = [f"process {pid} is still there: {self.describe(pid)}"
                    for pid in self.processes()]
        after = self.snapshot()
        for kind, known in before.items():
            problems += [f"{kind} left: {name}" for name in sorted(after[kind] - known)]
            # in the shared folders other people's files come and go
            problems += [f"{kind} gone: {name}" for name in sorted(known - after[kind])
                         if kind != "file" or name.startswith(self.top)]
        return problems

    @staticmethod
    def describe(pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            return "(ended meanwhile)"
