#!/usr/bin/env python3
"""What a program in a box may do on Windows: every operation of escape_probe, three times.

usage: escape_suite.py CARREL PROBE

Each operation must work outside a box (the control), and be refused (or work, where it should) as
the command of a box and as its child. Nothing outside may have changed. Then with lock 3, the
height, off: what works then must be what the plan's gaps say, and no more. And on Wine as it is,
which enforces nothing, carrel must refuse to run.
"""

import contextlib
import os
import shutil
import subprocess
import sys

import escape_bed
import wine as wine_module
from tapwine import Tap

class Suite:
    def __init__(self, tap, wine, carrel, probe):
        self.tap, self.wine = tap, wine
        self.carrel, self.probe = wine.copy(carrel), wine.copy(probe)
        _, listing = wine.run(self.probe, "list")
        self.rows = [line.rstrip("\r").split("\t") for line in listing.decode().split("\n")
                     if "\t" in line]
        self.wanted = {name: wanted for name, wanted, _, _ in self.rows}
        # without lock 3: what may work then, by the gap that says so
        self.open = {gap: {name for name, _, _, own in self.rows if own == gap}
                     for gap in escape_bed.LOCK3_GAPS if gap not in ("integrity", "change-entries")}
        self.victim = None

    def start_victim(self):
        self.victim = self.wine.start(self.probe, "victim", stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        line = self.victim.stdout.readline().split()
        if not line or line[0] != b"ready":
            raise RuntimeError("the victim does not start")
        return line[1].decode()

    def stop_victim(self):
        self.victim.stdin.close()
        self.victim.wait(timeout=20)
        self.victim.stdout.close()

    def place(self, name, is_open=True):
        """A fresh place; open: everybody may write out/everyone and out/everyones."""
        place = escape_bed.Place(self.wine, name)
        if not is_open:
            return place
        self.wine.run(self.probe, "open", place.win("out", "everyone"), place.win("out", "everyones"))
        return place

    def variables(self, place, pid):
        return place.environment(T_PID=pid, T_CARREL=self.carrel)

    def results(self, output):
        found = {}
        for line in output.decode(errors="replace").split("\n"):
            words = line.split()
            if len(words) == 2 and words[0] in self.wanted:
                found[words[0]] = words[1]
        return found

    def control(self, pid):
        """Every operation outside a box, each in a place of its own."""
        found = {}
        for name in self.wanted:
            place = self.place("c", name.startswith("everyone"))
            # what carrel keeps, and its program
            state = place.path("local", "carrel")
            os.mkdir(state)
            for file in ("sid-seed", "acl-journal"):
                with open(os.path.join(state, file), "w", encoding="ascii") as made:
                    made.write("x")
            wine_module.own(state)
            if name == "victim-pipe":
                self.victim.stdin.write(b"\n")
                self.victim.stdin.flush()
            _, output = self.wine.run(self.probe, "try", name, env=self.variables(place, pid))
            found.update(self.results(output))
            shutil.rmtree(place.top)
        return found

    def boxed(self, place, pid, how, gaps=()):
        words = escape_bed.box(self.carrel, place, self.probe, how, *self.wanted, gaps=gaps)
        env = dict(self.variables(place, pid), T_STATE=place.state()[1])
        code, output = self.wine.run(*words, env=env, cwd=place.path("ws"))
        return code, output, self.results(output)

    def judge(self, title, found, may_work=frozenset()):
        for name, wanted, *_ in self.rows:
            good = found.get(name) == ("yes" if wanted == "works" else "no")
            if name in may_work:
                good = name in found
            self.tap.check(f"{title}: {name} {wanted}", good, found.get(name, "no answer"))


def try_outside(suite, tap, pid):
    control = suite.control(pid)
    for name in suite.wanted:
        if name not in NO_CONTROL:
            tap.check(f"outside a box: {name} works", control.get(name) == "yes",
                      control.get(name, "no answer"))


def try_inside(suite, tap, pid, how):
    title = {"try": "command", "child": "child"}[how]
    place = suite.place(f"b-{how}")
    before = place.snapshot("out"), place.snapshot("ws", ".git")
    code, output, found = suite.boxed(place, pid, how)
    tap.check(f"{title}: the box runs", code == 0, f"{code}: {output.decode(errors='replace')}")
    suite.judge(title, found)
    after = place.snapshot("out"), place.snapshot("ws", ".git")
    tap.check(f"{title}: nothing outside or protected has changed", before == after,
              [sorted(old.items() ^ new.items()) for old, new in zip(before, after)])
    tap.check(f"{title}: no name is left behind",
              sorted(os.listdir(place.path("ws"))) == [".git", "d", "f", "g", "hl"],
              os.listdir(place.path("ws")))


@contextlib.contextmanager
def without_labels(place):
    """carrel takes labels for missing when its own trial of one fails: a directory is in its way."""
    block = os.path.join(place.state()[0], "label-probe")
    os.makedirs(block)
    wine_module.own(os.path.dirname(block))
    try:
        yield
    finally:
        os.rmdir(block)


def try_together(suite, pid, names, gaps):
    place = suite.place("h")
    if "victim-pipe" in names:
        suite.victim.stdin.write(b"\n")
        suite.victim.stdin.flush()
    words = escape_bed.box(suite.carrel, place, suite.probe, "try", *names, gaps=gaps)
    env = dict(suite.variables(place, pid), T_STATE=place.state()[1])
    code, output = suite.wine.run(*words, env=env, cwd=place.path("ws"))
    shutil.rmtree(place.top)
    return code, output.decode(errors="replace"), suite.results(output)


def without_height(tap, wine, carrel, probe):
    """Lock 2 alone, in the reading in which it asks about deleting and changing DACLs too."""
    suite = Suite(tap, wine, carrel, probe)
    pid = suite.start_victim()
    known = set().union(*suite.open.values())
    others = [name for name, wanted in suite.wanted.items()
              if wanted == "refused" and name not in known]
    try:
        with without_labels(escape_bed.Place(wine, "l")):
            code, text, _ = try_together(suite, pid, ["write"], ())
            tap.check("without lock 3: the gaps refuse to run", code == 125, text)
            for gap in escape_bed.LOCK3_GAPS:
                tap.check(f"without lock 3: gap '{gap}' is named", f"'{gap}'" in text, text)
            code, text, found = try_together(suite, pid, others, escape_bed.LOCK3_GAPS)
            for name in others:
                tap.check(f"without lock 3: {name} refused all the same", found.get(name) == "no",
                          found.get(name, text))
            works = set()
            for name in known:
                _, _, found = try_together(suite, pid, [name], escape_bed.LOCK3_GAPS)
                if found.get(name) == "yes":
                    works.add(name)
        for gap, names in suite.open.items():
            tap.check(f"without lock 3: gap '{gap}' is open indeed", bool(works & names), works)
    finally:
        suite.stop_victim()


def refuses_without_height(suite, tap, pid):
    """In the other reading who changes a DACL writes everything (gap `change-entries`): nothing runs."""
    with without_labels(escape_bed.Place(suite.wine, "l")):
        code, text, found = try_together(suite, pid, ["write"], escape_bed.LOCK3_GAPS)
    tap.check("without lock 3, where lock 2 does not ask about DACLs: the canary refuses",
              code == 125 and "the boundary does not hold: writing in" in text and not found, text)


def enforcing(tap, wine, carrel, probe):
    suite = Suite(tap, wine, carrel, probe)
    refused = [name for name, wanted in suite.wanted.items() if wanted == "refused"]
    tap.check("at least 60 operations to refuse", len(refused) >= 60, len(refused))
    pid = suite.start_victim()
    try:
        try_outside(suite, tap, pid)
        try_inside(suite, tap, pid, "try")
        try_inside(suite, tap, pid, "child")
        refuses_without_height(suite, tap, pid)
    finally:
        suite.stop_victim()


# Operations whose success outside says nothing: an unrestricted process has what they ask for, or
# the test bed does not model it.
NO_CONTROL = {"job-breakaway", "token-level", "token-restrict-again", "token-privilege",
              "device-path", "trailing-dots", "absent-inside", "short-name", "git-short-name",
              "git-directory-stream", "registry-machine"}


def stock(tap, wine, carrel, probe):
    place = escape_bed.Place(wine)
    carrel, probe = wine.copy(carrel), wine.copy(probe)
    for gaps, title in ((escape_bed.LOCK3_GAPS, "with every gap accepted"), ((), "with the usual")):
        code, output = wine.run(*escape_bed.box(carrel, place, probe, "try", "write", gaps=gaps),
                                env=place.environment(T_CARREL=carrel))
        text = output.decode(errors="replace")
        tap.check(f"Wine as it is, {title}: carrel refuses", code == 125, f"{code}: {text}")
        tap.check(f"Wine as it is, {title}: nothing ran", "write yes" not in text and
                  "write no" not in text, text)
        if gaps:
            tap.check("Wine as it is: the canary says what worked",
                      "the boundary does not hold: writing in" in text, text)
    with open(place.path("out", "f"), encoding="ascii") as file:
        tap.check("Wine as it is: the file is untouched", file.read() == "out/f\n")


def main(argv):
    tap = Tap()
    for opened, run in ((escape_bed.bed(True), stock), (escape_bed.bed(), enforcing),
                        (escape_bed.reading("write-standard"), without_height)):
        with opened as wine:
            if not wine:
                return wine_module.missing()
            run(tap, wine, argv[1], argv[2])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
