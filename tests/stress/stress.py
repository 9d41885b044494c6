#!/usr/bin/env python3
"""Many boxes, at once, in a row, and killed while they start: all work, and nothing stays behind.

usage: stress.py CARREL

CARREL_STRESS_SCALE (default 1.0) multiplies the numbers of runs. Looks at processes, mounts,
cgroups and files before and after. Speaks TAP.
"""

import os
import random
import signal
import subprocess
import sys
import time

from place import Place

SCALE = float(os.environ.get("CARREL_STRESS_SCALE", "1"))
SEQUENTIAL = max(1, int(1000 * SCALE))
AT_ONCE = max(1, int(200 * SCALE))
KILLS = max(1, int(100 * SCALE))


class Tap:
    def __init__(self, planned):
        self.number = 0
        self.failed = 0
        print(f"1..{planned}", flush=True)

    def check(self, name, problems):
        self.number += 1
        print(f"{'not ok' if problems else 'ok'} {self.number} - {name}")
        for problem in problems[:20]:
            print("# " + problem.replace("\n", "\n# "))
        self.failed += bool(problems)
        sys.stdout.flush()

    def note(self, text):
        print(f"# {text}", flush=True)


def sequential(place, count):
    """Each run writes into the workspace and removes it again, and must end with its own code."""
    problems = []
    for number in range(count):
        code, errors = place.run(place.box("/bin/sh", "-c", ": >f && rm f && exit 7"))
        if code != 7:
            problems.append(f"run {number} ended with {code}: {errors.strip()}")
    return problems


def at_once(place, count):
    """All start before the first may end: each waits for a line on its standard input."""
    children = [place.start(place.box("/bin/sh", "-c", "read line; exit 7"),
                            stdin=subprocess.PIPE) for _ in range(count)]
    for child in children:
        child.stdin.write(b"go\n")
        child.stdin.flush()
    problems = []
    for number, child in enumerate(children):
        _, errors = child.communicate()
        if child.returncode != 7:
            text = errors.decode("utf-8", "replace").strip()
            problems.append(f"box {number} ended with {child.returncode}: {text}")
    return problems


def start_time(place):
    """Median seconds from start to end of an empty box."""
    times = []
    for _ in range(15):
        begin = time.monotonic()
        place.run(place.box("/bin/true"))
        times.append(time.monotonic() - begin)
    return sorted(times)[len(times) // 2]


def killed(place, count, seconds):
    """SIGKILL for the launcher at random moments between its birth and past its start-up.

    Every process of the box must go with it. Returns problems, and how many commands had begun.
    """
    problems = []
    begun = 0
    chance = random.Random(20250101)
    mark = os.path.join(place.workspace, "begun")
    for number in range(count):
        child = place.start(place.box("/bin/sh", "-c", ": >begun; exec sleep 1000"))
        time.sleep(chance.uniform(0, seconds))
        child.kill()  # setpriv has replaced itself by carrel: this is the launcher
        child.communicate()
        deadline = time.monotonic() + 10
        while (alive := place.processes()) and time.monotonic() < deadline:
            time.sleep(0.002)
        problems += [f"kill {number}: process {pid} lives on: {place.describe(pid)}"
                     for pid in alive]
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
        if os.path.exists(mark):
            begun += 1
            os.unlink(mark)
    return problems, begun


def battery(tap, place, who, scale):
    before_first = place.run(place.box("/bin/true"))
    before = place.snapshot()
    tap.check(f"{who}: a box can be started", [] if before_first[0] == 0 else [str(before_first)])

    count = max(1, int(SEQUENTIAL * scale))
    tap.check(f"{who}: {count} runs in a row succeed", sequential(place, count))
    tap.check(f"{who}: they leave nothing behind", place.left_behind(before))

    count = max(1, int(AT_ONCE * scale))
    tap.check(f"{who}: {count} boxes at once succeed", at_once(place, count))
    tap.check(f"{who}: they leave nothing behind", place.left_behind(before))

    count = max(1, int(KILLS * scale))
    seconds = start_time(place)
    problems, begun = killed(place, count, 1.5 * seconds)
    tap.note(f"a box takes {1000 * seconds:.1f} ms; {begun} of {count} killed boxes had begun "
             "their command")
    tap.check(f"{who}: no process survives its launcher, killed at {count} moments of its start",
              problems)
    tap.check(f"{who}: killed boxes leave nothing behind", place.left_behind(before))
    # kills that all came too early or too late would have tested nothing
    tap.check(f"{who}: some were killed before the command began, some after",
              [] if count < 20 or 0 < begun < count else [f"{begun} of {count}"])
    tap.check(f"{who}: a box can be started afterwards", [
        f"ended with {code}: {errors}" for code, errors in [place.run(place.box("/bin/true"))]
        if code != 0])


def main(argv):
    accounts = [("user", False, 1.0)]
    if os.getuid() == 0:
        accounts.append(("root", True, 0.2))
    tap = Tap(9 * len(accounts))
    for who, as_root, scale in accounts:
        place = Place(argv[1], as_root)
        try:
            battery(tap, place, who, scale)
        finally:
            place.remove()
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
