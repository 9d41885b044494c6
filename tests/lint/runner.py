#!/usr/bin/env python3
"""The test runner counts what it is told: a table of TAP streams and what must come out."""

import importlib.machinery
import importlib.util
import os
import sys

from tap import ROOT, Tap

LOADER = importlib.machinery.SourceFileLoader("runner_under_test",
                                              os.path.join(ROOT, "tests", "run"))
SPEC = importlib.util.spec_from_loader(LOADER.name, LOADER)
RUNNER = importlib.util.module_from_spec(SPEC)
sys.dont_write_bytecode = True
LOADER.exec_module(RUNNER)

# name, output, exit code, (passed, failed, skipped); None: no TAP
CASES = [
    ("all pass", "1..2\nok 1 - a\nok 2 - b\n", 0, (2, 0, 0)),
    ("one fails", "1..2\nok 1 - a\nnot ok 2 - b\n", 1, (1, 1, 0)),
    ("plan at the end", "ok 1 - a\nok 2 - b\n1..2\n", 0, (2, 0, 0)),
    ("stopped early", "1..3\nok 1 - a\n", 0, (1, 1, 0)),
    ("one too many", "1..1\nok 1 - a\nok 2 - b\n", 0, (2, 1, 0)),
    ("died after the last", "1..1\nok 1 - a\n", -11, (1, 1, 0)),
    ("out of time", "1..2\nok 1 - a\n", None, (1, 1, 0)),
    ("skip as bats says it", "1..2\nok 1 a # skip no tty\nok 2 b\n", 0, (1, 0, 1)),
    ("skip as cmocka says it", "1..2\nnot ok 1 # SKIP a\nok 2 - b\n", 0, (1, 0, 1)),
    ("everything skipped", "1..0 # SKIP not here\n", 0, (0, 0, 1)),
    ("a name with skip in it", "1..1\nnot ok 1 - skip the queue\n", 1, (0, 1, 0)),
    ("no longer to do, but failing", "1..1\nnot ok 1 - a\n# not ok - group\n", 1, (0, 1, 0)),
    ("gives up", "1..5\nok 1 - a\nBail out! no disk\n", 1, (1, 2, 0)),
    ("plans nothing", "1..0\n", 0, (0, 1, 0)),
    ("no TAP", "hello\n", 0, None),
    ("empty", "", 0, None),
]


def outcome(text, code):
    got = RUNNER.read_tap(text, code)
    return None if got is None else (got.passed, got.failed, got.skipped)


def main():
    tap = Tap(2)
    tap.check("TAP streams are counted", [
        f"{name}: {outcome(text, code)} instead of {want}"
        for name, text, code, want in CASES if outcome(text, code) != want])
    plain = [(0, (1, 0, 0)), (1, (0, 1, 0)), (77, (0, 0, 1)), (-9, (0, 1, 0)), (None, (0, 1, 0))]
    tap.check("other programs count as one test", [
        f"{code}: {got}" for code, want in plain
        if (got := (lambda o: (o.passed, o.failed, o.skipped))(RUNNER.read_plain(code))) != want])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
