"""How an attack is tried: outside, where it must succeed, and in a box, where it must not.

Each attack is a list of steps of inside.py. The capture says what left the host meanwhile; that
the control left something proves that the capture would have seen it.
"""

import names

WEB = ["allow connect www.example.com:443", "allow connect www.example.com:80"]
ALLOWED = "www.example.com"


def short(step):
    """A step as one reads it, for messages."""
    operation, arguments = step
    text = " ".join(f"{key}={str(value)[:60]}" for key, value in arguments.items())
    return f"{operation} {text}"


class Trial:
    """One account's tests in one world; every method reports one line of TAP."""

    def __init__(self, tap, world, place):
        self.tap, self.world, self.place = tap, world, place

    def outside(self, steps, privileged=False, **how):
        """(what ran, the packets that left)."""
        with self.world.capture() as capture:
            ran = self.place.probe(steps, privileged=privileged, **how)
            return ran, list(capture.packets())

    def inside(self, rules, steps, **how):
        with self.world.capture() as capture:
            ran = self.place.probe(steps, rules, **how)
            return ran, list(capture.packets())

    def control(self, title, steps, answered=True, privileged=False):
        """Every step must have left the host, and with `answered` reached somebody."""
        ran, packets = self.outside(steps, privileged)
        problems = ran.broken()
        if answered:
            problems += [f"does not succeed outside: {short(step)}: {result}"
                         for step, result in zip(steps, ran.results) if not result["ok"]]
        if not packets:
            problems.append("the capture sees no packet of it outside")
        if problems:
            self.tap.check(f"control: {title}", problems + ran.told())
        return not problems

    def possible(self, title, steps):
        """Those of the steps that this kernel can do at all, as the world's root."""
        ran, _ = self.outside(steps, privileged=True)
        there = [step for step, result in zip(steps, ran.results) if result["ok"]]
        if not there:
            self.tap.check(f"control: {title}", [str(ran.results), *ran.told()])
        return there

    def refused(self, title, steps, rules=None, answered=True, privileged=False, tells=(),
                dials=None):
        """No step succeeds in a box, and carrel tells each of `tells`. Nothing leaves; or, with
        `dials`, nothing but questions to the name server, and connections there without a byte."""
        if not self.control(title, steps, answered, privileged):
            return
        ran, packets = self.inside(WEB if rules is None else rules, steps)
        problems = ran.broken()
        problems += [f"succeeds in the box: {short(step)}: {result}"
                     for step, result in zip(steps, ran.results) if result["ok"]]
        if dials is None:
            problems += [f"left the host: {packet}" for packet in packets]
        else:
            problems += self.strange(packets, dials)
            problems += [f"was passed on: {packet}" for packet in packets
                         if packet.target in dials and packet.payload]
        problems += self.untold(ran, tells)
        self.tap.check(title, problems + (ran.told() if problems else []))

    @staticmethod
    def untold(ran, words):
        said = [line for line in ran.errors.splitlines() if line.startswith("carrel: refused")]
        return [f"carrel does not tell '{word}'" for word in words
                if not any(word in line for line in said)]

    @staticmethod
    def strange(packets, to=()):
        """What left beside questions to the name server and connections to `to`."""
        return [f"left the host: {packet}" for packet in packets
                if not (packet.target in names.SERVERS and packet.port == 53)
                and packet.target not in to and packet.target not in (names.HOST, names.HOST6)]

    def allowed(self, title, steps, rules=None, control=True):
        """Every step succeeds in a box."""
        if control and not self.control(title, steps):
            return
        ran, _ = self.inside(WEB if rules is None else rules, steps)
        problems = ran.broken()
        problems += [f"fails in the box: {short(step)}: {result}"
                     for step, result in zip(steps, ran.results) if not result["ok"]]
        self.tap.check(title, problems + (ran.told() if problems else []))

    def judged(self, title, steps, judge, rules=None):
        """judge(results, packets, ran) gives the problems of a run in a box."""
        ran, packets = self.inside(WEB if rules is None else rules, steps)
        problems = ran.broken() or judge(ran.results, packets, ran)
        self.tap.check(title, problems + (ran.told() if problems else []))
