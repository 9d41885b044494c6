#!/usr/bin/env python3
"""What people run must work in a box of the default policy as it does outside.

usage: compat.py CARREL [NAME...]           NAME: cases, with * and ?; all if none

Every file of cases/ is run twice as an ordinary account, each time in a workspace made anew at
the same place: outside, where it must succeed, and in a box. Output and exit code must be the
same. A case begins with comment lines that say what it needs:

    needs: PROGRAM...      skipped, by name, where one is absent
    modules: NAME...       of python3
    setup: COMMAND         run before, outside, in the workspace; may be repeated
    where: outside         the case starts the box itself: its arguments are the words to put
                           before a command (none, or `carrel run --`)
    options: WORD...       for `carrel run`

A line of output that begins with "~" is shown when something differs, and not compared. Speaks
TAP.
"""

import difflib
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile

ORDINARY_ID = 63456
SECONDS = 180
INTERPRETERS = {".sh": ["bash"], ".py": ["/usr/bin/python3"], ".js": ["node"]}
HEADER = re.compile(r"^(?:#|//) (needs|modules|setup|where|options): (.*)$")
PATH = "/usr/local/bin:/usr/bin:/bin:/usr/games"


class Case:
    def __init__(self, path):
        self.path = path
        self.name, extension = os.path.splitext(os.path.basename(path))
        self.interpreter = INTERPRETERS[extension]
        self.header = {"needs": [], "modules": [], "setup": [], "where": [], "options": []}
        with open(path, encoding="utf-8") as file:
            for line in file:
                match = HEADER.match(line)
                if match and match.group(1) == "setup":
                    self.header["setup"].append(match.group(2))
                elif match:
                    self.header[match.group(1)] += match.group(2).split()
        self.outside = self.header["where"] == ["outside"]


class Place:
    """An account's home and workspace, and carrel where that account can run it."""

    def __init__(self, carrel):
        self.drop = os.getuid() == 0
        base = "/home" if self.drop else os.path.expanduser("~")
        self.top = tempfile.mkdtemp(prefix="carrel-compat-", dir=base)
        os.chmod(self.top, 0o755)
        self.carrel = shutil.copy(carrel, os.path.join(self.top, "carrel"))
        os.chmod(self.carrel, 0o755)
        self.cases = shutil.copytree(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                                  "cases"), os.path.join(self.top, "cases"))
        shutil.copytree(os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"),
                        os.path.join(self.top, "lib"))
        self.home = os.path.join(self.top, "home")
        self.workspace = os.path.join(self.home, "project")
        self.env = {
            "PATH": PATH, "HOME": self.home, "LANG": "C.UTF-8", "TERM": "dumb", "USER": "tester",
            "XDG_STATE_HOME": os.path.join(self.top, "state"), "SHELL": "/bin/bash",
            "GIT_CONFIG_GLOBAL": os.path.join(self.top, "gitconfig"), "PYTHONPATH": os.path.join(self.top, "lib"), "PYTHONDONTWRITEBYTECODE": "1",
        }
        with open(self.env["GIT_CONFIG_GLOBAL"], "w", encoding="utf-8") as file:
            file.write("[user]\n\tname = A Tester\n\temail = a@example.org\n"
                       "[init]\n\tdefaultBranch = main\n")

    def account(self, words):
        if not self.drop:
            return words
        return ["setpriv", f"--reuid={ORDINARY_ID}", f"--regid={ORDINARY_ID}",
                "--clear-groups", *words]

    def give(self, path):
        if self.drop:
            os.chown(path, ORDINARY_ID, ORDINARY_ID)

    def renew(self, case):
        """A fresh home with a fresh workspace in it; what setup says is left there."""
        shutil.rmtree(self.home, ignore_errors=True)
        for folder in (self.home, self.workspace):
            os.mkdir(folder, 0o755)
            self.give(folder)
        for command in case.header["setup"]:
            done = self.run(["bash", "-ec", command])
            if done.returncode:
                raise RuntimeError(f"setup '{command}' failed: {done.stdout}{done.stderr}")

    def run(self, words):
        return subprocess.run(self.account(words), cwd=self.workspace, env=self.env, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=SECONDS, check=False,
                              errors="replace", start_new_session=True)

    def play(self, case, prefix):
        self.renew(case)
        words = [*case.interpreter, os.path.join(self.cases, os.path.basename(case.path))]
        try:
            return self.run([*words, *prefix] if case.outside else [*prefix, *words])
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(words, "time is out", as_text(late.stdout),
                                               as_text(late.stderr))

    def missing(self, case):
        for program in case.header["needs"] + case.interpreter:
            if not shutil.which(program, path=PATH):
                return f"no '{program}' on this machine"
        for module in case.header["modules"]:
            if self.run(["/usr/bin/python3", "-c", f"import {module}"]).returncode:
                return f"no python module '{module}' on this machine"
        return None

    def remove(self):
        shutil.rmtree(self.top, ignore_errors=True)


def as_text(output):
    return output.decode("utf-8", "replace") if isinstance(output, bytes) else output or ""


def compared(text):
    return [line for line in text.splitlines() if not line.startswith("~")]


def differences(outside, inside):
    """Lines that say what differs; none when nothing does."""
    lines = list(difflib.unified_diff(compared(outside.stdout), compared(inside.stdout),
                                      "outside", "in the box", lineterm="", n=1))
    if outside.returncode != inside.returncode:
        lines.append(f"exit code {outside.returncode} outside, {inside.returncode} in the box")
    if lines:
        lines += [f"stderr: {line}" for line in inside.stderr.splitlines()[-20:]]
        lines += [f"said: {line}" for line in inside.stdout.splitlines() if line[:1] == "~"]
    return lines


def judge(place, case):
    """(status, why it is skipped, details)"""
    missing = place.missing(case)
    if missing:
        return "ok", missing, []
    try:
        place.renew(case)
    except RuntimeError as error:
        return "not ok", None, [str(error)]
    outside = place.play(case, [])
    if outside.returncode != 0:
        return "not ok", None, [f"does not work outside: {outside.returncode}",
                                *(outside.stdout + outside.stderr).splitlines()[-20:]]
    inside = place.play(case, [place.carrel, "run", *case.header["options"], "--"])
    details = differences(outside, inside)
    return "not ok" if details else "ok", None, details


def main(argv):
    if len(argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")
    cases = [Case(os.path.join(folder, name)) for name in sorted(os.listdir(folder))
             if os.path.splitext(name)[1] in INTERPRETERS]
    wanted = [case for case in cases
              if len(argv) == 2 or any(fnmatch.fnmatch(case.name, word) for word in argv[2:])]
    os.umask(0o022)
    place = Place(argv[1])
    failed = 0
    print(f"1..{len(wanted)}", flush=True)
    try:
        for number, case in enumerate(wanted, 1):
            status, skip, details = judge(place, case)
            failed += status != "ok"
            print(f"{status} {number} - {case.name}" + (f" # SKIP {skip}" if skip else ""))
            for line in details:
                print(f"# {line}")
            sys.stdout.flush()
    finally:
        place.remove()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
