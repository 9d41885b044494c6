#!/usr/bin/env python3
"""The undo journal with real kills: whatever carrel was doing when it died, `uninstall` brings every
descriptor back, byte for byte.

usage: journal_undo.py CARREL PROBE

The starting tree has odd descriptors (protected, labelled, everybody's, foreign entries). carrel is
killed with SIGKILL when the journal has grown the k-th time, for every k; so is the uninstall.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import escape_bed
import wine as wine_module
from tapwine import Tap

# What the tree has before carrel sees it.
STARTING = [
    ("ws\\g", "D:P(A;;FA;;;BU)(A;;FA;;;{user})"),
    ("ws\\f", "D:(A;;FR;;;S-1-5-21-9-9-9-1)(D;;0x2;;;S-1-5-21-9-9-9-2)(A;;FA;;;{user})S:(ML;;NW;;;LW)"),
    ("ws\\d\\deep", "D:P(D;OICI;0x2;;;S-1-5-21-9-9-9-3)(A;OICI;FA;;;{user})"),
    ("ws\\.git\\config", "D:(A;;FA;;;{user})S:(ML;;NW;;;ME)"),
    ("ws\\.git\\hooks", "D:P(A;OICI;FA;;;{user})"),
]
# S-1-5-21- and three more numbers, but the user's (0-0-0) and the foreign ones above (9-9-9)
OURS = re.compile("010500000000000515000000(?!00000000|09000000)[0-9a-f]{32}")
MARK = b"\xc5JR\x01"  # before each record: core/winjournal.c


def without_ours(dump):
    """The descriptors with one word for the workspace's own SID: a new directory has a new one."""
    return {path: OURS.sub("OURS", text) for path, text in dump.items()}


class Journal:
    def __init__(self, tap, wine, carrel, probe):
        self.tap, self.wine = tap, wine
        self.carrel, self.probe = wine.copy(carrel), wine.copy(probe)
        self.state = escape_bed.Place(wine, "s").state()[0]
        self.path = os.path.join(self.state, "acl-journal")
        self.user = "S-1-5-21-0-0-0-1000"  # whoever runs Wine

    def size(self):
        try:
            return os.path.getsize(self.path)
        except FileNotFoundError:
            return 0

    def place(self, name):
        place = escape_bed.Place(self.wine, name)
        words = []
        for path, sddl in STARTING:
            words += [place.win(path), sddl.format(user=self.user)]
        code, output = self.wine.run(self.probe, "set", *words)
        if code:
            raise RuntimeError(f"cannot prepare: {output!r}")
        return place

    def dump(self, place):
        code, output = self.wine.run(self.probe, "dump", place.win("ws"), place.win("out"),
                                     stderr=subprocess.DEVNULL)
        lines = output.decode().replace("\r\n", "\n").splitlines()
        return code, dict(line.split("\t") for line in lines if "\t" in line)

    def box(self, place, *words, options=()):
        return escape_bed.box(self.carrel, place, *(words or (self.probe, "dump", "C:\\nothing")),
                              options=options)

    def uninstall(self):
        return self.wine.run(self.carrel, "uninstall")

    def run_and_kill(self, words, is_time, **options):
        """Kills the program as soon as is_time(). False: it ended before."""
        child = self.wine.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                **options)
        killed = False
        while child.poll() is None and not killed:
            killed = is_time()
            if killed:
                child.send_signal(signal.SIGKILL)
            else:
                time.sleep(0.0002)
        child.wait()
        self.settle()
        return killed

    def settle(self):
        """Until no process of the test is left: a canary or command may outlive its carrel a bit."""
        for _ in range(100):
            if not self.wine.processes():
                return
            time.sleep(0.05)

    def names_left(self, place):
        """The names in the workspace, when the Wine server has closed what the dead held open."""
        for _ in range(100):
            names = sorted(os.listdir(place.path("ws")))
            if len(names) == 5:
                break
            time.sleep(0.05)
        return names

    def records(self):
        """Where in the journal each record ends."""
        with open(self.path, "rb") as file:
            data = file.read()
        ends, at = [], 4
        while data[at:at + 4] == MARK:
            at += 12 + int.from_bytes(data[at + 4:at + 8], "little")
            ends.append(at)
        return ends

    def restored(self, place, before, title):
        code, output = self.uninstall()
        self.tap.check(f"{title}: uninstall ends well", code == 0, output.decode(errors="replace"))
        _, after = self.dump(place)
        self.tap.check(f"{title}: every descriptor is back", after == before,
                       {path: (before.get(path), after.get(path))
                        for path in {*before, *after} if before.get(path) != after.get(path)})


def in_order(journal, tap):
    place = journal.place("a")
    code, before = journal.dump(place)
    tap.check("the starting tree can be read", code == 0 and len(before) >= 15, before)
    code, output = journal.wine.run(*journal.box(place), cwd=place.path("ws"))
    tap.check("a box runs", code in (0, 1), output.decode(errors="replace"))
    _, during = journal.dump(place)
    outside = {path for path in before if "\\out" in path}
    tap.check("the workspace is changed", sum(before[p] != during.get(p) for p in before) > 5)
    tap.check("nothing else is", all(before[path] == during.get(path) for path in outside))
    size = journal.size()
    journal.wine.run(*journal.box(place), cwd=place.path("ws"))
    _, again = journal.dump(place)
    tap.check("a second box writes no entry", during == again)
    tap.check("and nothing to the journal", journal.size() == size, (size, journal.size()))
    journal.restored(place, before, "in order")
    code, output = journal.uninstall()
    tap.check("a second uninstall has nothing to do", b"nothing to take back" in output, output)
    shutil.rmtree(place.top)


def foreign(journal, tap):
    """What somebody else does to a file meanwhile stays; what is gone does not matter."""
    place = journal.place("f")
    _, before = journal.dump(place)
    journal.wine.run(*journal.box(place), cwd=place.path("ws"))
    shutil.rmtree(place.path("ws", "d"))
    journal.wine.run(journal.probe, "set", place.win("ws\\g"), "D:P(A;;FA;;;BU)(A;;0x7;;;WD)")
    code, output = journal.uninstall()
    tap.check("with changes of others: uninstall ends well", code == 0, output)
    _, after = journal.dump(place)
    changed = {path for path in after if before[path] != after[path]}
    tap.check("with changes of others: all but their file is back", changed == {place.win("ws", "g")},
              changed)
    shutil.rmtree(place.top)


def policies(journal, tap):
    """A name that is no longer protected can be written, and protected again."""
    place = journal.place("p")
    _, before = journal.dump(place)
    write = (journal.probe, "set", place.win("ws\\.git\\made"), "D:")

    def can_write(*options):
        made = place.path("ws", ".git", "made")
        code, output = journal.wine.run(*journal.box(place, journal.probe, "count",
                                                     place.win("ws\\.git"), "1", options=options),
                                        cwd=place.path("ws"))
        done = os.path.isdir(place.path("ws", ".git", "d0"))
        shutil.rmtree(place.path("ws", ".git", "d0"), ignore_errors=True)
        return done, output.decode(errors="replace"), made, write, code

    for options, wanted, title in (((), False, "protected"),
                                   (("--write", place.win("ws", ".git")), True, "allowed"),
                                   ((), False, "protected again")):
        seen = can_write(*options)
        tap.check(f"{title}: writing .git {'works' if wanted else 'is refused'}",
                  seen[0] == wanted, seen)
    journal.restored(place, before, "after three policies")
    shutil.rmtree(place.top)


def allowed_again(journal, tap):
    """A denial says nothing beneath it where the policy allows again, whatever is allowed there."""
    place = journal.place("n")
    for part in ("open", "deep/own", "deep/kept"):
        os.mkdir(place.path("ws", "d", part))
    wine_module.own(place.top)
    # lists of their own, as icacls leaves them: an inherited denial would come behind them
    mine = f"D:(A;OICI;FA;;;{journal.user})"
    code, output = journal.wine.run(journal.probe, "set", *[
        word for part in ("open", "deep", "deep\\own", "deep\\kept")
        for word in (place.win("ws", "d", part), mine)])
    tap.check("directories have lists of their own", code == 0, output)
    _, before = journal.dump(place)
    options = [word for name, part in (("--protect", "d"), ("--write", "d\\deep"),
                                       ("--protect", "d\\deep\\kept"))
               for word in (name, place.win("ws", part))]
    for part, wanted in (("", False), ("open", False), ("deep", True), ("deep\\own", True),
                         ("deep\\kept", False)):
        where = place.win("ws", "d", part) if part else place.win("ws", "d")
        code, output = journal.wine.run(*journal.box(place, journal.probe, "count", where, "1",
                                                     options=options), cwd=place.path("ws"))
        made = place.path("ws", "d", *part.split("\\"), "d0")
        tap.check(f"allowed beneath what is denied: writing d\\{part} "
                  f"{'works' if wanted else 'is refused'}",
                  os.path.isfile(os.path.join(made, "f0")) == wanted and code == (not wanted),
                  (code, output))
        shutil.rmtree(made, ignore_errors=True)
    journal.restored(place, before, "allowed beneath what is denied")
    shutil.rmtree(place.top)


def while_running(journal, tap):
    place = journal.place("r")
    _, before = journal.dump(place)
    # the probe's `wait` ends with its standard input
    child = journal.wine.start(*journal.box(place, journal.probe, "wait", "."), cwd=place.path("ws"),
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    line = child.stdout.readline()
    code, output = journal.uninstall()
    tap.check("uninstall refuses while a box runs", code == 125 and b"a box is running" in output,
              (line, code, output))
    tap.check("names that must not appear are held", sorted(os.listdir(place.path("ws")))[0] ==
              ".agents", os.listdir(place.path("ws")))
    child.send_signal(signal.SIGKILL)
    child.wait()
    journal.settle()
    child.stdin.close()
    child.stdout.close()
    left = journal.names_left(place)
    tap.check("a killed carrel takes its box along, and the names it held",
              not journal.wine.processes() and left == [".git", "d", "f", "g", "hl"],
              (journal.wine.processes(), left))
    journal.restored(place, before, "after a killed box")
    shutil.rmtree(place.top)


def held_names(journal, tap):
    """A name that somebody else has open for deletion cannot be held; a second box can run."""
    place = journal.place("h")
    _, before = journal.dump(place)
    git = place.win("ws", ".git")

    def other(*words):
        child = journal.wine.start(*words, cwd=place.path("ws"), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return child, child.stdout.readline()

    def end(child):
        child.stdin.close()
        child.wait()
        child.stdout.close()

    def run():
        code, output = journal.wine.run(*journal.box(place), cwd=place.path("ws"))
        return code, output.decode(errors="replace")

    child, line = other(journal.probe, "hold", git)
    code, output = run()
    tap.check("a protected name that is open for deletion elsewhere lets nothing run",
              b"ready" in line and code == 125 and "cannot hold" in output, (line, code, output))
    end(child)
    code, output = run()
    tap.check("and runs when it is not", code in (0, 1), output)
    child, line = other(*journal.box(place, journal.probe, "wait", "."))
    code, output = run()
    tap.check("two boxes share the names that must not appear", b"ready" in line and code in (0, 1),
              (line, code, output))
    end(child)
    journal.settle()
    journal.restored(place, before, "after held names")
    shutil.rmtree(place.top)


def only_modify(journal, tap):
    """At the top of a drive Windows lets users modify what they make, and not label it."""
    place = journal.place("o")
    journal.wine.run(journal.probe, "set", place.win("ws"),
                     f"D:P(A;OICI;0x1301bf;;;{journal.user})(A;OICI;FA;;;SY)")
    _, before = journal.dump(place)
    code, output = journal.wine.run(*journal.box(place), cwd=place.path("ws"))
    tap.check("a workspace that may only be modified is refused, and how to change that is said",
              code == 125 and b"icacls" in output, (code, output))
    tap.check("nothing of it is changed", journal.dump(place)[1] == before)
    journal.uninstall()
    shutil.rmtree(place.top)


def drive_away(journal, tap):
    """What lies on a drive that is away keeps its record, and holds up nothing else."""
    near, far = journal.place("near"), journal.place("far")
    drive = os.path.join(journal.wine.prefix, "dosdevices", "e:")
    os.symlink(far.top, drive)
    befores = [journal.dump(place)[1] for place in (near, far)]
    journal.wine.run(*journal.box(near), cwd=near.path("ws"))
    words = [word if word != far.win("ws") else "E:\\ws" for word in journal.box(far)]
    _, output = journal.wine.run(*words, cwd=far.path("ws"))
    tap.check("a box on another drive changes its workspace",
              journal.dump(far)[1] != befores[1], output.decode(errors="replace"))
    os.unlink(drive)
    code, output = journal.uninstall()
    tap.check("the drive away, uninstall says so", code == 125 and b"drive that is not there" in output
              and b"could not be taken back, the first" in output, (code, output))
    tap.check("and takes all else back", journal.dump(near)[1] == befores[0])
    os.symlink(far.top, drive)
    journal.restored(far, befores[1], "the drive back")
    code, output = journal.uninstall()
    tap.check("and then nothing is left", b"nothing to take back" in output, output)
    os.unlink(drive)
    for place in (near, far):
        shutil.rmtree(place.top)


def kills(journal, tap):
    """Killed at each record of the journal, and so is the uninstall after it."""
    place = journal.place("k")
    journal.wine.run(*journal.box(place), cwd=place.path("ws"))
    ends = journal.records()
    _, whole = journal.dump(place)
    journal.uninstall()
    shutil.rmtree(place.top)
    tap.check("a set-up has five records at least", len(ends) >= 5, ends)
    killed = 0
    for number, end in enumerate(ends):
        place = journal.place("k")
        _, before = journal.dump(place)
        killed += journal.run_and_kill(journal.box(place), lambda end=end: journal.size() >= end,
                                       cwd=place.path("ws"))
        size = journal.size()
        if number % 3 == 0:
            journal.wine.run(*journal.box(place), cwd=place.path("ws"))
            _, again = journal.dump(place)
            tap.check(f"killed at record {number}: the next box completes it",
                      without_ours(again) == without_ours(whole), (whole, again))
        elif number % 2:
            journal.run_and_kill([journal.carrel, "uninstall"], lambda: journal.size() > size)
        journal.restored(place, before, f"killed at record {number}")
        shutil.rmtree(place.top)
    tap.check("nearly all were killed before they ended", killed >= len(ends) - 1, killed)


def kills_while_spreading(journal, tap):
    """Killed while 3,000 files get what they inherit: the journal does not grow, only time tells."""
    place = journal.place("m")
    code, output = journal.wine.run(journal.probe, "count", place.win("ws\\d"), "3000")
    tap.check("3,000 files are made", code == 0, output)
    _, before = journal.dump(place)
    for milliseconds in (0, 20, 60, 120, 200):
        due = []

        def is_time(due=due, milliseconds=milliseconds):
            if not due and journal.size() > 1000:
                due.append(time.monotonic() + milliseconds / 1000)
            return bool(due) and time.monotonic() >= due[0]

        journal.run_and_kill(journal.box(place), is_time, cwd=place.path("ws"))
        journal.restored(place, before, f"killed {milliseconds} ms into spreading")
    shutil.rmtree(place.top)


def main(argv):
    tap = Tap()
    with escape_bed.bed() as wine:
        if not wine:
            return wine_module.missing()
        journal = Journal(tap, wine, argv[1], argv[2])
        journal.uninstall()
        for test in (in_order, foreign, policies, allowed_again, while_running, held_names,
                     only_modify, drive_away, kills, kills_while_spreading):
            test(journal, tap)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
