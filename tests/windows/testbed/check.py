#!/usr/bin/env python3
"""The test bed answers as Windows is documented to, and Wine as it is does not.

usage: check.py BED PROBE...      BED: the directory the bed is built in

Every probe runs in both; each of its cases is a test in both. CARREL_WINE_PREFIX: see ../wine.py.
"""

import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
sys.dont_write_bytecode = True
import wine  # noqa: E402
from tapwine import Tap  # noqa: E402

SKIPPED = 77
# what TESTBED_READINGS changes: (probe, case, answer)
READINGS = {
    "write-whole": (
        ("probe_access", "write-restricted: the SID only writes, all is asked", "0"),
        ("probe_model", "model: write-restricted", "1"),
        ("probe_model", "model: box", "1")),
    "write-standard": (
        ("probe_access", "write-restricted: deleting is no write", "0"),
        ("probe_access", "write-restricted: writing needs the SID", "0"),
        ("probe_model", "model: write-restricted", "0")),
    "label-keeps-child": (
        ("probe_files", "private: deletes it through the parent", "5"),),
}


def built(bed):
    """Builds the bed; its exit code, and what it says."""
    done = subprocess.run([os.path.join(HERE, "build"), bed], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.returncode, done.stdout.strip()


def inode(bed):
    return os.stat(os.path.join(bed, "tree", "lib", "wine", "wineserver")).st_ino


class Side:
    """One of the two Wines, with its prefix and the probes in it."""

    def __init__(self, name, program, prefix, probes):
        self.name = name
        self.server = os.path.join(os.path.dirname(program), "wineserver")
        os.environ.update(CARREL_WINE=program, CARREL_WINE_PREFIX=prefix)
        self.wine = wine.Wine()
        self.probes = {os.path.basename(path)[:-4]: self.wine.copy(path) for path in probes}

    def end_server(self):
        """A wineserver keeps the environment of whoever started it."""
        options = {"user": wine.account()} if os.geteuid() == 0 else {}
        for option in ("-k", "-w"):
            subprocess.run([self.server, option], env=self.wine.environment(), check=False,
                           stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)

    def answers(self, probe, **env):
        """(lines split at |, what was wrong with the run)"""
        # a file: Wine's services, once started by a probe, would hold a pipe open
        with tempfile.TemporaryFile() as output:
            code, _ = self.wine.run(self.probes[probe], cwd=self.wine.dir, env=env, stdout=output)
            output.seek(0)
            lines = output.read().decode(errors="replace").replace("\r", "").splitlines()
        good = [line.split("|") for line in lines if line.count("|") == 4]
        odd = [line for line in lines if line.count("|") != 4 and line != f"end|{len(good)}"]
        if code or f"end|{len(good)}" not in lines:
            odd.append(f"the probe ends with {code}, after {len(good)} cases")
        return good, odd

    def close(self):
        self.end_server()
        self.wine.close()


def compare(tap, side, probe, column):
    """One test a case; `column` is the one of the expected answers."""
    answers, odd = side.answers(probe)
    for answer in answers:
        name, got, wanted, source = answer[0], answer[1], answer[column], answer[4]
        tap.check(f"{side.name}: {probe[6:]}: {name}", got == wanted,
                  f"answers {got}, wanted {wanted} ({source})")
    tap.check(f"{side.name}: {probe[6:]}: every case ran", answers and not odd, "\n".join(odd))


def readings(tap, side):
    """A server that starts anew takes some seconds: once for each reading."""
    for reading, cases in READINGS.items():
        side.end_server()
        known = {}
        for probe in dict.fromkeys(probe for probe, _, _ in cases):
            for answer in side.answers(probe, TESTBED_READINGS=reading)[0]:
                known[probe, answer[0]] = answer[1]
        for probe, case, wanted in cases:
            got = known.get((probe, case))
            tap.check(f"reading {reading}: {case}", got == wanted, f"answers {got}")


def check_bed(tap, bed, probes, prefix):
    program = os.path.join(bed, "tree", "lib", "wine", "wine64")
    side = Side("bed", program, prefix + "-bed", probes)
    try:
        for probe in side.probes:
            compare(tap, side, probe, 2)
        readings(tap, side)
    finally:
        side.close()


def check_stock(tap, program, probes, prefix):
    side = Side("stock", program, prefix, probes)
    try:
        for probe in side.probes:
            compare(tap, side, probe, 3)
    finally:
        side.close()


def main(argv):
    if len(argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    bed, probes = os.path.abspath(argv[1]), [os.path.abspath(path) for path in argv[2:]]
    program = wine.find_wine()
    if not program:
        return wine.missing()
    prefix = os.environ["CARREL_WINE_PREFIX"]
    tap = Tap()
    code, output = built(bed)
    if code == SKIPPED and os.environ.get("CARREL_MUST_ENFORCE") != "1":
        print(f"1..0 # SKIP {output.splitlines()[0]}")
        return 0
    if not tap.check("the bed is built", code == 0, output):
        return tap.end()
    before = inode(bed)
    tap.check("a second build changes nothing", built(bed) == (0, "") and inode(bed) == before)
    check_bed(tap, bed, probes, prefix)
    check_stock(tap, program, probes, prefix)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
