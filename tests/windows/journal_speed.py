#!/usr/bin/env python3
"""How long a workspace of 50,000 files takes: the first box in it, the second, and taking it back.

usage: journal_speed.py CARREL PROBE

The machine may be busy with other things, so the lesser of two is judged: the time by the clock, and
the processor time of carrel and of the Wine server (which does what a kernel would; each file costs it
five round trips). Both are printed.
"""

import os
import resource
import subprocess
import sys
import time

import escape_bed
import wine as wine_module
from tapwine import Tap

FILES = 50000
SETUP_SECONDS = 15.0  # a guard, not the aim, which is 5 on a machine with nothing else to do
AGAIN_SECONDS = 0.15
ROUNDS = 5
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


class Speed:
    def __init__(self, wine, carrel, probe):
        self.wine = wine
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
        """(clock, processor, output) of a program and of the server meanwhile."""
        before = processor_of(self.server), resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        code, output = self.wine.run(*words, **options)
        clock = time.monotonic() - start
        after = processor_of(self.server), resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after[0] - before[0] + sum(getattr(after[1], field) - getattr(before[1], field)
                                          for field in ("ru_utime", "ru_stime"))
        return clock, used, (code, output)

    def boxed(self):
        return self.measure(*escape_bed.box(self.carrel, self.place, self.probe, "dump", "C:\\none"),
                            cwd=self.place.path("ws"), timeout=300)

    def unboxed(self):
        return self.measure(self.probe, "dump", "C:\\none", cwd=self.place.path("ws"))


def main(argv):
    tap = Tap()
    with escape_bed.bed() as wine:
        if not wine:
            return wine_module.missing()
        speed = Speed(wine, argv[1], argv[2])
        try:
            code, output = wine.run(speed.probe, "count", speed.place.win("ws", "d"), str(FILES))
            tap.check(f"{FILES} files are made", code == 0, output)
            clock, used, (_, output) = speed.boxed()
            print(f"# first box: {clock:.2f} s by the clock, {used:.2f} s of processor")
            tap.check(f"the first box needs less than {SETUP_SECONDS} s", min(clock, used) < SETUP_SECONDS,
                      (clock, used))
            tap.check("progress is shown when it takes long", clock < 2 or
                      b"preparing" in output, output[-300:])
            again = [speed.boxed() for _ in range(ROUNDS)]
            alone = [speed.unboxed() for _ in range(ROUNDS)]
            more = [min(run[i] for run in again) - min(run[i] for run in alone) for i in (0, 1)]
            print(f"# second box: {more[0] * 1000:.0f} ms more than no box by the clock, "
                  f"{more[1] * 1000:.0f} ms of processor")
            tap.check(f"a second box needs at most {AGAIN_SECONDS} s more than none",
                      min(more) < AGAIN_SECONDS, more)
            clock, used, (code, output) = speed.measure(speed.carrel, "uninstall", timeout=300)
            print(f"# taking back: {clock:.2f} s by the clock, {used:.2f} s of processor")
            tap.check("uninstall ends well", code == 0, output)
        finally:
            speed.close()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
