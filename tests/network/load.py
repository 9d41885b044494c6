#!/usr/bin/env python3
"""Many connections, much data, slow and half-closed ends: nothing lost, nothing kept.

usage: load.py CARREL [NAME...]      NAME: of a case below, all if none

Each case runs outside first. In the box the broker's descriptors and memory are read before,
meanwhile and after. Speaks TAP. CARREL_NETWORK_SCALE below 1 makes the numbers smaller.
"""

import contextlib
import os
import sys

import world
from names import DEAF, DIGEST, FAREWELL, SILENT, SOURCE
from trial import ALLOWED

SCALE = float(os.environ.get("CARREL_NETWORK_SCALE", "1"))
ECHO, NOBODY = 7, 4444
MIB = 1 << 20
MOST_KIB = 16 << 10
# empty pipes and listeners that may be kept for the next connection
KEPT = 30
FEW_FILES = 1100
RULES = [f"allow connect {ALLOWED}:{port} notls" for port in (
    ECHO, DIGEST, SOURCE, DEAF, FAREWELL, SILENT, NOBODY)] + [
        f"allow connect {ALLOWED}:{port}" for port in (80, 443)]


def many(count):
    return max(20, int(count * SCALE))


class Watch:
    """What the broker had at each word the steps said."""

    def __init__(self):
        self.pids, self.kib, self.fds = [], {}, {}

    def __call__(self, word, child):
        broker = world.broker_of(child.pid)
        self.pids.append(broker)
        if word == "after" and broker:
            self.settle(broker)
        if broker:
            self.kib[word], self.fds[word] = world.rss_kib(broker), world.descriptors(broker)

    def settle(self, broker):
        """The last ends are told to the broker in its own time; what stays open is a leak."""
        most = self.fds.get("before", 0) + KEPT
        with contextlib.suppress(RuntimeError):
            world.until("the broker's last ends", lambda: world.descriptors(broker) <= most)

    def problems(self):
        found = [f"{word}: the broker has {kib} KiB" for word, kib in self.kib.items()
                 if kib >= MOST_KIB]
        if None in self.pids or len(set(self.pids)) != 1:
            found.append(f"brokers: {self.pids}")
        return found


class Load:
    def __init__(self, tap, made, place):
        self.tap, self.world, self.place = tap, made, place
        place.script = "inside_load.py"

    def case(self, title, steps, judge=None, warm=1):
        """Outside, then between two looks at the broker inside. judge(results, events, watch)."""
        outside = self.place.play(steps, None, lambda word, child: None, timeout=300)
        bad = [str(result) for result in outside.results if not result["ok"]]
        if bad or outside.broken():
            self.tap.check(f"control: {title}", bad + outside.told())
            return
        watch, mark = Watch(), self.world.mark()
        # the first connections make listeners and fill pools, which is no leak
        all_steps = [["concurrent", {"host": ALLOWED, "port": ECHO, "count": warm, "turns": 1}],
                     ["pause", {"word": "before"}], *steps, ["pause", {"word": "after"}]]
        ran = self.place.play(all_steps, RULES, watch, timeout=300)
        problems = ran.broken() or [str(result) for result in ran.results if not result["ok"]]
        problems += watch.problems()
        problems += self.kept(watch)
        if judge and not problems:
            problems += judge(ran.results[2:-1], self.world.since(mark), watch)
        self.tap.note(f"{title}: KiB {watch.kib}, descriptors {watch.fds}")
        self.tap.check(title, problems + (ran.told() if problems else []))

    @staticmethod
    def kept(watch):
        """More descriptors afterwards than one that did little."""
        before, after = watch.fds.get("before", 0), watch.fds.get("after", 0)
        return [f"descriptors: {before} before, {after} after"] if after > before + KEPT else []


def opened(events, port):
    return sum(event.get("event") == "open" and event["port"] == port for event in events)


def arrived(events, least, most):
    """A name has two addresses: when the first is slow to answer, the second is tried as well."""
    count = opened(events, ECHO)
    return [] if least <= count <= most else [f"{count} arrived"]


def sequential(load):
    count = many(10000)
    load.case(f"{count} connections one after the other", [
        ["sequential", {"host": ALLOWED, "port": ECHO, "count": count}]],
        lambda results, events, watch: arrived(events, count + 1, count + 1 + count // 100))


def concurrent(load):
    count = many(1000)
    load.case(f"{count} connections at once", [
        ["concurrent", {"host": ALLOWED, "port": ECHO, "count": count}]],
        lambda results, events, watch: arrived(events, count + 1, 2 * count + 2))


def aborted(load):
    load.case("connections that are reset are forgotten", [
        ["abort", {"host": ALLOWED, "port": port, "count": many(500)}]
        for port in (ECHO, SILENT, DEAF)] + [
            ["sequential", {"host": ALLOWED, "port": ECHO, "count": 20}]])


def too_many(load):
    """More than a broker need take: what it takes it holds, the rest gets an error, all is well."""
    load.case("more connections than anybody needs do no harm", [
        ["crowd", {"host": ALLOWED, "port": ECHO, "count": many(6000), "text": "x"}],
        ["sequential", {"host": ALLOWED, "port": ECHO, "count": 20}]])


def half_closed(load):
    size = 300000

    def judge(_results, events, _watch):
        totals = [event["total"] for event in events if event.get("event") == "farewell"]
        return [] if totals == [size] else [f"the server read {totals} of {size} after its end"]
    load.case("either end may finish first and the other goes on", [
        ["upload", {"host": ALLOWED, "port": DIGEST, "size": 5 * MIB}],
        ["upload", {"host": ALLOWED, "port": DIGEST, "size": 0}],
        ["farewell", {"host": ALLOWED, "port": FAREWELL, "size": size}],
        # its last words must have arrived before the log is read
        ["sequential", {"host": ALLOWED, "port": ECHO, "count": 50}]], judge)


def whole(load):
    size = many(100) * 1000 * 1000
    load.case(f"{size} bytes arrive whole, both ways", [
        ["upload", {"host": ALLOWED, "port": DIGEST, "size": size}],
        ["download", {"host": ALLOWED, "port": SOURCE, "size": size}],
        ["download", {"host": ALLOWED, "port": SOURCE, "size": size // 100, "at_once": 100}]])


def slow(load):
    """The kernel's own buffers fill; the broker's memory must not."""
    def judge(results, _events, watch):
        grown = max(watch.kib[word] - watch.kib["before"] for word in ("unread", "unheard"))
        return [] if grown < 2048 else [f"the broker grew by {grown} KiB"]
    load.case("one that does not read stops the other, not the memory", [
        ["unread", {"host": ALLOWED, "port": SOURCE, "size": 300 * MIB}],
        ["unheard", {"host": ALLOWED, "port": DEAF, "most": 300 * MIB}]], judge)


def kept_alive(load):
    request = f"GET /hello HTTP/1.1\r\nHost: {ALLOWED}\r\n\r\n"
    load.case("a connection lasts for thousands of requests", [
        ["http", {"host": ALLOWED, "port": 80, "requests": [request] * many(2000)}],
        ["tls", {"host": ALLOWED, "port": 443, "sni": ALLOWED, "hosts": [ALLOWED] * many(500)}]],
        lambda results, events, watch: [
            f"{len(result['answers'])} answers" for result in results
            if not all("hello by" in answer for answer in result["answers"])])


def nobody(load):
    """A port of an allowed name where nobody listens: an error, soon."""
    steps = [["echo", {"host": ALLOWED, "port": NOBODY}]]
    ran = load.place.probe(steps, RULES, timeout=60)
    problems = ran.broken() + [f"succeeds: {result}" for result in ran.results if result["ok"]]
    problems += [f"no error in time: {result}" for result in ran.results
                 if result.get("error") in ("TimeoutError", "ETIMEDOUT")]
    load.tap.check("where nobody listens outside there is an error inside", problems)


def unpaced(load):
    """Whatever the host has for lines far away (bbr paces): within the box it would only wait."""
    steps = [["congestion", {"host": ALLOWED, "port": ECHO}]]
    ran = load.place.probe(steps, RULES, timeout=60)
    load.tap.check("connections of the box are not paced", ran.broken() + [
        f"{result}" for result in ran.results if result["text"] != "reno"])


def few_files(load):
    """The places a box connects to leave descriptors for its connections."""
    title = "a box that connects to more places than its broker may have files can still connect"
    steps = [["knock", {"host": ALLOWED, "first": 2000, "last": 3400}],
             ["sequential", {"host": ALLOWED, "port": ECHO, "count": 20}]]
    words = load.place.probe_words(steps, [*RULES, f"allow connect {ALLOWED}:2000-3400 notls"])
    ran = load.place.ran(["prlimit", f"--nofile={FEW_FILES}:{FEW_FILES}", *words], timeout=100)
    ran.take_results(steps)
    problems = ran.broken() + [str(result) for result in ran.results if not result["ok"]]
    load.tap.check(title, problems + (ran.told() if problems else []))


CASES = [sequential, concurrent, aborted, too_many, half_closed, whole, slow, kept_alive, nobody,
         unpaced, few_files]


def main():
    world.enter()
    tap, wanted = world.Tap(), sys.argv[2:]
    with world.World(sys.argv[1]) as made:
        load = Load(tap, made, made.place())
        for case in CASES:
            if not wanted or case.__name__ in wanted:
                case(load)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
