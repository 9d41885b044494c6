#!/usr/bin/env python3
"""The documents are true as far as a program can tell: commands and options, gaps, tiers, links,
make targets. usage: docs.py [CARREL]     without it, what needs the program is skipped"""

import os
import re
import subprocess
import sys

from tap import ROOT, Tap, files, read, run

MANUAL = "docs/carrel.1"
COMPLETIONS = ("completions/carrel.bash", "completions/_carrel", "completions/carrel.fish")
OS_PAGES = ("docs/linux.md", "docs/windows.md", "docs/macos.md")
GAP_TABLE = "src/core/gaps.h"
GAP_NAME = r"[a-z]+(?:-[a-z]+)*"
# what a document of ours must never tell: where it was written, and where packages came from
PRIVATE = re.compile(r"(?<![\w.~-])/(?:work|builds?|workspace)/|/(?:root|home)/(?!you\b|me\b)\w"
                     r"|\b(?:proxy|mirror|registry|artifactory|nexus)\.[a-z0-9-]+\.[a-z]{2,}"
                     r"|\b(?:localhost|127\.0\.0\.1):\d{4,5}/")


def help_of(carrel, *words):
    done = subprocess.run([carrel, *words, "--help"], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise SystemExit(f"'carrel {' '.join(words)} --help' ends with {done.returncode}")
    return done.stdout


def subcommands(carrel):
    section = help_of(carrel).split("Commands:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in section.splitlines()]


def options(text):
    return set(re.findall(r"^  --([a-z][a-z-]*)", text, re.MULTILINE))


def interface(carrel):
    """{subcommand: its options}"""
    return {name: options(help_of(carrel, name)) for name in subcommands(carrel)}


def in_manual(commands):
    text = read(MANUAL)
    problems = [f"{MANUAL}: no command '{name}'" for name in commands
                if not re.search(rf"^\.It Cm {name}\b", text, re.MULTILINE)]
    known = set(re.findall(r"^\.It Fl Fl ([a-z][a-z-]*)", text, re.MULTILINE))
    wanted = set().union(*commands.values()) | {"version"}
    problems += [f"{MANUAL}: no option --{name}" for name in sorted(wanted - known)]
    shown = set(re.findall(r"\bFl Fl ([a-z][a-z-]*)", text))
    problems += [f"{MANUAL}: --{name} is no option" for name in sorted(shown - wanted)]
    return problems


def in_completion(path, commands):
    """All names, no others; which command takes which is checked for bash, where it can be asked."""
    text = read(path)
    if path.endswith(".fish"):
        text = "\n".join(line for line in text.splitlines() if line.startswith("complete "))
        known = set(re.findall(r" -l ([a-z][a-z-]*)", text))
    else:
        known = set(re.findall(r"--([a-z][a-z-]*)", text))
    wanted = set().union(*commands.values()) | {"version"}
    problems = [f"{path}: no command '{name}'" for name in commands
                if not re.search(rf"\b{name}\b", text)]
    problems += [f"{path}: no option --{name}" for name in sorted(wanted - known)]
    problems += [f"{path}: --{name} is no option" for name in sorted(known - wanted)]
    return problems


def bash_knows(name, wanted):
    _, offered = run("bash", "-c", '. "$1"; _carrel_options "$2"', "-", COMPLETIONS[0], name)
    known = set(re.findall(r"--([a-z][a-z-]*)", offered))
    return [f"{COMPLETIONS[0]}: {name}: --{option} {word}"
            for word, odd in (("is missing", wanted - known), ("is no option", known - wanted))
            for option in sorted(odd)]


def in_completions(commands):
    problems = [problem for path in COMPLETIONS for problem in in_completion(path, commands)]
    for name, wanted in commands.items():
        problems += bash_knows(name, wanted)
    return problems


def documented_options(commands):
    """Every option the documents show with `carrel` exists."""
    known = set().union(*commands.values()) | {"version", "help"}
    problems = []
    for path in files(".md"):
        for line in read(path).splitlines():
            for shown in re.findall(r"\bcarrel ([a-z]+) ((?:--?[a-z][^`|]*)?)", line):
                own = shown[1].split(" -- ")[0]
                problems += [f"{path}: carrel {shown[0]} --{name}"
                             for name in re.findall(r"--([a-z][a-z-]*)", own) if name not in known]
    return problems


def table_names(text, table):
    """Names in the rows of a C table that cr_build_gap takes them from."""
    body = re.search(rf"\b{table}\[\w*\] = \{{(.*?)\n\t+\}};", text, re.DOTALL)
    if not body:
        return []
    if "CR_STEP_KIND_COUNT" in body.group(1):
        return re.findall(rf'\{{CR_STEP_KIND_COUNT, "({GAP_NAME})"', body.group(1))
    return re.findall(rf'\{{\s*"({GAP_NAME})",', body.group(1))


def gaps():
    """(place, name) of every gap a planner can make; a name of None could not be found out."""
    for path in files(".c", under=("src/core",)):
        text = read(path)
        # tables of limits are handed to plan_build.c, whose own call names none
        for call in re.finditer(r"\bcr_build_limits\([^,;]+,\s*(\w+),", text):
            for name in table_names(text, call.group(1)):
                yield path, name
        text = text.replace("cr_build_gap(builder, ways[i].detail,", "")
        for call in re.finditer(r"\bcr_build_gap\(\s*[^,;]+,\s*([^,;]+),", text):
            place = f"{path}:{text.count(chr(10), 0, call.start()) + 1}"
            argument = call.group(1).strip()
            table = re.match(r"(\w+)\[", argument)
            if argument.startswith('"'):
                yield place, argument.strip('"')
            elif table:
                for name in table_names(text, table.group(1)) or [None]:
                    yield place, name
            elif "const char" not in argument:
                yield place, None


def gap_pages():
    found = list(gaps())
    problems = [f"{place}: this test cannot tell the gap's name" for place, name in found
                if name is None]
    if len(found) < 10:
        problems.append(f"only {len(found)} gaps found in src/core")
    text = "".join(read(page) for page in OS_PAGES)
    problems += [f"{place}: gap `{name}` is on none of {', '.join(OS_PAGES)}"
                 for place, name in found if name and f"`{name}`" not in text]
    return problems


def phantom_gaps():
    """Gaps the documents name exist."""
    known = {name for _, name in gaps()}
    problems = []
    for path in files(".md"):
        shown = re.findall(rf"\bgap `({GAP_NAME})`", read(path))
        shown += re.findall(rf"--accept-gap[ =]({GAP_NAME})\b", read(path))
        problems += [f"{path}: no gap '{name}'" for name in shown if name not in known]
    return problems


def listed_gaps():
    return re.findall(rf'X\("({GAP_NAME})"\)', read(GAP_TABLE))


def gap_table():
    """cr_gap_check takes the names that planners use, and no others."""
    listed = listed_gaps()
    used = {name for _, name in gaps() if name}
    problems = [f"{GAP_TABLE}: not in order"] if listed != sorted(set(listed)) else []
    problems += [f"{GAP_TABLE}: no '{name}'" for name in sorted(used - set(listed))]
    problems += [f"{GAP_TABLE}: no planner makes '{name}'" for name in listed if name not in used]
    return problems


def gaps_in_completions():
    problems = []
    for path in COMPLETIONS:
        block = re.search(r"\babsent-protected\b.*?\bworld-writable\b", read(path), re.DOTALL)
        offered = re.findall(GAP_NAME, block.group()) if block else []
        if offered != listed_gaps():
            problems.append(f"{path}: not the names of {GAP_TABLE}")
    return problems


def anchors(path):
    heads = re.findall(r"^#+ (.*)$", read(path), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


def links():
    problems = []
    for path in files(".md"):
        for target in re.findall(r"\]\(([^)\s]+)\)", read(path)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            place = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
            if not os.path.exists(os.path.join(ROOT, place)):
                problems.append(f"{path}: '{target}' leads nowhere")
            elif anchor and anchor not in anchors(place):
                problems.append(f"{path}: '{target}': no such heading")
    return problems


def header_of(path, start):
    """Cells of the first table head that begins with `start`."""
    for line in read(path).splitlines():
        if line.startswith(start):
            return [cell.strip() for cell in line.strip("|").split("|")]
    return []


def tiers():
    """The README's table has every tier of the threat model, the two other systems, and full rows."""
    model = [cell for cell in header_of("docs/threat-model.md", "| attack") if "tier" in cell]
    table = header_of("README.md", "| | Linux")
    if not model or not table:
        return ["a table of tiers is missing in README.md or docs/threat-model.md"]
    wanted = [f"Linux, {tier}" for tier in model] + ["Windows", "macOS"]
    problems = [f"README.md: no column '{name}'" for name in wanted if name not in table]
    section = read("README.md").split("| | Linux")[1].split("\n\n")[0]
    for row in section.splitlines()[2:]:
        if row.count("|") != len(table) + 1:
            problems.append(f"README.md: not {len(table)} cells: {row}")
    return problems


def make_targets():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    problems = []
    for path in files(".md", ".1", ".3", ".5"):
        blocks = re.findall(r"`([^`\n]+)`", read(path))
        blocks += re.findall(r"^```sh\n(.*?)^```", read(path), re.MULTILINE | re.DOTALL)
        for block in blocks:
            for line in block.splitlines():
                own = re.search(r"(?:^|&& |sudo )make ([a-z][a-z-]*)", line)
                if own and own.group(1) not in targets:
                    problems.append(f"{path}: no 'make {own.group(1)}'")
    return problems


def set_up():
    """The two commands of the README are those that continuous integration relies on."""
    text = read("README.md")
    problems = [f"README.md: no '{command}'"
                for command in ("tools/install-deps && make demo",
                                "tools/install-deps --tests && make check")
                if f"\n{command}\n" not in text]
    for command in ("make demo", "make check", "install-deps --tests"):
        if command not in read(".ci/run"):
            problems.append(f".ci/run: no '{command}'")
    return problems


def private():
    pages = files(".md", ".1", ".3", ".5") + list(COMPLETIONS) + ["Makefile", "tools/install-deps"]
    return [f"{path}:{number}: {line.strip()}" for path in pages
            for number, line in enumerate(read(path).splitlines(), 1) if PRIVATE.search(line)]


def main():
    carrel = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
    asked = [("commands and options are in the manual", in_manual),
             ("commands and options are in the completions", in_completions),
             ("options shown in documents exist", documented_options)]
    plain = [("every gap of the planners is explained", gap_pages),
             ("every gap named in a document exists", phantom_gaps),
             ("the gaps that can be accepted are those there are", gap_table),
             ("the completions offer them all", gaps_in_completions),
             ("links lead somewhere", links),
             ("the README's table has every tier", tiers),
             ("make targets in documents exist", make_targets),
             ("the README's commands are those of CI", set_up),
             ("documents tell nothing about the machine they were written on", private)]
    tap = Tap(len(asked) + len(plain))
    commands = interface(carrel) if carrel else None
    for name, check in asked:
        if commands:
            tap.check(name, check(commands))
        else:
            tap.skip(name, "no carrel given")
    for name, check in plain:
        tap.check(name, check())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
