#!/usr/bin/env python3
"""Answers of the host's name servers that do not fit in a datagram: fetched by TCP, and judged.

usage: answers.py CARREL [NAME...]      NAME: of a case below, all if none

Speaks TAP. What each name's server says is in servers.py; the names are in names.py.
"""

import sys

import names
import world
from names import DATAGRAM_DNS, DNS, HOSTILE_DNS
from threat_content import all_refused, watched
from threat_names import hostile
from threat_reach import tls
from trial import WEB, Trial

UNDER = "hostile.example.com"
RULES = [*WEB, f"allow connect *.{UNDER}:443", f"allow connect *.{UNDER}:80"]
MANY, SPARE = 1000, 30
AT_A_TIME = 64 # answers that are fetched by TCP


def named(label):
    return tls(f"{label}.{UNDER}", sni=f"{label}.{UNDER}")


def reached(trial, title, label):
    """Outside the name has addresses; in the box one of them is connected to."""
    if trial.control(title, [["resolve", {"name": f"{label}.{UNDER}"}]]):
        trial.allowed(title, [named(label)], RULES, control=False)


def taken(trial):
    """More than 512 bytes: addresses, aliases in either order, a message in many packets."""
    forty = "forty.example.com"
    trial.allowed("a name with forty addresses is reached", [tls(forty, sni=forty)],
                  [f"allow connect {forty}:443"])

    def each(trial):
        for label in names.LONG:
            title = f"an answer by TCP is taken: {label}"
            if label == "backwards": # not by every resolver
                trial.allowed(title, [named(label)], RULES, control=False)
            else:
                reached(trial, title, label)
    hostile(trial, each)


def refused(trial):
    """What is cut, late, malformed, or not about the name leads nowhere, and harms nobody."""
    hostile(trial, lambda trial: watched(
        trial, "false answers by TCP lead nowhere: " + ", ".join(names.FALSE),
        [named(label) for label in names.FALSE], RULES, judge=all_refused))


def servers(trial):
    """Each server is asked in its turn; when none answers by TCP the name cannot be looked up."""
    try:
        trial.world.resolver(DATAGRAM_DNS, HOSTILE_DNS)
        reached(trial, "a server that refuses TCP: the next one is asked", "large")
        trial.world.resolver(DATAGRAM_DNS)
        watched(trial, "and without a next one nothing is reached", [named("large")], RULES,
                judge=all_refused)
    finally:
        trial.world.resolver(DNS)


def moved(trial):
    """The servers change while all that may be asked by TCP at a time wait: new ones are asked."""
    forty = "forty.example.com"
    steps = [["spread", {"pattern": f"late-#.{UNDER}", "port": 80, "count": 100, "stay": False}],
             ["pause", {"word": "moved"}], tls(forty, sni=forty)]
    mark = trial.world.mark()

    def waiting():
        return sum(bool(event.get("stream")) for event in trial.world.since(mark)) >= AT_A_TIME

    def move(_word, _child):
        world.until("answers are waited for", waiting)
        trial.world.resolver(DNS)
    try:
        trial.world.resolver(HOSTILE_DNS, patience="timeout:10 attempts:1")
        ran = trial.place.play(steps, [*RULES, f"allow connect {forty}:443"], move)
    finally:
        trial.world.resolver(DNS)
    problems = ran.broken() + [str(result) for result in ran.results if not result["ok"]]
    trial.tap.check("new servers are asked while former ones do not answer",
                    problems + (ran.told() if problems else []))


def asked_once(trial, mark, count):
    """For A and AAAA, by UDP and by TCP."""
    asked = [(event["name"], event["kind"], event["stream"]) for event in trial.world.since(mark)
             if event["server"] == "dns"]
    good = len(asked) == len(set(asked)) == 4 * count
    return [] if good else [f"{len(asked)} questions, {len(set(asked))} different ones"]


def many(trial):
    """A thousand names at once, two answers by TCP each; then as many that nobody waits for."""
    seen = {}

    def look(word, child):
        broker = world.broker_of(child.pid)
        if word == "after":
            world.until("what nobody waits for has ended",
                        lambda: world.descriptors(broker) <= seen["before"][1] + SPARE)
        seen[word] = broker, world.descriptors(broker)

    def spread(label, count=MANY, **more):
        return ["spread", {"pattern": f"{label}.{UNDER}", "port": 80, "count": count, **more}]

    def play(steps):
        ran = trial.place.play(steps, RULES, look)
        problems = ran.broken() + [str(result) for result in ran.results if not result["ok"]]
        return problems + (ran.told() if problems else [])
    try:
        trial.world.resolver(HOSTILE_DNS, patience="timeout:10 attempts:2")
        mark = trial.world.mark()
        problems = play([spread("wide-#")]) + asked_once(trial, mark, MANY)
        trial.tap.check(f"{MANY} names at once are looked up by TCP", problems)
        mark = trial.world.mark()
        problems = play([spread("wide")]) + asked_once(trial, mark, 1)
        trial.tap.check(f"one name is asked for once, whatever {MANY} connections go there",
                        problems)
        trial.world.resolver(HOSTILE_DNS)
        problems = play([["pause", {"word": "before"}], spread("late-#", 300, stay=False),
                         ["pause", {"word": "after"}], named("large")])
    finally:
        trial.world.resolver(DNS)
    if len({broker for broker, _ in seen.values()}) != 1:
        problems.append(f"brokers: {seen}")
    trial.tap.check("names that nobody waits for leave nothing behind", problems)


CASES = [taken, refused, servers, moved, many]


def main():
    wanted = sys.argv[2:]

    def battery(tap, made, place):
        trial = Trial(tap, made, place)
        for case in CASES:
            if not wanted or case.__name__ in wanted:
                case(trial)
    return world.batteries(sys.argv, battery)


if __name__ == "__main__":
    sys.exit(main())
