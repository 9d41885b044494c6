#!/usr/bin/env python3
"""A large workspace: its first box tells how far it is, a second one walks and writes nothing, and
`uninstall` takes everything back.

usage: journal_large.py CARREL PROBE

Nothing is judged by time; the figures are printed as comments. tests/bench/bench_windows judges them,
with more files. What was written is seen in the times of change of the files themselves, which the
test bed keeps descriptors with.
"""

import os
import resource
import subprocess
import sys
import time

import escape_bed
import wine as wine_module
from tapwine import Tap

FILES = 10000
TICK = os.sysconf("SC_CLK_TCK")


def server_of(wine):
    """The process id of the prefix's wineserver."""
    mark = f"WINEPREFIX={wine.prefix}".encode()
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/comm", "rb") as comm, \
                    open(f"/proc/{name}/environ", "rb") as environ:
                if comm.read().startswith(b"wineserver") and mark in environ.read().split(b"\0"):
                    return name
        except OSError:
            continue
    raise RuntimeError("there is no Wine server")


def processor_of(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rsplit(b")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Run:
    """One program that was run: what came of it, and what it took."""

    def __init__(self, code, output, clock, processor):
        self.code, self.output = code, output.decode(errors="replace")
        self.clock, self.processor = clock, processor

    def __str__(self):
        return f"{self.clock:.2f} s by the clock, {self.processor:.2f} s of processor"


class Large:
    """A place with a workspace of many files, and what is run in it."""

    def __init__(self, wine, carrel, probe, files):
        self.wine, self.files = wine, files
        self.carrel, self.probe = wine.copy(carrel), wine.copy(probe)
        self.place = escape_bed.Place(wine, "b")
        # keeps the Wine server there: its start is not carrel's
        self.keeper = wine.start(self.probe, "wait", ".", stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.keeper.stdout.readline()
        self.server = server_of(wine)

    def close(self):
        self.keeper.stdin.close()
        self.keeper.wait()
        self.keeper.stdout.close()

    def measure(self, *words, **options):
        """The processor's time is that of the program and of the Wine server, which does what a
        kernel would."""
        before = processor_of(self.server), resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        code, output = self.wine.run(*words, **options)
        clock = time.monotonic() - start
        after = processor_of(self.server), resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after[0] - before[0] + sum(getattr(after[1], field) - getattr(before[1], field)
                                          for field in ("ru_utime", "ru_stime"))
        return Run(code, output, clock, used)

    def make(self):
        return self.measure(self.probe, "count", self.place.win("ws", "d"), str(self.files))

    def boxed(self):
        return self.measure(*escape_bed.box(self.carrel, self.place, self.probe, "dump", "C:\\none"),
                            cwd=self.place.path("ws"), timeout=300)

    def unboxed(self):
        return self.measure(self.probe, "dump", "C:\\none", cwd=self.place.path("ws"))

    def uninstall(self):
        return self.measure(self.carrel, "uninstall", timeout=300)

    def descriptors(self):
        """{path: descriptor} of all that lies in the place."""
        run = self.measure(self.probe, "dump", self.place.win("ws"), self.place.win("out"))
        lines = run.output.replace("\r\n", "\n").splitlines()
        return dict(line.split("\t") for line in lines if "\t" in line)

    def changes(self):
        """{path: when its descriptor, or anything of it, was changed last}"""
        found = {}
        for folder, folders, names in os.walk(self.place.path("ws")):
            for name in folders + names:
                path = os.path.join(folder, name)
                found[path] = os.lstat(path).st_ctime_ns
        return found

    def journal(self):
        with open(os.path.join(self.place.state()[0], "acl-journal"), "rb") as file:
            return file.read()


def differing(one, other):
    return sorted(path for path in {*one, *other} if one.get(path) != other.get(path))


def first_box(tap, large):
    before = large.changes()
    run = large.boxed()
    print(f"# first box: {run}")
    tap.check("the first box tells how far it is", "preparing" in run.output and
              "files, done" in run.output, run.output[-300:])
    # all but .git, its entry of `config`, and the file with another name outside
    changed = differing(before, large.changes())
    tap.check("it gives every file what it inherits", len(changed) >= large.files, len(changed))


def second_box(tap, large):
    """A file that lacks what it should inherit, and that a walk would find."""
    stray = large.place.path("ws", "d", "d0", "stray")
    with open(stray, "w", encoding="ascii"):
        pass
    wine_module.own(stray)
    before, journal = large.changes(), large.journal()
    run = large.boxed()
    print(f"# second box: {run}; no box: {large.unboxed()}")
    changed = differing(before, large.changes())
    tap.check("a second box changes nothing", not changed, changed[:20])
    tap.check("and writes nothing to the journal", large.journal() == journal)
    tap.check("it has no progress to tell", "preparing" not in run.output, run.output)
    os.remove(stray)


def all_back(tap, large, before):
    run = large.uninstall()
    print(f"# taking back: {run}")
    tap.check("uninstall ends well", run.code == 0, run.output)
    changed = differing(before, large.descriptors())
    tap.check("every descriptor is back", not changed, changed[:20])


def main(argv):
    tap = Tap()
    with escape_bed.bed() as wine:
        if not wine:
            return wine_module.missing()
        large = Large(wine, argv[1], argv[2], FILES)
        try:
            run = large.make()
            before = large.descriptors()
            tap.check(f"{FILES} files are made", run.code == 0 and len(before) > FILES, run.output)
            first_box(tap, large)
            second_box(tap, large)
            all_back(tap, large, before)
        finally:
            large.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
