#!/usr/bin/env python3
"""Programs that leave while their connection is being made, to a host that never answers.

usage: leave.py CARREL [ROW...]      ROW: names of functions below, all if none

What the kernel can tell of it is said in src/broker/leave.c. Speaks TAP. Played in both tiers.
"""

import json
import os
import sys
import time

import names
import world
from proxy import ProxyPlace
from threat_reach import echo
from trial import ALLOWED

# by address, what happens depends on no name server's speed
LOST, PORT, DEAD = names.LOST, 443, names.NOWHERE[0]
RULES = [f"allow connect {LOST}:{PORT}", f"allow connect {DEAD}:{PORT}", f"allow connect {ALLOWED}:7 notls"]
SOON = 12 # seconds; a dial that nobody ends goes on for 30
KEPT, MOST_RACING = 30, 256
TICKS = os.sysconf("SC_CLK_TCK")


class LeavePlace(world.NetPlace):
    script = "inside_leave.py"


class LeaveProxyPlace(ProxyPlace):
    script = "inside_leave.py"


class Scene:
    """One box, and what can be known of it from outside."""

    def __init__(self, tap, made, place, tier):
        self.tap, self.world, self.place, self.tier = tap, made, place, tier
        self.log = os.path.join(place.workspace, "ends")
        self.broker, self.before = None, 0

    def ended(self, how=None):
        """The events of connections to nowhere, as far as they have come."""
        with open(self.log, encoding="utf-8") as file:
            events = [json.loads(line) for line in file.read().splitlines()]
        return [event for event in events if event.get("address") == DEAD
                and how in (None, event["end"])]

    def play(self, title, steps, acts):
        """acts[word]() gives problems when the box says the word."""
        problems = []
        with open(self.log, "w", encoding="utf-8"):
            pass
        self.place.give(self.log)

        def at(word, child):
            if word == "before":
                self.broker = world.broker_of(child.pid)
                self.before = world.descriptors(self.broker)
                return
            try:
                problems.extend(acts.get(word, list)() or [])
            except RuntimeError as error:
                problems.append(str(error))
        steps = [echo(ALLOWED), ["pause", {"word": "before"}], *steps]
        if self.tier == "landlock":
            steps = steps[1:] # an echo knows no proxy
        ran = self.place.play(steps, RULES, at, ["--events", self.log])
        problems += ran.broken() + [str(result) for result in ran.results if not result["ok"]]
        self.tap.check(f"{self.tier}: {title}", problems + (ran.told() if problems else []))

    def is_empty(self):
        return world.descriptors(self.broker) <= self.before + KEPT

    def seconds_of_work(self):
        with open(f"/proc/{self.broker}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


def gone(scene):
    """A client that is closed or reset ends its dial; one that has only said everything does not."""
    def left():
        started = time.monotonic()
        try:
            world.until("twenty ends", lambda: len(scene.ended("left")) >= 20)
        except RuntimeError:
            return [f"only {len(scene.ended('left'))} have left", *map(str, scene.ended())]
        took = time.monotonic() - started
        problems = [] if took < SOON else [f"after {took} s"]
        others = [event for event in scene.ended() if event["end"] != "left"]
        problems += [str(event) for event in others]
        # those that wait for an answer have been probed as often
        return problems + ([] if len(scene.ended()) == 20 else [f"{len(scene.ended())} ends"])
    scene.play("who has left is not connected any more, who has said everything still is", [
        ["ends", {"host": DEAD, "port": PORT, "counts": {"close": 10, "reset": 10, "half": 5}}]],
        {"left": left})


def loop(scene):
    """Neither time nor memory nor descriptors."""
    count = 400

    def left():
        kib, work = world.rss_kib(scene.broker), scene.seconds_of_work()
        started = time.monotonic()
        world.until("the last end", lambda: len(scene.ended()) >= count)
        world.until("descriptors", scene.is_empty)
        took, work = time.monotonic() - started, scene.seconds_of_work() - work
        grown = world.rss_kib(scene.broker) - kib
        return ([] if took < SOON else [f"after {took} s"]) + \
            ([] if grown < 2048 else [f"the broker grew by {grown} KiB"]) + \
            ([] if work < took / 4 else [f"the broker worked for {work} of {took} s"])
    scene.play("connections that come and go in a loop leave nothing, and cost nothing after", [
        ["loop", {"host": DEAD, "port": PORT, "count": count}]], {"left": left})


def racing(scene):
    """Sixteen addresses each, none of which answers."""
    count, most = 60, []
    capture = scene.world.capture()

    def waiting():
        def all_tried():
            most.append(world.descriptors(scene.broker))
            return len({packet.target for packet in capture.packets()
                        if packet.port == PORT and packet.syn}) == 16
        world.until("an attempt at every address", all_tried)
        end = time.monotonic() + 1
        while time.monotonic() < end:
            all_tried()
        limit = scene.before + 2 * count + MOST_RACING + KEPT
        return [] if max(most) <= limit else [f"{max(most)} descriptors, not {limit}"]
    steps = [["ends", {"host": LOST, "port": PORT, "counts": {"keep": count}}]]
    if scene.tier == "full":
        steps += [echo(ALLOWED)]
    with capture:
        scene.play("attempts to reach silent hosts are bounded, and every address has its turn",
                   steps, {"waiting": waiting})


ROWS = [gone, loop, racing]


def main():
    wanted = sys.argv[2:]

    def battery(tap, made, place):
        for tier, kind in (("full", LeavePlace), ("landlock", LeaveProxyPlace)):
            made.places.append(mine := kind(made, place.as_root))
            if tier == "full":
                mine.env.pop("HTTP_PROXY", None)
            for row in ROWS:
                if not wanted or row.__name__ in wanted:
                    row(Scene(tap, made, mine, tier))
    return world.batteries(sys.argv, battery)


if __name__ == "__main__":
    sys.exit(main())
