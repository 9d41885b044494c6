#!/usr/bin/env python3
"""Every known way out, tried outside and in a box.

usage: escape.py CARREL PROBE [NAME...]       NAME: attacks or scenarios, with * and ?; all if none

For each attack of src/verify and each account (an ordinary one, and host root when run by root):
the control must succeed outside, and, where a success leaves a trace, the fixture must show it;
then in each tier the box must refuse it and the fixture must show nothing. What a tier does not
hold must be named as a gap by its plan. Speaks TAP.

A control that this machine cannot run is a skip. CARREL_MUST_ENFORCE=1 makes a skip a failure,
unless allowed-skips.txt gives the reason why this one may be.
"""

import concurrent.futures
import fnmatch
import os
import queue
import re
import sys
import time

import scenarios
from place import FIRST_ORDINARY_ID, LIMITS, Account, Fixture, Tools

# attacks that are also made from an orphaned grandchild, and without the reporting of refusals
REPRESENTATIVE = ["outside-create", "git-hook-create", "git-replace", "absent-dir-mkdir",
                  "secret-read", "tcp-loopback", "signal-kill", "unix-home", "ptrace-attach",
                  "chmod-outside", "unshare-user", "inherit-directory"]
# and in a box with a rule about connections, whose filter knows other sockets
BESIDE_RULE = ["io-uring", "inherit-socket", "unix-home", "unix-abstract", "family-packet",
               "ptrace-attach"]
SUCCEEDED, REFUSED, NOT_TESTABLE = 0, 1, 77


class Tap:
    def __init__(self, allowed):
        self.count = self.failed = self.skipped = 0
        self.allowed = allowed
        self.must = os.environ.get("CARREL_MUST_ENFORCE") == "1"

    def say(self, status, text, detail=()):
        self.count += 1
        self.failed += status == "not ok"
        text = text.replace("#", "\\#")
        print(f"{status} {self.count} - {text}", flush=True)
        for line in detail:
            print(f"  # {line}", flush=True)

    def ok(self, text, detail=()):
        self.say("ok", text, detail)

    def fail(self, text, detail=()):
        self.say("not ok", text, detail)

    def skip(self, name, text, reason):
        allowed = next((why for pattern, why in self.allowed if fnmatch.fnmatch(name, pattern)),
                       None)
        self.skipped += 1
        if not self.must:
            self.count += 1
            print(f"ok {self.count} - {text} # SKIP {reason}", flush=True)
        elif allowed:
            self.ok(f"{text} (not testable here: {allowed})", [reason])
        else:
            self.fail(f"{text}: not testable here", [reason])


def read_allowed():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "allowed-skips.txt")
    with open(path, encoding="utf-8") as file:
        lines = [line.split("#", 1)[0].strip() for line in file]
    return [tuple(line.split(None, 1)) for line in lines if line]


def settings_of(attack):
    """Limits and rules that are set for this row: only its own, so that others cannot help."""
    if "rule" in attack.needs:
        return ("rule=1",)
    if "limits" not in attack.needs:
        return ()
    which = attack.name.split("-")[1]
    return (f"limit_{which}={LIMITS[which]}",)


def try_control(tools, account, attack):
    """(verdict, text): 'ok', 'lack' (this machine cannot) or 'bad'."""
    with Fixture(tools, account) as fixture:
        ran = fixture.run_with(attack.needs, fixture.probe(attack.name, "--control"))
        changes = fixture.changes() + scenarios.beats(fixture, attack)
    if ran.code == NOT_TESTABLE:
        return "lack", ran.line()
    if ran.code != SUCCEEDED and "by_trace" not in attack.traits:
        return ("lack" if "may_lack" in attack.traits else "bad"), ran.line()
    if "trace" in attack.traits and not changes:
        return "bad", f"it left no trace outside ({ran.line()})"
    return "ok", ran.line()


def judge(attack, tier, ran, changes, gaps):
    """(verdict, text) of a run in a box: 'held', 'gap', 'open', 'lack' or 'bad'."""
    broke = bool(changes) or (ran.code == SUCCEEDED and "by_trace" not in attack.traits)
    text = [ran.line(), *changes]
    if broke and tier in attack.tiers:
        return ("gap" if attack.gap in gaps else "bad"), text
    if broke and attack.gap is None:
        return "open", text
    if broke:
        return ("gap" if attack.gap in gaps else "bad"), text + [f"gaps of the plan: {gaps}"]
    if ran.code == NOT_TESTABLE:
        return "lack", text
    if ran.code == REFUSED or (ran.code == SUCCEEDED and "by_trace" in attack.traits):
        return "held", text
    return "bad", text + [f"exit code {ran.code}", *ran.errors.splitlines()]


def try_box(tools, account, attack, tier, how=()):
    settings = settings_of(attack) + (("rule=1",) if "--rule" in how else ())
    with Fixture(tools, account, settings) as fixture:
        gaps = fixture.gaps(tier)
        keeper = "init_pid=1" if tier == "full" else "init_pid=-1"
        options = [option for option in how if option == "--no-explain"]
        words = fixture.probe(attack.name, *[o for o in how if o == "--grandchild"],
                              "--set", keeper)
        ran = fixture.run_with(attack.needs, fixture.box(tier, gaps, words, options))
        changes = fixture.changes() + scenarios.beats(fixture, attack)
    return judge(attack, tier, ran, changes, gaps)


def variants(attack):
    found = [()]
    if attack.name in REPRESENTATIVE:
        found += [("--grandchild",), ("--no-explain",)]
    if attack.name in BESIDE_RULE:
        found += [("--rule",)]
    return found


def report_box(tap, attack, label, verdict, text, control):
    say = f"{label}: {attack.title}"
    if verdict == "held" and control == "ok":
        tap.ok(say, text[:1])
    elif verdict == "held":
        pass # its control said already that it cannot be done outside either
    elif verdict == "gap":
        tap.ok(f"{say}: not held, a gap of the plan ({attack.gap})")
    elif verdict == "open":
        tap.ok(f"{say}: not protected, see docs/threat-model.md")
    elif verdict == "lack" and control != "ok":
        pass
    else:
        tap.fail(say, text)


def run_attack(tools, account, attack, tiers):
    """All runs of one attack by one account; returns what to tell the tap."""
    if ("root" in attack.needs and account.uid != 0) or \
       ("ordinary" in attack.needs and account.uid == 0) or \
       ("suid" in attack.needs and not tools.suid):
        return []
    told = []
    label = f"{attack.name} [{' '.join(attack.threats)}] {account.name}"
    control, text = try_control(tools, account, attack)
    if control == "ok":
        told.append(lambda tap: tap.ok(f"{label} outside: {attack.title}", [text]))
    elif control == "lack":
        told.append(lambda tap: tap.skip(attack.name, f"{label} outside: {attack.title}", text))
    else:
        told.append(lambda tap: tap.fail(f"{label} outside: control failed", [text]))
    for tier in tiers:
        if "proxy" in attack.needs and tier != "landlock":
            continue # there is none
        for how in variants(attack):
            verdict, lines = try_box(tools, account, attack, tier, how)
            named = " ".join([label, tier, *how])
            told.append(lambda tap, n=named, v=verdict, t=lines:
                        report_box(tap, attack, n, v, t, control))
    return told


def run_scenario(tools, account, name, scenario, tiers):
    told = []
    for tier in tiers:
        problems = scenario(tools, account, tier)
        say = f"{name} {account.name} {tier}: {scenario.__doc__.splitlines()[0]}"
        if problems is None:
            told.append(lambda tap, s=say: tap.skip(name, s, "not on this machine"))
        elif problems:
            told.append(lambda tap, s=say, p=problems: tap.fail(s, p))
        else:
            told.append(lambda tap, s=say: tap.ok(s))
    return told


def jobs(tools, names, tiers):
    """Pairs of (account's name, function of an account)."""
    def wanted(name):
        return not names or any(fnmatch.fnmatch(name, pattern) for pattern in names)

    kinds = ["user", "root"] if os.getuid() == 0 else ["user"]
    for kind in kinds:
        for attack in filter(lambda one: wanted(one.name), tools.attacks):
            yield kind, attack.name, lambda account, a=attack: run_attack(tools, account, a, tiers)
        for name, scenario in scenarios.ALL.items():
            if wanted(name):
                yield kind, name, lambda account, n=name, s=scenario: run_scenario(
                    tools, account, n, s, tiers)


def names_in_readme():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md")
    with open(path, encoding="utf-8") as file:
        rows = [line for line in file if re.match(r"\| \d", line)]
    return rows, [name for row in rows for name in re.findall(r"`([a-z0-9*-]+)`",
                                                              row.split("|")[3])]


def check_readme(tap, tools):
    """The table of README.md names every row once, and nothing that is not there."""
    rows, named = names_in_readme()
    known = [attack.name for attack in tools.attacks] + list(scenarios.ALL)
    problems = [f"no attack is called {name}" for name in named if not fnmatch.filter(known, name)]
    problems += [f"{name} is in no row" for name in known
                 if not any(fnmatch.fnmatch(name, pattern) for pattern in named)]
    numbers = [row.split("|")[1].strip() for row in rows]
    if numbers != [*map(str, range(1, 53)), "53-64"]:
        problems.append(f"rows: {' '.join(numbers)}")
    if problems:
        tap.fail("README.md answers every threat with attacks that exist", problems)
    else:
        tap.ok("README.md answers every threat with attacks that exist")


def belongings(uids):
    """What accounts that nobody else uses have on this machine."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{pid}").st_uid in uids:
                with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
                    name, state = file.read().split("(", 1)[1].rsplit(") ", 1)
                if state[0] != "Z": # an orphan's remains are for the machine's init to collect
                    found.add(f"process {pid}: {name}")
        except OSError:
            pass
    for folder in ("/tmp", "/var/tmp", "/run", "/dev/shm", "/home", "/var/lib"):
        for entry in os.scandir(folder):
            try:
                if entry.stat(follow_symlinks=False).st_uid in uids:
                    found.add(entry.path)
            except OSError:
                pass
    for kind in ("shm", "msg", "sem"):
        with open(f"/proc/sysvipc/{kind}", encoding="ascii") as file:
            names = file.readline().split()
            for line in file:
                row = dict(zip(names, line.split()))
                if int(row["uid"]) in uids:
                    found.add(f"{kind} {row[kind + 'id']}")
    return found


def check_left(tap, before, uids):
    deadline = time.monotonic() + 10
    while (left := belongings(uids) - before) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left:
        tap.fail("nothing is left behind", sorted(left))
    else:
        tap.ok("nothing is left behind")


def available_tiers(tools, account, tap):
    found = []
    for tier in ("full", "landlock"):
        with Fixture(tools, account) as fixture:
            try:
                gaps = fixture.gaps(tier)
                ran = fixture.run(fixture.box(tier, gaps, ["/bin/true"]))
                why = ran.errors.strip()
            except RuntimeError as error:
                ran, why = None, str(error)
        if ran and ran.code == 0:
            found.append(tier)
        else:
            tap.skip(f"tier-{tier}", f"tier {tier}", why or "no reason given")
    return found


def main():
    if len(sys.argv) < 3:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 2
    tap = Tap(read_allowed())
    tools = Tools(sys.argv[1], sys.argv[2])
    root = os.getuid() == 0
    workers = min(2, os.cpu_count() or 1) if root else 1
    # a number of its own for each worker: some attacks go for everything of their user
    idle = queue.Queue()
    for number in range(workers):
        idle.put(FIRST_ORDINARY_ID + number if root else os.getuid())

    def work(kind, name, job):
        uid = idle.get()
        try:
            return job(Account(0, False) if kind == "root" else Account(uid, root))
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            return [lambda tap, e=error: tap.fail(f"{name} {kind}: the harness failed", [repr(e)])]
        finally:
            idle.put(uid)

    uids = set(range(FIRST_ORDINARY_ID, FIRST_ORDINARY_ID + workers)) if root else set()
    before = belongings(uids)
    try:
        check_readme(tap, tools)
        tiers = available_tiers(tools, Account(FIRST_ORDINARY_ID if root else os.getuid(), root),
                                tap)
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            for told in pool.map(lambda job: work(*job), jobs(tools, sys.argv[3:], tiers)):
                for tell in told:
                    tell(tap)
    finally:
        tools.remove()
    check_left(tap, before, uids)
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
