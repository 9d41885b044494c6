#!/usr/bin/env python3
"""Signals to carrel and around it: passed on, told as exit codes, and nobody survives.

usage: signals.py CARREL [CASE...]

Both tiers, as an ordinary user and as root. Speaks TAP.
"""

import os
import signal
import subprocess
import sys
import time

from common import Scene, as_user_and_root, difference

TIERS = {
    "full": [],
    "landlock": ["--tier", "landlock", "--accept-gap", "protected-paths", "--accept-gap",
                 "metadata", "--accept-gap", "processes"],
}
FORWARDED = ["HUP", "INT", "QUIT", "TERM", "USR1", "USR2", "ALRM"]
DEADLINE = 2.0  # seconds the tree may take to die
# A tree that does not want to die: daemons, deaf ones, a stopped one, one that forks for ever.
TREE = """
trap '' HUP INT QUIT TERM USR1 USR2 ALRM
(setsid sh -c '(setsid sleep 1000 &) ; exec sleep 1000' &)
(trap '' TERM; sleep 1000) &
sh -c 'kill -STOP $$; sleep 1000' &
(while :; do sleep 0.01; (sleep 0.02 &) ; done) &
touch READY
wait
"""


SLOW = ["strace", "-o", "/dev/null", "-e", "trace=sendmsg", "-e", "inject=sendmsg:delay_enter=100000"]


class Box:
    """A running box, until `end`."""

    def __init__(self, scene, tier, script, options=(), under=(), **how):
        words = scene.box("/bin/sh", "-c", script, options=[*TIERS[tier], *options])
        before = len(scene.account())
        words[before:before] = under
        self.scene = scene
        how.setdefault("stdout", subprocess.PIPE)
        self.child = scene.start(words, **how)
        self.began = time.monotonic()

    def ready(self, name="READY"):
        """Waits until the command has made the file."""
        path = self.scene.path(f"workspace/{name}")
        deadline = time.monotonic() + 10
        while not os.path.exists(path) and time.monotonic() < deadline:
            time.sleep(0.002)
        if os.path.exists(path):
            os.unlink(path)

    def send(self, name):
        self.child.send_signal(getattr(signal, "SIG" + name))

    def end(self, seconds=10):
        """(exit code, output, errors, seconds since the start)."""
        try:
            out, errors = self.child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.child.kill()
            out, errors = self.child.communicate()
            errors += b" (hung)"
        return (self.child.returncode, (out or b"").decode(), errors.decode("utf-8", "replace"),
                time.monotonic() - self.began)

    def init(self):
        """The pid of init: the launcher's child."""
        with open(f"/proc/{self.child.pid}/task/{self.child.pid}/children",
                  encoding="ascii") as file:
            return int(file.read().split()[0])


def all_dead(scene, seconds=DEADLINE):
    deadline = time.monotonic() + seconds
    while (alive := scene.processes()) and time.monotonic() < deadline:
        time.sleep(0.005)
    return [f"process {pid} lives on: {scene.describe(pid)}" for pid in alive]


def expect(what, got, wanted):
    return [] if got == wanted else [f"{what}: {got!r} instead of {wanted!r}"]


def passed_on(scene, tier):
    problems = []
    for name in FORWARDED:
        box = Box(scene, tier, f"trap 'echo got {name}; exit 33' {name}; touch READY; "
                               "while :; do sleep 0.01; done")
        box.ready()
        box.send(name)
        code, out, errors, _ = box.end()
        problems += expect(f"{name} {errors}", (code, out), (33, f"got {name}\n"))
    return problems


def as_exit_codes(scene, tier):
    problems = []
    for name in FORWARDED:
        box = Box(scene, tier, "touch READY; exec sleep 1000")
        box.ready()
        box.send(name)
        problems += expect(name, box.end()[0], 128 + getattr(signal, "SIG" + name))
    for number in (1, 2, 3, 4, 6, 7, 8, 9, 11, 13, 14, 15, 24, 31, 34, 64):
        code = Box(scene, tier, f"ulimit -c 0; kill -{number} $$; sleep 5").end()[0]
        problems += expect(f"own signal {number}", code, 128 + number)
    for number in (0, 1, 2, 77, 124, 125, 126, 127, 128, 200, 255):
        problems += expect(f"own code {number}", Box(scene, tier, f"exit {number}").end()[0],
                           number)
    return problems


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def await_state(pid, wanted):
    deadline = time.monotonic() + 5
    while state_of(pid) != wanted and time.monotonic() < deadline:
        time.sleep(0.005)
    return expect("state of the launcher", state_of(pid), wanted)


def stops(scene, tier):
    """The command stops: so does carrel. carrel is continued: so is the command."""
    problems = []
    for name in ("STOP", "TSTP", "TTIN"):
        box = Box(scene, tier, f"touch READY; kill -{name} $$; exit 5", preexec_fn=os.setpgrp)
        box.ready()
        problems += [f"{name}: {p}" for p in await_state(box.child.pid, "T")]
        box.send("CONT")
        problems += expect(f"after {name}", box.end()[0], 5)
    box = Box(scene, tier, "trap 'touch READY' USR1; touch READY; "
                           "for i in $(seq 1000); do sleep 0.01; [ -e GO ] && exit 6; done")
    box.ready()
    box.send("STOP")
    problems += await_state(box.child.pid, "T")
    box.send("USR1")
    box.send("CONT")
    box.ready()
    scene.put("workspace/GO", "")
    problems += expect("carrel stopped and continued", box.end()[0], 6)
    os.unlink(scene.path("workspace/GO"))
    return problems


def launcher_killed(scene, tier):
    problems = []
    for how in ("running", "stopped"):
        before = scene.tree()
        box = Box(scene, tier, TREE)
        box.ready()
        if how == "stopped":
            box.send("STOP")
        box.child.kill()
        box.child.wait()
        problems += [f"{how}: {problem}" for problem in all_dead(scene)]
        box.end()
        problems += [f"{how}: {line}" for line in difference(before, scene.tree())]
    return problems


def init_killed(scene, tier):
    """From outside, as the kernel does when memory is short."""
    before = scene.tree()
    box = Box(scene, tier, TREE)
    box.ready()
    os.kill(box.init(), signal.SIGKILL)
    code = box.end()[0]
    problems = expect("exit code", code, 137) + all_dead(scene)
    # the landlock tier's temporary directory is init's to remove
    left = difference(before, scene.tree())
    return problems + [line for line in left if tier == "full" or "/temp/carrel-" not in line]


def both_killed(scene, tier):
    """In one instant: then the next box of this workspace takes away what they left."""
    before = scene.tree()
    box = Box(scene, tier, TREE)
    box.ready()
    init = box.init()
    box.send("STOP")
    os.kill(init, signal.SIGSTOP)
    os.kill(init, signal.SIGKILL)
    box.child.kill()
    box.child.wait()
    # without a pid namespace nobody is left who could end them: a gap that the plan names
    if tier == "full":
        problems = all_dead(scene)
    else:
        problems = []
        while alive := scene.processes():
            for pid in alive:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
    box.end()
    problems += expect("the next box", Box(scene, tier, "exit 4").end()[0], 4)
    left = difference(before, scene.tree())
    return problems + [line for line in left if tier == "full" or "/temp/carrel-" not in line]


def timeouts(scene, tier):
    problems = []
    cases = [
        ("ignores SIGTERM", "trap '' TERM; while :; do sleep 0.05; done", 124, (0.5, 4.5)),
        ("ends at SIGTERM", "exec sleep 1000", 124, (0.5, 2.0)),
        ("cleans up at SIGTERM", "trap 'exit 3' TERM; while :; do sleep 0.05; done", 124,
         (0.5, 2.0)),
        ("has stopped", "kill -STOP $$; sleep 1000", 124, (0.5, 4.5)),
        ("stops again and again", "trap '' TERM; while :; do kill -STOP $$; done", 124, (0.5, 4.5)),
        ("ends before", "exit 9", 9, (0, 1)),
    ]
    boxes = [Box(scene, tier, case[1], ["--timeout", "1s"]) for case in cases]
    for box, (name, _, wanted, (least, most)) in sorted(
            zip(boxes, cases), key=lambda pair: pair[1][3][1]):  # the quick ones first
        code, _, errors, seconds = box.end()
        problems += expect(f"{name}: {errors}", code, wanted)
        if not least <= seconds <= most:
            problems.append(f"{name}: {seconds:.1f} s")
    # a launcher so slow that each stop is reported before it acts on the time
    box = Box(scene, tier, "trap '' TERM; while :; do kill -STOP $$; done", ["--timeout", "1s"], under=SLOW)
    problems += expect("stops again and again, slow launcher", box.end()[0], 124)
    return problems + all_dead(scene)


def background(scene, tier):
    """The command ends, and what it left running ends with it."""
    script = TREE.replace("wait\n", "exit 8\n").replace("touch READY", "")
    code = Box(scene, tier, script).end()[0]
    return expect("exit code", code, 8) + all_dead(scene)


def storm(scene, tier):
    """Hundreds of signals, at any moment of a start too."""
    problems = []
    for number in range(20):
        box = Box(scene, tier, "trap : HUP INT TERM USR1 USR2; touch READY; i=0; "
                               "while [ $i -lt 20 ]; do sleep 0.01; i=$((i+1)); done; exit 5")
        if number % 2:
            box.ready()
        else:
            # from here on a signal ends what is not yet ready for it, which is as good
            time.sleep(number / 2000)
        for _ in range(100):
            for name in ("USR1", "HUP", "TERM"):
                box.send(name)
        code = box.end()[0]
        wanted = {5} if number % 2 else {5, 128 + 1, 128 + 10, 128 + 15, -1, -10, -15, 125}
        if code not in wanted:
            problems.append(f"round {number}: ended with {code}")
        problems += all_dead(scene)
        if os.path.exists(scene.path("workspace/READY")):
            os.unlink(scene.path("workspace/READY"))
    return problems


CASES = [passed_on, as_exit_codes, stops, launcher_killed, init_killed, both_killed, timeouts,
         background, storm]


def battery(tap, argv, as_root):
    for tier in TIERS:
        for case in CASES:
            if argv[2:] and case.__name__ not in argv[2:]:
                continue
            scene = Scene(argv[1], as_root)
            before = scene.tree()
            try:
                problems = case(scene, tier)
                if case not in (init_killed, both_killed):
                    problems += difference(before, scene.tree())
            finally:
                scene.remove()
            who = "root" if as_root else "user"
            tap.check(f"{who}, {tier}: {case.__name__.replace('_', ' ')}", problems)


if __name__ == "__main__":
    sys.exit(as_user_and_root(sys.argv, battery))
