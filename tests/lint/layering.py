#!/usr/bin/env python3
"""Who may include whom: DESIGN section 4 and ARCHITECTURE.md, as a table."""

import os
import re
import sys

from tap import ROOT, Tap, files, read

# directory under src: what of ours its files may include (its own directory is implied)
MAY_INCLUDE = {
    "core": set(),
    "linux": {"core"},
    "windows": {"core"},
    "macos": {"core"},
    "broker": {"core"},
    "session": {"core"},
    "verify": {"core"},
    "lib": {"core", "broker", "session", "include"},
    "cli": {"core", "broker", "session", "verify", "lib", "web", "include"},
    "web": {"core", "broker", "session", "lib", "include"},
}

STANDARD = {
    "assert.h", "ctype.h", "errno.h", "inttypes.h", "limits.h", "stdalign.h", "stdarg.h",
    "stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h",
}
# the files of the core that read or write JSON text
JSON_FILES = {"json_text.c", "json_text.h", "plan_print.c", "plan_read.c", "event.c",
              "netevent.c"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)


def owner(path, name):
    """The directory of ours that `#include "name"` in `path` leads to; None when it is none."""
    folder = os.path.dirname(path)
    beside = os.path.normpath(os.path.join(folder, name))
    if is_file(beside):
        return beside.split("/")[1] if beside.startswith("src/") else beside.split("/")[0]
    if is_file(os.path.join("src", name)):
        return name.split("/")[0]
    if is_file(os.path.join("include", name)):
        return "include"
    return None


def is_file(path):
    return os.path.isfile(os.path.join(ROOT, path))


def own_includes(path):
    return [name for mark, name in INCLUDE.findall(read(path)) if mark == '"']


def layer_problems():
    problems = []
    for path in files(".c", ".h", under=("src",)):
        layer = path.split("/")[1]
        if layer not in MAY_INCLUDE:
            problems.append(f"{path}: directory '{layer}' is not in the table")
            continue
        for name in own_includes(path):
            target = owner(path, name)
            if target is None:
                problems.append(f"{path}: \"{name}\" is nowhere")
            elif target != layer and target not in MAY_INCLUDE[layer]:
                problems.append(f"{path}: '{layer}' may not include \"{name}\"")
    return problems


def core_problems():
    """The core sees the C standard library and, in a few files, jansson."""
    problems = []
    for path in files(".c", ".h", under=("src/core",)):
        allowed = STANDARD | ({"jansson.h"} if os.path.basename(path) in JSON_FILES else set())
        for mark, name in INCLUDE.findall(read(path)):
            if mark == "<" and name not in allowed:
                problems.append(f"{path}: <{name}>")
    return problems


def ifdef_problems():
    """A system is data in the core, never a condition of the preprocessor."""
    system = re.compile(r"^\s*#.*\b(_WIN32|__linux__|__APPLE__)\b.*$", re.MULTILINE)
    return [f"{path}: {match.group(0).strip()}"
            for path in files(".c", ".h", under=("src/core",))
            for match in system.finditer(read(path))]


def public_header_problems():
    """Users of the library see standard headers only."""
    return [f"{path}: {name}" for path in files(".h", under=("include",))
            for mark, name in INCLUDE.findall(read(path)) if mark == '"' or name not in STANDARD]


def main():
    tap = Tap(4)
    tap.check("every directory includes only what it may", layer_problems())
    tap.check("the core includes the C standard library only", core_problems())
    tap.check("the core has no conditions on the system", ifdef_problems())
    tap.check("the public header stands alone", public_header_problems())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
