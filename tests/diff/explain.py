#!/usr/bin/env python3
"""What `carrel explain` answers, tried in `carrel run`; and the environment a command gets.

usage: explain.py CARREL

One fixed policy, an ordinary account, the whole program: the way of the differential test without
its shortcuts. Exit code 0 of explain must mean that it works in the box, 1 (deny) and 3 (ask)
that it does not. Speaks TAP.
"""

import os
import shutil
import subprocess
import sys
import tempfile

ORDINARY_ID = 64322

POLICY = """
use default
allow write ~/made ~/made/protected/inside
deny write ~/made/protected ~/made/absent
deny read ~/made/secret ~/hidden **/*.key
allow read ~/hidden/shown
allow write ~/hidden/drop
ask read ~/asked
ask write asked-write
keep env KEPT_TOKEN
drop env DROPPED_*
set env SET_HERE=value
"""

TREE = ["made/file", "made/protected/file", "made/protected/inside/file", "made/secret/file",
        "hidden/file", "hidden/shown/file", "hidden/drop/file", "asked/file", "plain/file",
        ".ssh/id", ".aws/credentials", "ws/file", "ws/deep/a.key", "ws/.git/config",
        "ws/.vscode/tasks", "ws/asked-write/file", "ws/deep/file", ".bashrc", ".config/carrel/policy",
        ".local/state/carrel/x"]
SYSTEM = ["/etc/passwd", "/etc/shadow", "/usr/bin/env", "/proc/self/status", "/dev/null", "/dev/zero"]
ABSENT = ["made/new", "made/absent", "made/protected/new", "plain/new", "ws/new", "ws/.envrc",
          "ws/.git/new", "hidden/drop/new", "ws/deep/new"]

VARIABLES = {"KEPT_TOKEN": True, "OTHER_TOKEN": False, "DROPPED_X": False, "PLAIN": True,
             "AWS_REGION": False, "MY_SECRET": False, "SSH_AUTH_SOCK": False, "LD_PRELOAD": False,
             "EDITOR": True, "TZ": True, "GITHUB_TOKEN": False, "DISPLAY": False}


class Place:
    def __init__(self, carrel):
        self.drop = os.getuid() == 0
        self.home = tempfile.mkdtemp(prefix="carrel-explain-",
                                     dir="/home" if self.drop else os.path.expanduser("~"))
        os.chmod(self.home, 0o755)
        self.carrel = shutil.copy(carrel, os.path.join(self.home, "carrel"))
        os.chmod(self.carrel, 0o755)
        self.workspace = os.path.join(self.home, "ws")
        for name in TREE:
            os.makedirs(os.path.dirname(os.path.join(self.home, name)), exist_ok=True)
            with open(os.path.join(self.home, name), "w", encoding="utf-8") as file:
                file.write(POLICY if name.endswith("carrel/policy") else name)
        if self.drop:
            subprocess.run(["chown", "-R", f"{ORDINARY_ID}:{ORDINARY_ID}", self.home], check=True)
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.home, "LANG": "C.UTF-8"}

    def run(self, *words, env=None):
        account = ["setpriv", f"--reuid={ORDINARY_ID}", f"--regid={ORDINARY_ID}",
                   "--clear-groups"] if self.drop else []
        return subprocess.run([*account, *words], cwd=self.workspace, env=env or self.env,
                              text=True, capture_output=True, check=False,
                              stdin=subprocess.DEVNULL)

    def box(self, *words, env=None):
        return self.run(self.carrel, "run", "--accept-gap", "ask-files", "--", *words, env=env)


ATTEMPTS = {"read": 'if [ -d "$1" ]; then ls "$1"; else head -c1 "$1"; fi',
            "write": 'if [ -d "$1" ]; then rmdir "$(mktemp -d "$1/XXXXXX")"; '
                     'elif [ -e "$1" ]; then : >> "$1"; else : > "$1" && rm "$1"; fi'}
CODES = {0: "allow", 1: "deny", 3: "ask"}


def objects(place):
    """(operation, path): what an ordinary account can do there outside."""
    there = sorted({name for path in TREE for name in (path, os.path.dirname(path)) if name})
    home = [os.path.join(place.home, name) for name in there]
    absent = [os.path.join(place.home, name) for name in ABSENT]
    wanted = [(op, path) for path in home + SYSTEM for op in ATTEMPTS]
    wanted += [("write", path) for path in absent]
    return [(op, path) for op, path in wanted
            if place.run("sh", "-c", ATTEMPTS[op], "sh", path).returncode == 0]


def judge_object(place, op, path):
    code = place.run(place.carrel, "explain", op, path).returncode
    tried = place.box("sh", "-c", ATTEMPTS[op], "sh", path)
    works = tried.returncode == 0
    said = CODES.get(code, f"exit code {code}")
    name = f"{op} {path.replace(place.home, '~')}: {said}, and so it is in the box"
    if code in CODES and works == (code == 0):
        return name, []
    return name, [f"in the box it {'works' if works else 'fails'}", *tried.stderr.splitlines()]


def judge_environment(place):
    given = {name: f"value of {name}" for name in VARIABLES if name != "LD_PRELOAD"}
    given["LD_PRELOAD"] = ""
    shown = place.box("env", env={**place.env, **given}).stdout.splitlines()
    names = {line.split("=", 1)[0] for line in shown}
    wrong = [f"{name} {'is not' if kept else 'is'} in the box" for name, kept in VARIABLES.items()
             if (name in names) != kept]
    if "SET_HERE=value" not in shown:
        wrong.append("SET_HERE is not set")
    return wrong


def main(argv):
    if len(argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    place = Place(argv[1])
    number = failed = 0
    seen = set()
    try:
        for op, path in objects(place):
            number += 1
            name, wrong = judge_object(place, op, path)
            seen.add(name.split(": ")[1].split(",")[0])
            failed += bool(wrong)
            print(f"{'not ok' if wrong else 'ok'} {number} - {name}")
            for line in wrong:
                print(f"# {line}")
        wrong = judge_environment(place)
        wrong += [f"no object is '{word}'" for word in sorted(set(CODES.values()) - seen)]
        print(f"{'not ok' if wrong else 'ok'} {number + 1} - the environment is what was said")
        for line in wrong:
            print(f"# {line}")
        print(f"1..{number + 1}")
    finally:
        shutil.rmtree(place.home, ignore_errors=True)
    return 1 if failed or wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
