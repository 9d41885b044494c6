"""What the fault tests share: TAP, and a place whose boxes print what they find themselves in."""

import os
import re
import shutil
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "stress"))
from place import ORDINARY_ID, Place  # noqa: E402 (the same scratch place as the stress tests)

SCALE = float(os.environ.get("CARREL_FAULTS_SCALE", "1"))


class Tap:
    """Results as they come; the plan is printed at the end."""

    def __init__(self):
        self.number = 0
        self.failed = 0

    def check(self, name, problems):
        self.number += 1
        print(f"{'not ok' if problems else 'ok'} {self.number} - {name}")
        for problem in problems[:20]:
            print("# " + problem.strip().replace("\n", "\n#   "))
        if len(problems) > 20:
            print(f"# and {len(problems) - 20} more")
        self.failed += bool(problems)
        sys.stdout.flush()

    def note(self, text):
        print("# " + text.replace("\n", "\n# "), flush=True)

    def skip(self, name, why):
        self.number += 1
        print(f"ok {self.number} - {name} # SKIP {why}", flush=True)

    def end(self):
        print(f"1..{self.number}", flush=True)
        return 1 if self.failed else 0


class Scene(Place):
    """A place with something to protect, to hide and to stay out of."""

    def __init__(self, carrel, as_root=False, tools=()):
        super().__init__(carrel, as_root)
        self.outside = self.folder("outside")
        self.fill()
        self.tools = {}
        tools = [self.carrel, *tools]
        for tool in tools:
            name = os.path.basename(tool)
            self.tools[name] = os.path.join(self.top, name)
            if tool != self.tools[name]:
                shutil.copy(tool, self.tools[name])
            os.chmod(self.tools[name], 0o755)
        self.carrel = self.tools[os.path.basename(carrel)]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def fill(self):
        self.put("outside/file", "outside\n")
        self.put("home/.ssh/key", "secret\n")
        self.put("home/.netrc", "secret\n")
        self.put("workspace/.git/hooks/old", "hook\n")
        self.put("workspace/sub/deep/keep/old", "old\n")
        self.put("workspace/sub/secret/file", "secret\n")
        for folder in (self.outside, self.home, self.workspace):
            self.give(folder)

    def restore(self):
        """As it was, after something went wrong here."""
        for folder in (self.outside, self.home, self.workspace, self.temp):
            empty(folder)
        self.fill()

    def give(self, path):
        """As in Place, without a process for it."""
        if not self.drop:
            return
        os.lchown(path, ORDINARY_ID, ORDINARY_ID)
        for folder, folders, names in os.walk(path):
            for name in folders + names:
                os.lchown(os.path.join(folder, name), ORDINARY_ID, ORDINARY_ID)

    def path(self, name):
        return os.path.join(self.top, name)

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def tree(self):
        """Every path of the place with its mode and what is in it or where it leads."""
        found = {}
        for folder, folders, names in os.walk(self.top):
            for name in folders + names:
                path = os.path.join(folder, name)
                found[path] = self.content(path)
        return found

    @staticmethod
    def content(path):
        mode = os.lstat(path).st_mode
        if os.path.islink(path):
            return mode, os.readlink(path)
        if os.path.isfile(path) and os.path.getsize(path) < 65536:
            with open(path, "rb") as file:
                return mode, file.read()
        return mode, None

    def inside(self):
        """The command that prints what it finds itself in, and ends with 7."""
        return [self.tools["inside"], self.workspace, self.home, self.outside, str(self.port)]

    def mine(self, report):
        """A box's report without the mounts that hide what others have on this machine."""
        report = re.sub(r"/carrel-[0-9a-f]{32}", "/carrel-N", report)
        report = re.sub(r"mount /\d+ ", "mount /N ", report)  # parts of one file system
        return [line for line in report.splitlines()
                if not line.startswith("mount ") or self.top in line
                or re.match(r"mount \S+ /(tmp|var/tmp|((proc|dev|run|etc|var/l)[^ ]*)?) ", line)]

    def remove(self):
        self.listener.close()
        super().remove()


def empty(folder):
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def difference(before, after):
    """What differs between two results of Scene.tree()."""
    problems = []
    for path in sorted(set(before) | set(after)):
        if path not in after:
            problems.append(f"gone: {path}")
        elif path not in before:
            problems.append(f"left: {path}")
        elif before[path] != after[path]:
            problems.append(f"changed: {path}: {before[path]} -> {after[path]}")
    return problems


def as_user_and_root(argv, battery):
    """Plays battery(tap, argv, as_root) as an ordinary user, and as root too where we are root. The
    exit code."""
    tap = Tap()
    battery(tap, argv, False)
    if os.getuid() == 0:
        battery(tap, argv, True)
    return tap.end()
