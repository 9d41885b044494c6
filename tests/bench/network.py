#!/usr/bin/env python3
"""The network part of tests/bench/bench: what a broker costs. A process of its own, for it moves
into namespaces (tests/network/world.py).

usage: network.py BUILD FULL|QUICK

The server is on the host's own loopback, under an address that looks public. "Direct" is a client
beside it; the other is in a box, with a broker between. Prints one JSON object a figure.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "network"))
sys.dont_write_bytecode = True

import names  # noqa: E402  (found through the lines above)
import world  # noqa: E402

NAME, PORT = names.BENCH, 7100
RULES = [f"allow connect {NAME}:{port} notls" for port in (PORT, PORT + 1)]
MIB = 1 << 20


class Bench:
    def __init__(self, made, build, quick):
        self.made, self.quick = made, quick
        self.place = made.place()
        for tool in ("net_load", "interleave"):
            shutil.copy(os.path.join(build, "tests", "bench", tool), made.top)
        self.load = made.file("net_load")
        words = [self.load, "serve", names.BENCH_ADDRESS, str(PORT)]
        self.server = subprocess.Popen(words, stdout=subprocess.PIPE)
        self.server.stdout.readline()

    def rounds(self, full):
        return max(3, full // 10) if self.quick else full

    @staticmethod
    def add(name, value, unit, target=None):
        print(json.dumps({"name": name, "value": value, "unit": unit, "target": target}),
              flush=True)

    def value(self, words):
        ran = self.place.ran(words, timeout=600)
        if ran.code:
            raise SystemExit(f"network: {words[-6:]}: {' | '.join(ran.told())}")
        return ran.out

    def pair(self, rounds, *words):
        """Medians of what net_load prints, direct and by the broker, taking turns."""
        words, direct, boxed = [self.load, *map(str, words)], [], []
        for _ in range(rounds):
            direct.append(float(self.value(self.place.outside(words))))
            boxed.append(float(self.value(self.place.boxed(RULES, words))))
        return statistics.median(direct), statistics.median(boxed)

    def latency(self):
        # each leaves a port of the host in TIME_WAIT for a minute
        direct, boxed = self.pair(self.rounds(10), "latency", NAME, PORT, self.rounds(500))
        self.add("connect, a byte there and back, direct", direct, "us")
        self.add("added by the broker", boxed - direct, "us", 150.0)

    def throughput(self):
        for streams, each in ((1, 2048 * MIB), (1000, 2 * MIB)):
            each = each // 10 if self.quick else each
            direct, boxed = self.pair(self.rounds(5), "fetch", NAME, PORT + 1, streams, each)
            label = "one stream" if streams == 1 else f"{streams:,} streams"
            self.add(f"{label}, direct", direct, "MB/s")
            self.add(f"{label}, by the broker", boxed, "MB/s")
            # the table's targets are the largest that is good enough: 1 / 0.6
            self.add(f"{label}, direct / by the broker", direct / boxed, "x", 1.67)

    def own_policy(self):
        """One of the user's own, and nothing built in: its place holders cost more than a broker."""
        config = os.path.join(self.place.home, "alike")
        os.makedirs(os.path.join(config, "carrel"))
        with open(os.path.join(config, "carrel", "policy"), "w", encoding="ascii") as file:
            file.write("allow read /\nallow write .\n")
        self.place.give(config)
        self.place.env["XDG_CONFIG_HOME"] = config

    def start(self):
        self.own_policy()
        account = self.place.account()
        plain, ruled = (self.place.boxed(rules, ["/bin/true"])[len(account):]
                        for rules in ([], RULES))
        words = [*account, self.made.file("interleave"), str(self.rounds(400)),
                 *plain, "--next", *ruled]
        times = [[], []]
        for line in self.value(words).splitlines():
            index, us = line.split()
            times[int(index)].append(float(us))
        medians = [statistics.median(found) for found in times]
        del self.place.env["XDG_CONFIG_HOME"]
        self.add("/bin/true, no connect rules", medians[0], "us")
        self.add("added to a start by a broker", medians[1] - medians[0], "us", 1000.0)

    def memory(self):
        words = self.place.boxed(RULES, [self.load, "hold", NAME, str(PORT), "1000"])
        child = subprocess.Popen(words, cwd=self.place.workspace, env=self.place.env,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if child.stdout.readline() != b"ready\n":
            raise SystemExit("network: 1,000 streams could not be opened")
        kib = world.rss_kib(world.broker_of(child.pid))
        child.communicate()
        self.add("broker with 1,000 streams, VmRSS", kib / 1024, "MiB", 16.0)


def main():
    why = None if world.MARK in os.environ else world.lacking()
    if why:
        print(f"network: not measured: {why}", file=sys.stderr)
        return 0
    world.enter()
    build = os.path.abspath(sys.argv[1])
    with world.World(os.path.join(build, "src", "cli", "carrel")) as made:
        bench = Bench(made, build, sys.argv[2] == "QUICK")
        for part in ("start", "latency", "throughput", "memory"):
            getattr(bench, part)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
