#!/usr/bin/env python3
"""Every system call of a start fails in turn, and every process is killed at every call of its own.

usage: calls.py CARREL INJECT INSIDE

A start has three processes: the launcher, init, and the command until it executes. `inject` lets
one call of one of them fail, or kills the process there. Afterwards one of two things must hold:
carrel ended with an error that says what failed and the command never ran; or the command ran, and
the box it printed is the box of an undisturbed run, line by line. Nothing may stay behind.
What else is accepted is in EXCEPTIONS, each with its reason. Speaks TAP.
CARREL_FAULTS_SCALE below 1 tries a part of the calls.
"""

import concurrent.futures
import difflib
import errno
import os
import queue
import random
import re
import subprocess
import sys

from common import SCALE, Scene, Tap, difference

ROLES = ("launcher", "init", "helper", "command")
WORKERS = 2
TIERS = {
    "full": ["--protect", "sub/deep/keep", "--hide", "sub/secret",
             "--limit", "files=200", "--limit", "processes=200"],
    "landlock": ["--tier", "landlock", "--limit", "files=200", "--accept-gap", "protected-paths",
                 "--accept-gap", "metadata", "--accept-gap", "processes"],
}
# The error is one that nothing handles specially. CARREL_FAULTS_ERRORS=ENOENT,EINTR tries others,
# whose special handling has to be judged by eye.
ERRORS = [getattr(errno, name) for name in
          os.environ.get("CARREL_FAULTS_ERRORS", "EPERM").split(",")]
ACTIONS = [*ERRORS, "kill"]
# How many calls are tried: all, where they are worth it.
SERVING = 60
MOST = {"full": 1000, "landlock": 150}
# What `inside` does where it may is not litter of the box when both are killed.
OWN_WORK = {"full": r"/workspace/x$", "landlock": r"/workspace/"}
VERBOSE = os.environ.get("CARREL_FAULTS_VERBOSE") == "1"

ANY = tuple(ERRORS)
# What may happen besides: (actions, call, reason).
EXCEPTIONS = [
    (ANY, r"launcher \d ", "the C library's own start; it ends as it can"),
    (ANY, r"launcher 1\d (mprotect|fcntl [012])",
     "likewise; and without standard descriptors there is nobody to tell"),
    (ANY, r"launcher \d+ landlock_create_ruleset 0 0$",
     "so a kernel without Landlock answers; the full tier then has one fence less, and says so"),
    (ANY, r"launcher \d+ newfstatat \S+ \S+ '/dev/",
     "a device the host cannot show is not in the box"),
    (ANY, r"launcher \d+ (newfstatat \d|unlinkat|flock) ",
     "a name that cannot be removed stays, with its mark, until the next box ends"),
    (ANY, r"init \d+ rmdir ", "a temporary directory that cannot be removed stays"),
    (ANY, r"init \d+ sendmsg ", "the exit code is lost, and told as a kill"),
    (ANY, r"launcher \d+ recvmsg ", "likewise"),
    (ANY, r"init \d+ wait4 f+ ", "cannot fail while init has children"),
    (ANY, r"launcher \d+ rt_sigprocmask 0 ", "inside musl's fork, which cannot do without"),
]


class Run:
    """One start with one fault in it."""

    def __init__(self, scene, before, words):
        out = os.path.join(scene.temp, "calls")
        child = scene.start(scene.account() + [scene.tools["inject"], out] + words,
                            stdout=subprocess.PIPE)
        report, errors = child.communicate()
        with open(out, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        os.unlink(out)
        self.calls = [line[5:] for line in lines if line.startswith("call ")]
        self.survivors = [line for line in lines if line.startswith("survivor ")]
        self.end = next((line[4:] for line in lines if line.startswith("end ")), "?")
        self.report = scene.mine(report.decode("utf-8", "replace"))
        self.errors = errors.decode("utf-8", "replace")
        mark = os.path.join(scene.workspace, "RAN")
        self.ran = os.path.exists(mark)
        if self.ran:
            os.unlink(mark)
        self.left = difference(before, scene.tree())
        if self.left:
            scene.restore()


class Bench:
    """A scene, and how an undisturbed run looks there."""

    def __init__(self, argv, tier):
        self.scene = Scene(argv[1], tools=argv[2:4])
        self.words = [self.scene.carrel, "run", *TIERS[tier], "--", *self.scene.inside()]
        self.before = self.scene.tree()
        self.most, self.own_work = MOST[tier], OWN_WORK[tier]
        self.reference = self.run("list", "-", 0)

    def run(self, action, role, number):
        return Run(self.scene, self.before, [str(action), role, str(number), *self.words])

    def numbers(self, role):
        """The calls worth trying: all until the command runs, some of the many that serve it."""
        calls = [call for call in self.reference.calls if call.startswith(role)]
        started = next((i for i, call in enumerate(calls) if " poll " in call), len(calls))
        numbers = list(range(1, len(calls) + 1))
        early, late = numbers[:started + SERVING], numbers[started + SERVING:]
        chance = random.Random(7)
        numbers = early + chance.sample(late, min(len(late), SERVING))
        most = max(1, int(self.most * SCALE))
        return chance.sample(numbers, most) if len(numbers) > most else numbers


def other_box(run, reference):
    """Lines that tell another box than the undisturbed one; [] when it is the same."""
    if run.report == reference.report:
        return []
    changes = [line for line in difflib.ndiff(reference.report, run.report) if line[0] in "+-"]
    return ["another box: " + "; ".join(changes[:4])]


def wider_box(run, reference):
    """What this box has that the undisturbed one has not, other than refusals."""
    return [f"a wider box: {line}" for line in run.report
            if line not in reference.report and not re.search(r": E[A-Z]+$", line)]


def judge_failure(role, run, reference):
    """What the launcher cannot look at is at worst missing in the box; a step that fails is not
    forgiven."""
    if run.ran:
        problems = (wider_box if role == "launcher" else other_box)(run, reference)
        if run.end != reference.end:
            problems.append(f"it {run.end} instead of {reference.end}: {run.errors.strip()}")
        return problems
    if run.end not in ("exited 125", "exited 126"):
        return [f"the command did not run, and carrel {run.end}: {run.errors.strip()}"]
    return [] if "carrel: " in run.errors else [f"no message: {run.errors!r}"]


# How carrel may end when one of its processes is killed.
AFTER_KILL = {
    "launcher": ["killed 9"], "init": ["exited 125", "exited 137", "exited 7"],
    "helper": ["exited 125", "exited 7"], "command": ["exited 125", "exited 137"],
}


def judge_kill(bench, role, run):
    """The box is dying: what answered ENOSYS had lost the one who watches refusals, and files the
    command had not yet removed itself are its own."""
    problems = []
    reference = bench.reference
    done = {line for line in reference.report if line.endswith(": done")}
    problems += [f"the dying box allowed: {line}" for line in run.report
                 if line.endswith(": done") and line not in done]
    if run.end not in AFTER_KILL[role]:
        problems.append(f"carrel {run.end}: {run.errors.strip()}")
    if run.ran and run.end == "exited 125":
        problems.append("carrel says that nothing ran, but the command did")
    if run.end == "exited 125" and "carrel: " not in run.errors:
        problems.append(f"no message: {run.errors!r}")
    run.left = [line for line in run.left if not re.search(bench.own_work, line)]
    if role == "init":  # who would have removed the temporary directory of this tier is gone
        run.left = [line for line in run.left if not re.search(r"/temp/carrel-[0-9a-f]+", line)]
    return problems


def excused(action, call):
    return any(action in actions and re.match(pattern, call)
               for actions, pattern, _ in EXCEPTIONS)


def one(benches, action, role, number):
    bench = benches.get()
    try:
        run = bench.run(action, role, number)
        reference = bench.reference
    finally:
        benches.put(bench)
    if not run.calls:
        return None, []
    problems = judge_kill(bench, role, run) if action == "kill" else \
        judge_failure(role, run, reference)
    problems += run.survivors + run.left
    if excused(action, run.calls[0]):
        problems = [problem for problem in problems if problem.startswith("surv")]
    if VERBOSE:
        first = run.errors.strip().splitlines()[:1] if not run.ran else ["(ran)"]
        print(f"# {run.calls[0]}: {run.end}: {' '.join(first)}")
    return run.calls[0], problems


def sweep(benches, numbers, action, role):
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(lambda n: one(benches, action, role, n), numbers))
    return [f"{call}: {problem}" for call, problems in results for problem in problems]


def main(argv):
    tap = Tap()
    for tier in TIERS:
        made = [Bench(argv, tier) for _ in range(WORKERS)]
        benches = queue.Queue()
        for bench in made:
            benches.put(bench)
        try:
            tap.check(f"{tier}: the undisturbed box", [] if made[0].reference.end == "exited 7"
                      else [made[0].reference.errors])
            for role in ROLES:
                for action in ACTIONS:
                    name = action if action == "kill" else errno.errorcode[action]
                    numbers = made[0].numbers(role)
                    if not numbers:
                        continue  # this tier has no such process
                    tap.check(f"{tier}: {name} at each of {len(numbers)} calls of the {role}",
                              sweep(benches, numbers, action, role))
        finally:
            for bench in made:
                bench.scene.remove()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
