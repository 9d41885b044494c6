#!/usr/bin/env python3
"""The shape of the source: lengths, opening comments, formatting."""

import re
import shutil
import sys

from tap import Tap, c_files, code_only, files, read, run

MAX_FILE = 800
MAX_FUNCTION = 70
MAX_PARAMETERS = 5
# a library says what its callbacks take: evdns_callback_type
GIVEN = {"int result, char type, int count, int ttl, void *addresses, void *arg"}

# a definition at the left edge, its parameters, and the brace on a line of its own
FUNCTION = re.compile(r"^(?!typedef|#)[A-Za-z_][\w \t*]*?\b(\w+)\(([^;{}]*?)\)"
                      r"[^;{}()]*(?:\n)\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)


def long_files():
    return [f"{path}: {count} lines" for path in c_files()
            if (count := read(path).count("\n")) >= MAX_FILE]


def functions(paths):
    """(place, name, parameters, body) of every function defined in `paths`."""
    for path in paths:
        text = code_only(read(path))
        for match in FUNCTION.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path}:{line}", match.group(1), match.group(2), match.group(3)


def long_functions():
    return [f"{place}: {name}: {body.count(chr(10))} lines"
            for place, name, _, body in functions(c_files())
            if body.count("\n") > MAX_FUNCTION]


def many_parameters():
    """Those of a callback's type do not count, and neither does the error that comes last."""
    problems = []
    for place, name, parameters, _ in functions(files(".c", ".h", under=("src", "include"))):
        flat = re.sub(r",\s*struct cr_err \*err$", "", re.sub(r"\([^()]*\)", "", parameters))
        count = flat.count(",") + 1
        if count > MAX_PARAMETERS and " ".join(parameters.split()) not in GIVEN:
            problems.append(f"{place}: {name}: {count} parameters")
    return problems


def no_opening_comment():
    return [path for path in c_files() if not read(path).startswith("/*")]


def formatting():
    code, output = run("clang-format", "--dry-run", "-Werror", *c_files())
    if code == 0:
        return []
    places = [line.split(":")[0] for line in output.splitlines() if "error:" in line]
    return [f"{path}: {places.count(path)} places" for path in sorted(set(places))] or [output]


def blanks():
    problems = []
    for path in files(".c", ".h", ".py", ".sh", ".md", ".build", ".bats", ".policy"):
        text = read(path)
        if re.search(r"[ \t]+$", text, re.MULTILINE):
            problems.append(f"{path}: blanks at the end of a line")
        if text and not text.endswith("\n"):
            problems.append(f"{path}: no newline at the end")
    return problems


def main():
    tap = Tap(6)
    tap.check(f"files have fewer than {MAX_FILE} lines", long_files())
    tap.check(f"functions have at most {MAX_FUNCTION} lines", long_functions())
    tap.check(f"functions have at most {MAX_PARAMETERS} parameters", many_parameters())
    tap.check("every C file begins with its duty", no_opening_comment())
    tap.check("lines end without blanks, files with a newline", blanks())
    if shutil.which("clang-format"):
        tap.check("clang-format has nothing to change", formatting())
    else:
        tap.skip("clang-format has nothing to change", "no clang-format here")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
