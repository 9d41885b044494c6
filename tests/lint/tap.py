"""What every lint script needs: the files of the project, and TAP."""

import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GENERATED = re.compile(r"(build|prefix)(-.*)?$|\.git$")


class Tap:
    """Counts and prints results; `end` gives the exit code."""

    def __init__(self, planned):
        self.number = 0
        self.failed = 0
        print(f"1..{planned}", flush=True)

    def check(self, name, problems):
        """One test: it passes when `problems` (a list of texts) is empty."""
        self.number += 1
        word = "not ok" if problems else "ok"
        print(f"{word} {self.number} - {name}")
        for problem in problems[:60]:
            print(f"# {problem}")
        if len(problems) > 60:
            print(f"# and {len(problems) - 60} more")
        self.failed += bool(problems)
        sys.stdout.flush()

    def skip(self, name, why):
        self.number += 1
        print(f"ok {self.number} - {name} # SKIP {why}", flush=True)

    def end(self):
        return 1 if self.failed else 0


def files(*suffixes, under=("",)):
    """Paths of the project with one of `suffixes`, relative to its root, sorted."""
    found = []
    for top in under:
        for folder, folders, names in os.walk(os.path.join(ROOT, top)):
            folders[:] = sorted(f for f in folders if not GENERATED.match(f)
                                and f != "__pycache__")
            for name in sorted(names):
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                if name.endswith(suffixes) and path not in found:
                    found.append(path)
    return found


def c_files():
    return files(".c", ".h", under=("src", "include", "tests", "examples"))


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def _blank(match):
    return re.sub(r"[^\n]", " ", match.group(0))


def code_only(text):
    """C text with comments, strings and characters blanked, lines kept."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', _blank, text,
                  flags=re.DOTALL)


def run(*command, cwd=ROOT, text_in=None):
    """(exit code, output) of a command; stderr is part of the output."""
    done = subprocess.run(command, cwd=cwd, input=text_in, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False,
                          stdin=None if text_in is not None else subprocess.DEVNULL)
    return done.returncode, done.stdout
