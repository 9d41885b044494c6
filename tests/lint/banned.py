#!/usr/bin/env python3
"""Functions and constructs that are not used here, each with the reason."""

import re
import sys

from tap import Tap, c_files, code_only, files, read

FUNCTIONS = {
    "strcpy": "no bound", "strcat": "no bound", "sprintf": "no bound", "vsprintf": "no bound",
    "gets": "no bound", "strncpy": "does not terminate", "strncat": "bound is easily wrong",
    "strtok": "hidden state", "atoi": "no errors", "atol": "no errors", "atof": "no errors",
    "system": "a shell", "popen": "a shell", "alloca": "unbounded stack", "tmpnam": "a race",
    "mktemp": "a race", "setjmp": "skips clean-up", "longjmp": "skips clean-up",
    "wcscpy": "no bound", "wcscat": "no bound", "lstrcpyW": "no bound", "lstrcatW": "no bound",
}
CALL = re.compile(r"(?<![\w.>])(" + "|".join(FUNCTIONS) + r")\s*\(")
GOTO = re.compile(r"\bgoto\s+(\w+)")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
# programs that play the attacker, or a user's project, may do what they like
EXEMPT = ("examples/demo/",)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def calls():
    problems = []
    for path in c_files():
        if path.startswith(EXEMPT):
            continue
        text = code_only(read(path))
        for match in CALL.finditer(text):
            name = match.group(1)
            problems.append(f"{path}:{line_of(text, match.start())}: {name}: {FUNCTIONS[name]}")
    return problems


def gotos():
    problems = []
    for path in c_files():
        text = code_only(read(path))
        for match in GOTO.finditer(text):
            label = match.group(1)
            ahead = re.search(rf"^\s*{label}:", text[match.end():], re.MULTILINE)
            if label != "out" or not ahead:
                problems.append(f"{path}:{line_of(text, match.start())}: goto {label}")
    return problems


def unfinished():
    problems = []
    for path in files(".c", ".h", ".py", ".sh", ".md", ".build", "Makefile", ".bats"):
        if path == "tests/lint/banned.py":
            continue
        text = read(path)
        problems += [f"{path}:{line_of(text, match.start())}: {match.group(0)}"
                     for match in UNFINISHED.finditer(text)]
    return problems


def line_comments():
    """Comments are /* */; `//` is left to web addresses inside them."""
    problems = []
    for path in c_files():
        text = re.sub(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                      read(path), flags=re.DOTALL)
        problems += [f"{path}:{line_of(text, match.start())}" for match in re.finditer("//", text)]
    return problems


def switches():
    """A switch over an enum lists every value, so that the compiler finds a forgotten one."""
    problems = []
    body = re.compile(r"^(\t+)switch \(.*?^\1\}", re.MULTILINE | re.DOTALL)
    for path in files(".c", ".h", under=("src",)):
        text = code_only(read(path))
        for match in body.finditer(text):
            inside = match.group(0)
            if "default:" in inside and re.search(r"case CR_[A-Z]", inside):
                problems.append(f"{path}:{line_of(text, match.start())}: default in an enum switch")
    return problems


def main():
    tap = Tap(5)
    tap.check("no banned function is called", calls())
    tap.check("goto only goes forward to `out`", gotos())
    tap.check("nothing is marked as unfinished", unfinished())
    tap.check("comments are /* */", line_comments())
    tap.check("a switch over an enum has no default", switches())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
