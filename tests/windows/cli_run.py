#!/usr/bin/env python3
"""`carrel run` in the test bed: what goes in and what comes out; the box itself is tested elsewhere.

usage: cli_run.py CARREL_EXE WITH_ENV PROBE

CARREL_TESTBED says where the test bed is, or is to be built.
"""

import contextlib
import os
import select
import signal
import sys
import time

import escape_bed
from cli import WORKSPACE, Cli
from tapwine import Tap
import wine as wine_of_tests

ACCEPT = [f"--accept-gap={name}" for name in escape_bed.GAPS]
EXIT_CODES = (0, 1, 3, 124, 125, 255, 256, 0x7FFFFFFF, 0xC0000005, 0xC000013A, 0xFFFFFFFF)
HOSTILE = ["", " ", "\t", '"', '""', "\\", "\\\\", '\\"', "a\\", "a b\\", 'a"b', "*", "*.exe", "'a b'",
           "%PATH%", "^", "&calc", "|", "!x!", "@file", "ünï cödé", "📚", "--help", "-"]
SECONDS = 30


def ends(run, code, *texts):
    return run.full_code == code and all(text in run.both for text in texts)


def exit_codes(tap, cli, probe):
    for code in EXIT_CODES:
        run = cli.run("run", *ACCEPT, "--", probe, "exit", hex(code))
        tap.check(f"exit code {code:#x}", run.full_code == code, (run, run.full_code))
    run = cli.run("run", *ACCEPT, "--", "no-such-program")
    tap.check("not found is 127", ends(run, 127, "was not found"), run)
    cli.write("this is no program", WORKSPACE, "text.exe")
    run = cli.run("run", *ACCEPT, "--", r".\text.exe")
    tap.check("no program is 126", ends(run, 126, "cannot execute"), run)
    run = cli.run("run", *ACCEPT, "--", r"\\server\share\x.exe")
    tap.check("another machine's is 126", ends(run, 126), run)
    run = cli.run("run", "--", probe, "exit", "0")
    tap.check("gaps nobody accepted are 125", ends(run, 125, "--accept-gap="), run)


def hexed(text):
    return text.encode("utf-16-be").hex()


def words(tap, cli, probe):
    run = cli.run("run", *ACCEPT, "--", probe, "words", *HOSTILE)
    for mark in ("R ", "S "):
        seen = [line[2:] for line in run.out.splitlines() if line.startswith(mark)]
        wanted = [hexed(word) for word in ["words", *HOSTILE]]
        tap.check(f"every word arrives as it is ({mark}split)", seen[1:] == wanted, run)
    cli.write(f'@"{probe}" words %*\r\n', WORKSPACE, "say it.cmd")
    run = cli.run("run", *ACCEPT, "--", r".\say it", "a&b", "c d")
    tap.check("a batch file gets its words", ends(run, 0, "R " + hexed("a&b"), "R " + hexed("c d")),
              run)
    run = cli.run("run", *ACCEPT, "--", r".\say it", '"&calc')
    tap.check("or is not run", ends(run, 126, "a quote"), run)


def search(tap, cli):
    cli.wine.copy(cli.path("probe.exe"), os.path.join(WORKSPACE, "planted.exe"))
    run = cli.run("run", *ACCEPT, "--", "planted", "exit", "7", PATH=r".;;C:\windows\system32")
    tap.check("a program in the current directory is not found by its name",
              ends(run, 127, "was not found"), run)
    run = cli.run("run", *ACCEPT, "--", r".\planted", "exit", "7")
    tap.check("but by its path", ends(run, 7), run)


def streams(tap, cli, probe):
    run = cli.run("run", *ACCEPT, "--", probe, "copy", given=b"giv\xc3\xa9n\r\nas it is\x1a")
    tap.check("what goes in comes out, byte for byte",
              (run.out, run.err) == ("givén\r\nas it is\x1a", "end"), run)
    run = cli.run("run", *ACCEPT, "--", probe, "env", MY_TOKEN="s3cret", MINE="ünï")
    tap.check("a variable arrives", hexed("MINE=ünï") in run.out, run)
    tap.check("one that looks like a secret does not", hexed("s3cret") not in run.out, run)
    run = cli.run("run", *ACCEPT, "--", probe, "in-job")
    tap.check("the command is in a job", ends(run, 1), run)
    run = cli.run("run", *ACCEPT, "--", probe, "breakaway")
    tap.check("and does not leave it", ends(run, 5), run)
    run = cli.run("run", *ACCEPT, "--", probe, "desktop")
    tap.check("on a desktop of its own", hexed("carrel-") in run.out, run)


def events(tap, cli, probe):
    run = cli.run("run", *ACCEPT, "--events", cli.outside + r"\events", "--", probe, "exit", "3")
    tap.check("--events makes its file, and says that no refusal will be in it",
              ends(run, 3, "Windows tells nobody what it refuses") and cli.exists("outside", "events"),
              run)
    run = cli.run("run", *ACCEPT, "--quiet", "--events", cli.outside + r"\events", "--", probe, "exit",
                  "3")
    tap.check("but not with --quiet", ends(run, 3) and not run.both, run)


def idle_canary(tap, cli):
    run = cli.run("--carrel-canary", r"w=C:\no\such", r"d=C:\neither")
    tap.check("canaries that could try nothing do not sing", ends(run, 121), run)


def probes(cli):
    """ids of the processes that are probes."""
    found = []
    for pid in cli.wine.processes():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if file.read().lower().split(b"\0")[0].strip(b'"').endswith(b"probe.exe"):
                found.append(pid)
    return found


def wait_for(true):
    end = time.monotonic() + SECONDS
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


def ends_of_a_tree(tap, cli, probe):
    cli.write("use default\nlimit time 2s\n", WORKSPACE, "brief")
    began = time.monotonic()
    run = cli.run("run", *ACCEPT, "--policy", "brief", "--", probe, "tree")
    tap.check("out of time is 124", ends(run, 124, "time limit"), run)
    tap.check("in time, and nothing of the tree is left",
              time.monotonic() - began < 20 and wait_for(lambda: not probes(cli)), probes(cli))
    run = cli.run("run", *ACCEPT, "--", probe, "tree", "leave")
    tap.check("what the command leaves behind ends with it",
              ends(run, 0, "up") and wait_for(lambda: not probes(cli)), (run, probes(cli)))


def killed(tap, cli, probe):
    child = cli.start("run", *ACCEPT, "--", probe, "tree")
    up = select.select([child.stdout], [], [], SECONDS)[0] and os.read(child.stdout.fileno(), 64)
    tap.check("a tree of two runs in a box", bool(up) and len(probes(cli)) == 2,
              (up, probes(cli)))
    for pid in cli.wine.processes():
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            if b"carrel.exe" in file.read().split(b"\0")[0].lower():
                os.kill(pid, signal.SIGKILL)
    tap.check("carrel.exe killed with SIGKILL, nothing of it is left",
              wait_for(lambda: not probes(cli)), probes(cli))
    child.communicate(timeout=SECONDS)


def main(argv):
    if not wine_of_tests.find_wine():
        return wine_of_tests.missing()
    tap = Tap()
    with escape_bed.bed() as wine:
        if not tap.check("the test bed is there", wine is not None):
            return tap.end()
        cli = Cli(wine, *argv[1:3])
        probe = wine.copy(argv[3])
        exit_codes(tap, cli, probe)
        words(tap, cli, probe)
        search(tap, cli)
        streams(tap, cli, probe)
        events(tap, cli, probe)
        idle_canary(tap, cli)
        ends_of_a_tree(tap, cli, probe)
        killed(tap, cli, probe)
        cli.run("uninstall")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
