#!/usr/bin/env python3
"""Programs that use the library are asked, and answer; nobody else does, and nothing in the box.

usage: asking.py ASKING ANSWERS [TEST...]   (examples/asking.c, answers.c)

The network is that of tests/ask: one address, and a server that counts. Speaks TAP.
"""

import glob
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "ask"))
sys.dont_write_bytecode = True
from scene import ADDRESS, SECONDS, AskPlace, enter  # noqa: E402  (found through the lines above)
from common import Tap  # noqa: E402

FOR_THE_BOX = 0xffffffff


class Programs(AskPlace):
    """A place with the two programs and, where they need it, the shared library."""

    def __init__(self, asking, answers):
        super().__init__(asking)
        self.asking, self.answers = (self.copy(path) for path in (asking, answers))
        beside = os.path.join(os.path.dirname(asking), "..", "..", "src", "lib", "libcarrel.so.0")
        for path in glob.glob(beside):
            self.copy(path)
        self.env["LD_LIBRARY_PATH"] = self.top

    def copy(self, path):
        return shutil.copy(path, os.path.join(self.top, os.path.basename(path)))

    def rules(self, decision="ask", *more):
        return "".join(f"{line}\n" for line in
                       ("use default", f"{decision} connect {self.object}", *more))

    def client_words(self, *steps):
        return ["python3", self.client, ADDRESS, str(self.server.port), *steps]

    def answered(self, mode, *steps, more=()):
        """(exit code, lines, connections made) of a box of answers.c."""
        before = self.server.count
        words = list(more) + self.client_words(*steps)
        done = subprocess.run([*self.account(), self.answers, mode, self.rules(), *words],
                              cwd=self.workspace, env=self.env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=SECONDS, check=False)
        return done.returncode, done.stdout.splitlines(), self.server.count - before


class Box:
    """A box of examples/asking.c, and its user; context."""

    def __init__(self, place, words, seconds=60, rules=None):
        self.before, self.place = place.server.count, place
        self.child = subprocess.Popen(
            [*place.account(), place.asking, str(seconds), rules or place.rules(), *words],
            cwd=place.workspace, env=place.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.child.wait()
        for file in (self.child.stdin, self.child.stdout, self.child.stderr):
            file.close()

    def line(self):
        """The next line; {} at the end."""
        text = self.child.stdout.readline()
        return json.loads(text) if text else {}

    def say(self, text):
        self.child.stdin.write(text + "\n")
        self.child.stdin.flush()

    def end(self):
        """(exit code, lines not read yet, what the command wrote, connections made)."""
        lines = [json.loads(line) for line in self.child.stdout] # of which some were read ahead
        errors = self.child.stderr.read()
        return (self.child.wait(timeout=SECONDS), lines, errors,
                self.place.server.count - self.before)


def differs(got, **wanted):
    return [f"{key}: {got.get(key)!r} instead of {value!r}" for key, value in wanted.items()
            if got.get(key) != value]


def allow(place):
    """A question comes with all that is known, and yes from another thread lets the connection go."""
    with Box(place, place.client_words("connect", "connect")) as box:
        question = box.line()
        sockets = place.sockets()
        box.say(f"allow {question['id']} 60")
        answered = box.line()
        code, lines, said, made = box.end()
    problems = differs(question, event="question", object=place.object, port=place.server.port,
                       name=None, program="python3", cwd=place.workspace, capability="connect",
                       argv=place.client_words("connect", "connect"),
                       rule=f"ask connect {place.object}")
    problems += differs(answered, event="answered", id=question["id"], allowed=True, seconds=60,
                        by="program")
    ends = [line.get("end") for line in lines]
    return problems if not problems and (code, said.count("GOT hello"), made, ends, sockets) == \
        (0, 2, 2, ["done", "done"], []) else problems + [f"{code} {said} {made} {ends} {sockets}"]


def deny(place):
    """No is no, and for a moment nothing is asked about the same place."""
    with Box(place, place.client_words("connect", "connect")) as box:
        question = box.line()
        box.say(f"deny {question['id']}")
        answered = box.line()
        _, lines, said, made = box.end()
    ends = [(line.get("event"), line.get("end")) for line in lines if "op" not in line]
    return differs(answered, event="answered", allowed=False, seconds=None, by="program") + \
        ([] if made == 0 and said.count("FAILED") == 2 and
         ends == 2 * [("connection", "denied")] else [f"{made} {said} {lines}"])


def silence(place):
    """Who never answers has said no once the time is up, and nothing was reached."""
    with Box(place, place.client_words("connect"), seconds=1) as box:
        question = box.line()
        answered = box.line()
        box.say(f"allow {question['id']} 60")
        _, lines, said, made = box.end()
    ends = [line.get("end") for line in lines if line.get("event") == "connection"]
    return differs(question, event="question") + \
        differs(answered, event="answered", id=question.get("id"), allowed=False, by="time") + \
        ([] if made == 0 and "FAILED" in said and ends == ["unanswered"] else
         [f"{made} {said} {lines}"])


def not_asked(place):
    """Where a rule allows, or none speaks, the callback is never called."""
    problems = []
    for decision, wanted in (("allow", 1), ("deny", 0)):
        with Box(place, place.client_words("connect"), rules=place.rules(decision)) as box:
            _, lines, said, made = box.end()
        asked = [line for line in lines if line.get("event") in ("question", "answered")]
        problems += [] if not asked and made == wanted else [f"{decision}: {lines} {said} {made}"]
    return problems


def expires(place):
    """No answer outlives what the policy says of grants."""
    with Box(place, place.client_words("connect"), rules=place.rules("ask", "expire 30s")) as box:
        box.say(f"allow {box.line()['id']} {FOR_THE_BOX}")
        answered = box.line()
        _, _, said, _ = box.end()
    return [] if answered["allowed"] and 0 < answered["seconds"] <= 30 and "GOT" in said else \
        [f"{answered} {said}"]


def ends_first(place):
    """A question that its box does not outlive is over when the box is."""
    words = ["sh", "-c", '"$@" & while [ ! -e end ]; do sleep 0.02; done', "-",
             *place.client_words("connect")]
    with Box(place, words) as box:
        question = box.line()
        path = os.path.join(place.workspace, "end")
        with open(path, "w", encoding="ascii"):
            pass
        code, lines, _, made = box.end()
        os.unlink(path)
    over = [line for line in lines if line.get("event") == "answered"]
    return [] if (code, made, len(over)) == (0, 0, 1) and not \
        differs(over[0], id=question["id"], allowed=False, by="time") else [f"{code} {made} {lines}"]


def within(place):
    """Answers from within the callback; the first counts; what is no answer, or late, is none."""
    over = ["sh", "-c", '"$@"; touch refused', "-"]
    problems = []
    for mode, more, asked, reached in (
            ("allow", [], 1, 1), ("deny", [], 1, 0), ("twice", [], 1, 0), ("badly", [], 1, 0),
            ("afterwards", [], 1, 0), ("late", over, 1, 0), ("nobody", [], 0, 0)):
        code, lines, made = place.answered(mode, "connect", more=more)
        questions = [line for line in lines if line == f"ASKED {place.object} 1"]
        ends = [line for line in lines if line.startswith("ANSWERED ")]
        word = "GOT hello" if reached else "FAILED"
        if (code, len(questions), len(ends), made) != (0, asked, asked, reached) or \
                not any(line.startswith(word) for line in lines):
            problems.append(f"{mode}: {code} {made} {lines}")
    return problems


def withdrawn(place):
    """A question that nobody waits for any more is over, and an answer to it does nothing."""
    with Box(place, place.client_words("leave", "wait", "connect")) as box:
        question = box.line()
        answered, event = {}, {}
        while not answered:
            line = box.line()
            answered, event = (line, event) if line["event"] == "answered" else (answered, line)
        box.say(f"allow {question['id']} 60")
        with open(os.path.join(place.workspace, "go"), "w", encoding="ascii"):
            pass
        again = box.line()
        box.say(f"deny {again['id']}")
        _, _, said, made = box.end()
    problems = differs(answered, event="answered", id=question["id"], allowed=False, seconds=None,
                       by="left")
    problems += differs(event, event="connection", end="left", refused=False)
    problems += differs(again, event="question")
    return problems if not problems and "FAILED" in said and made == 0 else \
        problems + [f"{said} {made}"]


# Every descriptor of a process but one's own that can be opened for writing, as a pipe can be.
SEARCH = r"""
import glob, os
print("OWN", sorted(int(name) for name in os.listdir("/proc/self/fd") if int(name) > 2)[1:])
found = 0
for path in glob.glob("/proc/[0-9]*/fd/*"):
    if int(path.split("/")[2]) == os.getpid():
        continue
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
        found += 1
    except OSError:
        pass
print("OPENED", found)
"""
HOLDER = "import os, subprocess, sys; ends = os.pipe(); subprocess.run(sys.argv[1:], check=True)"


def out_of_reach(place):
    """Nothing in the box has, or can open, what answers come through."""
    words = ["python3", "-c", SEARCH]
    control = subprocess.run([*place.account(), "python3", "-c", HOLDER, *words],
                             cwd=place.workspace, env=place.env, stdout=subprocess.PIPE, text=True,
                             check=False).stdout
    with Box(place, words) as box:
        code, _, said, _ = box.end()
    return ([f"control: {control}"] if "OPENED 0" in control or "OPENED" not in control else []) + \
        ([] if code == 0 and "OWN []" in said and "OPENED 0" in said else [f"{code} {said}"])


TESTS = [allow, deny, silence, withdrawn, not_asked, expires, ends_first, within, out_of_reach]


def main():
    enter()
    tap = Tap()
    place = Programs(*sys.argv[1:3])
    wanted = sys.argv[3:]
    try:
        for test in TESTS:
            if wanted and test.__name__ not in wanted:
                continue
            try:
                problems = test(place)
            except (AssertionError, KeyError, OSError, subprocess.TimeoutExpired,
                    ValueError) as error:
                problems = [f"{type(error).__name__}: {error}"]
            tap.check(test.__doc__.strip().rstrip("."), problems)
    finally:
        place.remove()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
