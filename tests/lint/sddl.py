#!/usr/bin/env python3
"""Every security descriptor and entry that docs/windows.md quotes is one a plan has, and no other is
missing there. usage: sddl.py [CARREL]     without it, what needs the program is skipped

The page has a policy, which is that of the golden case win-documented (so its plans are the ones
carrel makes), and blocks of lines "TIERS STEP SDDL" in which letters stand for SIDs.
"""

import os
import re
import subprocess
import sys
import tempfile

from tap import Tap, files, read

PAGE = "docs/windows.md"
CASE = "tests/golden/cases/win-documented.policy"
EXPECTED = "tests/golden/expected/win-documented.windows-{}.txt"
TIERS = {"u": "unelevated", "e": "elevated"}
HOME, WORKSPACE = "C:\\Users\\me", "C:\\Users\\me\\project"
BLOCK = re.compile(r"^```([\w-]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# an entry, or parts of a descriptor with entries
SDDL = re.compile(r"(?:O:[\w-]+?)?(?:D:[A-Z]*)?(?:\((?:A|D|ML);[^()\s]*\))+(?:S:(?:\([^()\s]*\))+)?")
LINE = re.compile(r"^(u|e|ue)\s+([a-z-]+)\s+(\S+)$")
SOURCE_LINE = re.compile(r"^(src/\S+\.c)\s+(\S+)$")
SID = r"S-1-5-21-[0-9-]+"


def letters(plan):
    """{SID: the page's letter for it}"""
    found = {}
    for path, sid in re.findall(rf"^restricting-sid  (\S+)  ({SID})", plan, re.MULTILINE):
        found[sid] = "W" if path == WORKSPACE else "B"
    # facts of a typical host: core/facts.c
    found["S-1-5-21-1000000001-1000000002-1000000003-1001"] = "U"
    found["S-1-5-21-1000000001-1000000002-1000000003-1101"] = "A"
    return found


def of_plan(plan):
    """{(step, SDDL with letters)}"""
    known = letters(plan)
    found = set()
    for line in plan.split("\ngaps:")[0].splitlines():
        for text in SDDL.findall(line):
            text = re.sub(SID, lambda match: known.get(match.group(0), match.group(0)), text)
            found.add((line.split()[0], text))
    return found


def of_page(text):
    """({(tier, step, SDDL)} of the blocks, texts in the prose, lines that cannot be read)"""
    found, odd = set(), []
    for kind, body in BLOCK.findall(text):
        if kind != "sddl":
            continue
        for line in body.splitlines():
            match = LINE.match(line)
            if not match or not SDDL.fullmatch(match.group(3)):
                odd.append(line)
                continue
            found |= {(TIERS[letter], match.group(2), match.group(3)) for letter in match.group(1)}
    return found, SDDL.findall(BLOCK.sub("", text)), odd


def compare(text, plans):
    """What is wrong with the page."""
    page, prose, odd = of_page(text)
    wanted = {(tier, *what) for tier, plan in plans.items() for what in of_plan(plan)}
    problems = [f"{PAGE}: cannot read '{line}'" for line in odd]
    problems += [f"{PAGE}: no {tier} plan has {step} {sddl}"
                 for tier, step, sddl in sorted(page - wanted)]
    problems += [f"{PAGE}: not there: {tier} {step} {sddl}"
                 for tier, step, sddl in sorted(wanted - page)]
    known = {sddl for _, _, sddl in wanted}
    return problems + [f"{PAGE}: no plan has {sddl}" for sddl in prose if sddl not in known]


def in_sources(text):
    """Blocks of lines "FILE SDDL": a string of that file, with the user's SID to be filled in."""
    lines = [line for kind, body in BLOCK.findall(text) if kind == "sddl-source"
             for line in body.splitlines()]
    problems = [] if lines else [f"{PAGE}: no descriptor of a source file"]
    for line in lines:
        match = SOURCE_LINE.match(line)
        wanted = match and '"' + match.group(2).replace(";U)", ";%ls)") + '"'
        if not match or wanted not in read(match.group(1)):
            problems.append(f"{PAGE}: not so: {line}")
    quoted = {line.split()[0] for line in lines}
    for path in files(".c", under=("src/windows", "src/session", "src/lib", "src/cli")):
        if path not in quoted and re.search(r'"(?:O:\w+)?D:\w*\((?:A|D);', read(path)):
            problems.append(f"{PAGE}: not there: the descriptor in {path}")
    return problems


def policy_of(text):
    for kind, body in BLOCK.findall(text):
        if kind == "" and body.startswith("allow read"):
            return body
    return ""


def same_policy(text):
    rules = "".join(line + "\n" for line in read(CASE).splitlines() if not line.startswith("#"))
    return [] if policy_of(text) == rules else [f"the policies of {PAGE} and {CASE} differ"]


def spoilt(text, plans):
    """The test itself: each quoted text, changed in one place, is noticed."""
    quoted = sorted({sddl for _, _, sddl in of_page(text)[0]})
    changes = ((";OICI;", ";CI;"), ("0x1301bf", "0x1301ff"), (";S-1-16-", ";S-1-17-"), ("(A;;", "(D;;"),
               ("0xd0156", "0xd0116"), ("0x1200a9", "0x1201a9"), ("O:LS", "O:SY"))
    problems = [] if len(quoted) >= 10 else [f"only {len(quoted)} texts are quoted"]
    for sddl in quoted:
        new = next((sddl.replace(old, by, 1) for old, by in changes if old in sddl), None)
        if not new:
            problems.append(f"no change known for {sddl}")
        elif not compare(text.replace(" " + sddl + "\n", " " + new + "\n"), plans):
            problems.append(f"not noticed: {new} for {sddl}")
    return problems


def printed(carrel, text):
    """What the program prints for the policy, on no file system at all, is on the page."""
    page = of_page(text)[0]
    problems = []
    with tempfile.NamedTemporaryFile("w", suffix=".policy", encoding="utf-8") as file:
        file.write(policy_of(text))
        file.flush()
        for tier in TIERS.values():
            words = [carrel, "plan", "--os", "windows", "--tier", tier, "--home", HOME,
                     "--workspace", WORKSPACE, "--policy", file.name]
            done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            found = of_plan(done.stdout)
            if done.returncode != 0 or len(found) < 7:
                problems.append(f"{tier}: exit code {done.returncode}: {done.stdout[:300]}")
            problems += [f"{PAGE}: not there: {tier} {step} {sddl}"
                         for step, sddl in sorted(found) if (tier, step, sddl) not in page]
    return problems


def main():
    text = read(PAGE)
    plans = {tier: read(EXPECTED.format(tier)) for tier in TIERS.values()}
    tap = Tap(5)
    tap.check("the page's policy is the golden case's", same_policy(text))
    tap.check("every quoted descriptor and entry is a plan's, and none is missing",
              compare(text, plans))
    tap.check("a wrong one would be noticed", spoilt(text, plans))
    tap.check("descriptors that no plan has are those of the sources", in_sources(text))
    if len(sys.argv) > 1:
        tap.check("what 'carrel plan --os windows' prints for the policy is on the page",
                  printed(os.path.abspath(sys.argv[1]), text))
    else:
        tap.skip("what 'carrel plan --os windows' prints", "no carrel given")
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
