#!/usr/bin/env python3
"""The battery for real Windows, run in the test bed: the table, the kit and what realwin.ps1 does with
them, step by step.

usage: realwin.py BUILD WITH_ENV      BUILD: the cross-build the kit is made of

Nothing here can run PowerShell; so the script does nothing that is not done here in the same order, and
the names it relies on are looked up in the kit. With `with_env`, carrel's state is the test's own, as
it is on Windows with another LOCALAPPDATA.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

import escape_bed
import wine as wine_module
from escape_suite import NO_CONTROL
from tapwine import Tap

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
KINDS = {"any": 2, "before": 5, "after": 5, "tap": 3, "attacks": 3, "probe": 3}
DIRECTORIES = ["out/sub/deep", "out/empty", "out/everyones", "ws/.git/hooks", "ws/d/deep", "local/carrel"]
FILES = ["out/f", "out/everyone", "out/sub/f", "ws/f", "ws/g", "ws/d/deep/f", "ws/.git/config"]
LINK = "ws/hl", "out/sub/f"  # the first is made as another name of the second
BOX = ["run", "--quiet", "--accept-gap=network", "--accept-gap=hidden-files", "--accept-gap=delete-low",
       "--accept-gap=job-ui", "--workspace"]


def table(text):
    """[columns of each row]; one that is not as it should be raises."""
    rows = [line.split("\t") for line in text.splitlines() if line and line[0] != "#"]
    for row in rows:
        if len(row) < KINDS[row[0]]:
            raise ValueError(f"realwin.tsv: {row}")
    return rows


class Battery:
    def __init__(self, tap, wine, kit, with_env):
        self.tap, self.wine = tap, wine
        self.with_env = wine.copy(with_env)
        os.mkdir(os.path.join(wine.dir, "bin"))
        with zipfile.ZipFile(kit) as archive:
            archive.extractall(os.path.join(wine.dir, "bin"))
            self.names = archive.namelist()
            self.rows = table(archive.read("realwin.tsv").decode("ascii"))
            self.script = archive.read("realwin.ps1").decode("ascii")
        wine_module.own(wine.dir)
        self.carrel, self.probe = self.bin("carrel.exe"), self.bin("escape_probe.exe")
        self.any = {row[1] for row in self.rows if row[0] == "any"}
        _, listing = wine.run(self.probe, "list")
        self.rows += [["op", *line.split("\t")] for line in listing.decode().splitlines()
                      if "\t" in line]
        self.victim = self.pid = self.top = self.win = None

    def bin(self, name):
        return self.wine.windows("bin", name)

    def of(self, kind):
        return [row for row in self.rows if row[0] == kind]

    def start_victim(self):
        self.victim = self.wine.start(self.probe, "victim", stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        self.pid = self.victim.stdout.readline().split()[1].decode()

    def stop_victim(self):
        self.victim.stdin.close()
        self.victim.wait(timeout=20)
        self.victim.stdout.close()

    def place(self, name):
        """A fresh workspace with something outside."""
        top = os.path.join(self.top, name)
        shutil.rmtree(top, ignore_errors=True)
        for part in DIRECTORIES:
            os.makedirs(os.path.join(top, part))
        for part in FILES + (["local/carrel/sid-seed", "local/carrel/acl-journal"] if name == "c" else []):
            with open(os.path.join(top, part), "w", encoding="ascii") as file:
                file.write(part + "\n")
        os.link(os.path.join(top, LINK[1]), os.path.join(top, LINK[0]))
        wine_module.own(top)
        return f"{self.win}\\{name}"

    def run(self, place, state, *words):
        variables = {"T_OUT": place + "\\out", "T_WS": place + "\\ws", "T_STATE": state + "\\carrel",
                     "T_CARREL": self.carrel, "T_PID": self.pid, "LOCALAPPDATA": state}
        code, output = self.wine.run(self.with_env, place,
                                     *[f"{name}={value}" for name, value in variables.items()], "--",
                                     *words)
        return code, output.decode(errors="replace").replace("\r", "")

    def boxed(self, place, *words):
        return self.run(place, self.state(), self.carrel, *BOX, place + "\\ws", "--", *words)

    def state(self):
        return f"{self.win}\\state"

    def answers(self, text):
        return dict(re.findall(r"^([\w-]+) (yes|no)$", text, re.MULTILINE))

    def control(self, row):
        place = self.place("c")
        if row[1].startswith("everyone"):
            self.run(place, place + "\\local", self.probe, "open", place + "\\out\\everyone",
                     place + "\\out\\everyones")
        if row[1] == "victim-pipe":
            self.victim.stdin.write(b"\n")
            self.victim.stdin.flush()
        _, text = self.run(place, place + "\\local", self.probe, "try", row[1])
        return self.answers(text).get(row[1], text)

    def controls(self, title):
        for row in self.of("op"):
            seen = self.control(row)
            good = seen == "yes" or row[1] in self.any and seen == "no"
            self.tap.check(f"{title}: outside: {row[1]}", good, seen)

    def inside(self, title, how):
        place = self.place("b" + how)
        self.run(place, self.state(), self.probe, "open", place + "\\out\\everyone",
                 place + "\\out\\everyones")
        code, text = self.boxed(place, self.probe, how, *[row[1] for row in self.of("op")])
        found = self.answers(text)
        self.tap.check(f"{title}: the box ends with 0", code == 0, f"{code}: {text}")
        for row in self.of("op"):
            self.tap.check(f"{title}: {how}: {row[1]} {row[2]}",
                           found.get(row[1]) == {"works": "yes", "refused": "no"}[row[2]],
                           found.get(row[1], "no answer"))
        self.untouched(title, how, "b" + how)

    def untouched(self, title, how, name):
        changed = []
        for part in FILES:
            if not part.startswith(("out/", "ws/.git/")):
                continue
            try:
                with open(os.path.join(self.top, name, part), encoding="ascii") as file:
                    changed += [part] if file.read() != part + "\n" else []
            except FileNotFoundError:
                changed.append(part)
        self.tap.check(f"{title}: {how}: files outside and protected are untouched", not changed, changed)

    def words(self, text, place):
        known = {"carrel": [self.carrel], "probe": [self.probe], "ws": [place + "\\ws"],
                 "cmd": ["C:\\windows\\system32\\cmd.exe"],
                 "box": [self.carrel, *BOX, place + "\\ws", "--"]}
        found = []
        for word in text.split(" "):
            found += known[word[1:-1]] if word.startswith("{") else [word]
        return found

    def programs(self, title, kind, place):
        for _, name, code, pattern, text in self.of(kind):
            got, output = self.run(place, self.state(), *self.words(text, place))
            self.tap.check(f"{title}: {name}", got == int(code) and
                           re.search(pattern, output, re.MULTILINE), f"{got}: {output}")

    def dump(self, place):
        _, text = self.run(place, self.state(), self.bin("journal_probe.exe"), "dump", place + "\\ws",
                           place + "\\out")
        return sorted(re.findall(r"^\S+\t[0-9a-f]+$", text, re.MULTILINE))

    def undone(self, title):
        place = self.place("u")
        before = self.dump(place)
        self.boxed(place, self.probe, "try", "work-read-outside")
        during = self.dump(place)
        self.programs(title, "after", place)
        self.tap.check(f"{title}: a box changes descriptors", len(before) >= 10 and during != before,
                       len(before))
        self.tap.check(f"{title}: uninstall restores every descriptor", self.dump(place) == before)

    def all(self, title, base):
        """`base`: where on Windows the tree is made."""
        base = os.path.join(self.wine.prefix, base)
        os.makedirs(base, exist_ok=True)
        wine_module.own(os.path.dirname(os.path.dirname(base)) if "AppData" in base else base)
        self.top = tempfile.mkdtemp(prefix="carrel-realwin-", dir=base)
        self.win = "C:\\" + os.path.relpath(self.top, os.path.join(self.wine.prefix, "drive_c")
                                            ).replace("/", "\\")
        try:
            os.mkdir(os.path.join(self.top, "state"))
            wine_module.own(self.top)
            self.programs(title, "before", self.place("p"))
            self.controls(title)
            self.inside(title, "try")
            self.inside(title, "child")
            self.undone(title)
        finally:
            shutil.rmtree(self.top)


    def attacks(self):
        """The script lets all be tried, and here verify.py does: a few will do."""
        for _, name, text in self.of("attacks"):
            self.top, self.win = self.wine.dir, self.wine.windows()
            os.mkdir(os.path.join(self.top, "state"))
            wine_module.own(os.path.join(self.top, "state"))
            code, output = self.run(self.wine.windows("bin"), self.state(),
                                    *self.words(text, self.win), "--only", "git-*")
            output = re.sub(r"^wine: .*\n", "", output, flags=re.MULTILINE)
            found = json.loads(output)["attacks"] if output.startswith("{") else []
            for attack in found:
                self.tap.check(f"{name}: {attack['name']}: {attack['verdict']}",
                               attack["verdict"] != "not_held" and attack["title"], attack)
            self.tap.check(f"{name}: ran to its end", len(found) > 15 and code == 0, f"{code}: {output}")


def about_kit(battery):
    """What can be said of the script without running it."""
    tap = battery.tap
    ops = battery.of("op")
    tap.check("there are operations", len(ops) > 100 and all(row[2] in ("refused", "works") for row in ops),
              ops)
    tap.check("what need not work outside is what the escape suite says",
              battery.any == NO_CONTROL and battery.any <= {row[1] for row in ops}, battery.any)
    asked = set(re.findall(r"[\w-]+\.(?:exe|tsv)", battery.script)) - {"cmd.exe", "icacls.exe"}
    asked |= {row[2] for row in battery.rows if row[0] in ("tap", "probe")}
    tap.check("what the script and the table name is in the kit",
              len(asked) > 5 and asked <= set(battery.names), asked - set(battery.names))
    for what, parts in (("directories", DIRECTORIES), ("files", FILES), ("link", LINK), ("options", BOX)):
        tap.check(f"the script has the same {what}",
                  all(f"'{part}'" in battery.script for part in parts),
                  [part for part in parts if f"'{part}'" not in battery.script])
    where = os.path.join(ROOT, "tests", "windows", "testbed", "probes")
    for name, file, define in (("ProbeTop", "probe_files.c", "TOP"), ("ProbeKey", "probe_objects.c", "KEY")):
        with open(os.path.join(where, file), encoding="utf-8") as source:
            made = re.search(rf'#define {define} +L"(.*)"', source.read()).group(1)
        tap.check(f"the script removes what {file} makes",
                  f"${name} = '{made}'".replace("\\\\", "\\") in battery.script, made)
    known = {f"{{{name}}}" for name in re.findall(r"'\{(\w+)\}'", battery.script)}
    used = {word for row in battery.rows if row[0] in ("before", "after", "attacks")
            for word in row[-1].split(" ") if word.startswith("{")}
    tap.check("the script knows every kind of row", all(f"'{kind}'" in battery.script for kind in KINDS),
              KINDS)
    tap.check("the script knows every name in braces", used <= known, used - known)


def main(argv):
    tap = Tap()
    with escape_bed.bed() as wine, tempfile.TemporaryDirectory() as dir_:
        if not wine:
            return wine_module.missing()
        kit = os.path.join(dir_, "kit.zip")
        subprocess.run([sys.executable, os.path.join(ROOT, "tools", "windows-kit"), argv[1], kit],
                       stdout=subprocess.DEVNULL, check=True)
        battery = Battery(tap, wine, kit, argv[2])
        about_kit(battery)
        battery.start_victim()
        try:
            user, = set(os.listdir(os.path.join(wine.prefix, "drive_c/users"))) - {"Public"}
            battery.all("Temp", f"drive_c/users/{user}/AppData/Local/Temp")
            battery.all("profile", f"drive_c/users/{user}")
            battery.attacks()
        finally:
            battery.stop_victim()
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
