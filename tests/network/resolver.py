#!/usr/bin/env python3
"""The host's /etc/resolv.conf and /etc/hosts change while a box runs.

usage: resolver.py CARREL

Speaks TAP. The probe stops where it says a word, and there the files are changed. What a new server
or file says is judged as ever.
"""

import sys

import world
from names import DNS, OTHER, ROUTER, WWW
from threat_reach import tls
from trial import ALLOWED

NOWHERE = WWW # answers no question about names
MOVED = "wild.example.org"
RULES = [f"allow connect {name}:443" for name in
         (ALLOWED, MOVED, "v4.example.com", "v6.example.com", "mixed.example.com")]
HOSTS = "127.0.0.1 localhost\n::1 localhost\n"


def say(word):
    return ["pause", {"word": word}]


def played(place, steps, acts):
    """What the steps came to; acts[word]() is done where they say the word."""
    ran = place.play(steps, RULES, lambda word, _child: acts[word]())
    told = [result for step, result in zip(steps, ran.results) if step[0] != "pause"]
    return ran, told


def is_as(wanted, told, ran):
    """Problems: whether each step succeeded."""
    got = [result["ok"] for result in told]
    return [] if got == wanted and not ran.broken() else [f"{got} instead of {wanted}", *ran.told()]


def where(made, mark):
    """The names that servers were greeted with since then, and the servers' addresses."""
    return [(event.get("sni"), event["address"]) for event in made.since(mark)
            if event.get("event") == "open"]


def other(label):
    """A connection to a name that no former step has looked up."""
    return tls(f"{label}.example.com", sni=f"{label}.example.com")


def servers(tap, made, place):
    """Another network has another name server."""
    one = tls(ALLOWED, sni=ALLOWED)
    made.resolver(NOWHERE)
    try:
        ran, told = played(place, [one, say("moved"), one], {"moved": lambda: made.resolver(DNS)})
    finally:
        made.resolver(DNS)
    tap.check("a name is found by a server that the host did not have when the box started",
              is_as([False, True], told, ran))
    try:
        ran, told = played(place, [one, say("gone"), other("v4"), one],
                           {"gone": lambda: made.resolver(NOWHERE)})
    finally:
        made.resolver(DNS)
    tap.check("the former server is asked no more, and its answers are forgotten",
              is_as([True, False, False], told, ran))


def hosts(tap, made, place):
    """A name is written into /etc/hosts, is changed there, and is taken out again."""
    step = ["tls_by_dns", {"name": MOVED}]
    acts = {"here": lambda: made.put("hosts", f"{HOSTS}{WWW} {MOVED} # as written\n"),
            "lan": lambda: made.put("hosts", f"{HOSTS}{ROUTER}\tlan {MOVED.upper()}\n"),
            "gone": lambda: made.put("hosts", HOSTS)}
    mark = made.mark()
    try:
        ran, told = played(place, [step, say("here"), other("v4"), step, say("lan"), other("v6"),
                                   step, say("gone"), other("mixed"), step], acts)
    finally:
        made.put("hosts", HOSTS)
    problems = is_as([True, True, True, True, False, True, True], told, ran)
    reached = [address for sni, address in where(made, mark) if sni == MOVED]
    if reached != [OTHER, WWW, OTHER]:
        problems.append(f"connected to {reached}")
    if not any(MOVED in line and "refused" in line for line in ran.errors.splitlines()):
        problems += ["the address of the LAN is not told as refused", *ran.told()]
    tap.check("/etc/hosts is read as it is now, and leads to no special address", problems)


def battery(tap, made, place):
    servers(tap, made, place)
    hosts(tap, made, place)


if __name__ == "__main__":
    sys.exit(world.batteries(sys.argv, battery))
