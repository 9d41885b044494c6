"""The test bed for the tests here: carrel and probes in an enforcing Wine, or in Wine as it is.

`bed(stock=False)` gives a wine.Wine whose program is the test bed's (built when it is not there) or
the installed one's, each with a prefix of its own: two Wines must not share one.
"""

import contextlib
import os
import subprocess
import sys

import wine as wine_module

HERE = os.path.dirname(os.path.realpath(__file__))
GAPS = ["network", "hidden-files", "delete-low"]
LOCK3_GAPS = ["integrity", "delete-outside", "rename-protected", "change-entries", "world-writable",
              "same-user-processes"]


def build_bed():
    """wine64 of the test bed; built on the first call, half a minute. None when it cannot be."""
    top = os.environ["CARREL_TESTBED"]
    done = subprocess.run([sys.executable, os.path.join(HERE, "testbed", "build"), top],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        print(f"# the test bed cannot be built: {done.stdout.decode(errors='replace').strip()}")
        return None
    if os.geteuid() == 0:
        subprocess.run(["chmod", "-R", "a+rX", top], check=True)
    return os.path.join(top, "tree", "lib", "wine", "wine64")


class ReadingWine(wine_module.Wine):
    """The test bed in another reading of what the sources disagree on (docs/testbed.md)."""

    readings = ""

    def environment(self, **more):
        return super().environment(TESTBED_READINGS=self.readings, **more)


@contextlib.contextmanager
def reading(name):
    """An opened test bed in that reading, in a prefix and so a Wine server of its own."""
    base = os.environ["CARREL_WINE_PREFIX"]
    program = wine_module.find_wine() and build_bed()
    if not program:
        yield None
        return
    ReadingWine.readings = name
    os.environ["CARREL_WINE"] = program
    os.environ["CARREL_WINE_PREFIX"] = f"{base}-{name}"
    wine = ReadingWine()
    try:
        yield wine
    finally:
        wine.close()
        os.environ["CARREL_WINE_PREFIX"] = base
        del os.environ["CARREL_WINE"]


@contextlib.contextmanager
def bed(stock=False):
    """An opened Wine, or None after having said why not."""
    base = os.environ["CARREL_WINE_PREFIX"]
    program = wine_module.find_wine() if stock else wine_module.find_wine() and build_bed()
    if not program:
        yield None
        return
    os.environ["CARREL_WINE"] = program
    os.environ["CARREL_WINE_PREFIX"] = base if stock else base + "-bed"
    try:
        with wine_module.opened() as opened:
            yield opened
    finally:
        os.environ["CARREL_WINE_PREFIX"] = base
        del os.environ["CARREL_WINE"]


class Place:
    """Directories of one test in C:\\tests\\<dir>: a workspace, files outside, carrel's state."""

    def __init__(self, wine, name="p"):
        self.wine = wine
        self.top = os.path.join(wine.dir, name)
        os.mkdir(self.top)
        self.windows = wine.windows(name)
        for part in ("out/sub/deep", "out/empty", "out/everyones", "ws/.git/hooks", "ws/d/deep",
                     "home", "local"):
            os.makedirs(os.path.join(self.top, part))
        for part in ("out/f", "out/everyone", "out/sub/f", "ws/f", "ws/g", "ws/d/deep/f",
                     "ws/.git/config"):
            with open(os.path.join(self.top, part), "w", encoding="ascii") as file:
                file.write(part + "\n")
        # one file with a name outside and one in the workspace, from before any box
        os.link(self.path("out", "sub", "f"), self.path("ws", "hl"))
        wine_module.own(self.top)

    def path(self, *parts):
        return os.path.join(self.top, *parts)

    def win(self, *parts):
        return "\\".join([self.windows, *parts])

    def environment(self, **more):
        env = {"T_OUT": self.win("out"), "T_WS": self.win("ws"),
               "T_STATE": self.win("local", "carrel")}
        env.update(more)
        return env

    def state(self):
        """carrel's state in this prefix: Wine itself says where LOCALAPPDATA is."""
        users = os.path.join(self.wine.prefix, "drive_c", "users")
        name, = set(os.listdir(users)) - {"Public"}
        return (os.path.join(users, name, "AppData", "Local", "carrel"),
                f"C:\\users\\{name}\\AppData\\Local\\carrel")

    def snapshot(self, *parts):
        """What lies there: {path: content or None}."""
        found = {}
        for folder, folders, names in os.walk(self.path(*parts)):
            for name in folders:
                found[os.path.relpath(os.path.join(folder, name), self.top)] = None
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    found[os.path.relpath(os.path.join(folder, name), self.top)] = file.read()
        return found


def box(carrel, place, *command, gaps=(), options=()):
    """The words of `carrel run` in the place's workspace."""
    return [carrel, "run", "--quiet", "--workspace", place.win("ws"),
            *[f"--accept-gap={gap}" for gap in [*GAPS, *gaps]], *options, "--", *command]
