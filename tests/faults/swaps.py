#!/usr/bin/env python3
"""Names are swapped for symlinks while boxes start and run: nothing outside is ever written.

usage: swaps.py CARREL RACER [GROUP...]

Someone outside exchanges names of the plan with symlinks to a victim, as fast as they can: the
workspace, folders in it, protected names, their parents, hidden paths and their parents. Meanwhile
boxes start and try to write through every one of these names. A start may fail; then it ends with
125 and its command has not run. The victim never changes, and neither does a protected name that is
not itself being swapped: what somebody outside puts in the place of a protected name after
the plan was made is theirs to protect. Nothing stays behind. Speaks TAP.
CARREL_FAULTS_SCALE multiplies the number of starts.
"""

import os
import signal
import subprocess
import sys

from common import SCALE, Scene, Tap, difference, empty

STARTS = max(10, int(40 * SCALE))

# What the command does, wherever the names lead by then.
NAMES = [".", "sub", "sub/deep", "sub/deep/keep", "sub/secret", ".git", ".git/hooks", ".vscode",
         ".vscode/deep", "absent", ".idea", ".claude"]


def each(pattern):
    return " ".join(pattern % name for name in NAMES)


ATTACK = f"""
exec 2>/dev/null
echo RAN
pwd -P
for name in {each("%s")} $TOP/cache/dir $TOP/cache $TOP/victim $TOP/victim/dir; do
	echo owned >$name/owned
	echo owned >$name
done
mkdir {each("%s/made")} $TOP/cache/dir/made $TOP/victim/made $TOP/victim/dir/made
ln -s /etc {each("%s")}
chmod 777 {each("%s")}
rm -f {each("%s/precious")} $TOP/cache/dir/precious $TOP/victim/dir/precious
mv .git gone
mv .vscode gone2
mv sub/deep/keep gone3
rm -rf .git .vscode sub/deep/keep
for i in 1 2 3 4 5; do echo owned >sub/deep/owned; echo owned >.git/owned; done
exit 0
"""
# The victim is protected by name too: so it may not be written even when the plan is made while a name
# of the workspace leads there.
COMMON = ["--protect", "%(top)s/victim", "--protect", "%(top)s/victim/dir",
          "--write", "%(top)s/cache/dir"]
TIERS = {
    "full": [*COMMON, "--protect", "%(top)s/workspace/sub/deep/keep",
             "--hide", "%(top)s/workspace/sub/secret"],
    "landlock": [*COMMON, "--tier", "landlock", "--accept-gap", "protected-paths", "--accept-gap",
                 "metadata", "--accept-gap", "processes"],
}
# name and what it is exchanged with: the other is made as a symlink to the place in the victim
SWAPS = {
    "folders": [("workspace/sub", ""), ("workspace/sub/deep", "")],
    "protected names": [("workspace/.git", "hooks-of-victim"), ("workspace/.vscode", ""),
                        ("workspace/sub/deep/keep", "")],
    "parents of protected names": [("workspace/sub/deep", "sub/deep"), ("workspace/sub", "sub")],
    "hidden names": [("workspace/sub/secret", ""), ("home/.ssh", ""), ("home/.netrc", "file")],
    "parents of hidden names": [("home", "home"), ("workspace/sub", "")],
    "the workspace": [("workspace", "")],
    "a writable folder": [("cache/dir", "dir")],
    "the parent of a writable folder": [("cache", "")],
    "all": [("workspace/sub", ""), ("workspace/sub/deep", ""), ("workspace/.git", ""),
            ("workspace/.vscode", ""), ("workspace/sub/deep/keep", ""),
            ("workspace/sub/secret", ""), ("home/.ssh", ""), ("home/.netrc", "file")],
    "protected and plain names": [("workspace/.git", "SWAP:workspace/plain"),
                                  ("workspace/.vscode", "SWAP:workspace/plain2")],
    "plain names": [("workspace/plain", ""), ("workspace/plain2", "sub")],
}


def fill(scene):
    """A victim that looks like the workspace, so that every name of the plan exists there too."""
    for top in ("workspace", "victim"):
        for name in ("precious", "sub/precious", "sub/deep/precious", "sub/deep/keep/precious",
                     ".git/precious", ".git/hooks/precious", ".vscode/precious",
                     "sub/secret/file"):
            scene.put(f"{top}/{name}", "secret\n" if "secret" in name else "precious\n")
    scene.put("cache/dir/precious", "precious\n")
    scene.give(scene.path("cache"))
    for name in ("dir/precious", "dir/sub/precious", "deep/precious", "deep/keep/precious", "keep/precious", "hooks-of-victim/precious",
                 "home/precious", "home/.ssh/key", "file"):
        scene.put(f"victim/{name}", "precious\n")
    for name in ("plain/precious", "plain2/precious"):
        scene.put(f"workspace/{name}", "plain\n")
    scene.give(scene.workspace)
    scene.give(scene.path("victim"))


def pairs(scene, swaps):
    """Arguments of the racer; makes what is exchanged."""
    words = []
    for number, (name, to) in enumerate(swaps):
        if to.startswith("SWAP:"):
            other = scene.path(to[5:])
        else:
            # beside the workspace, where the racer reaches it whatever is swapped
            other = scene.path(f"other/{number}")
            os.symlink(scene.path(f"victim/{to}"), other)
        words += [scene.path(name), other]
    return words


PROTECTED = ["workspace/.git", "workspace/.vscode", "workspace/sub/deep/keep"]


class Race:
    def __init__(self, argv, tier, swaps, as_root):
        self.scene = Scene(argv[1], as_root, tools=argv[2:3])
        self.tier = tier
        self.swaps = swaps
        self.scene.env["TOP"] = self.scene.top
        self.scene.give(self.scene.top)
        self.scene.folder("other")
        self.scene.folder("victim")
        watched = ["victim", "outside"]
        if tier == "full":  # in the landlock tier protected names in the workspace are a gap
            watched += [name for name in PROTECTED
                        if not any((name + "/").startswith(swap + "/") for swap, _ in swaps)]
        self.watched = tuple(self.scene.path(name) for name in watched)
        self.started = self.refused = self.swapped = 0

    def prepare(self):
        """The scene as it was; the arguments of the racer."""
        for name in ("other", "victim"):
            empty(self.scene.path(name))
        for top in ("workspace", "home", "cache"):  # it may be elsewhere when a swap could not be undone
            path = self.scene.path(top)
            if os.path.islink(path):
                os.unlink(path)
            if not os.path.isdir(path):
                os.mkdir(path)
        empty(self.scene.path("cache"))
        self.scene.restore()
        fill(self.scene)
        return pairs(self.scene, self.swaps)

    def start_one(self, number):
        words = self.prepare()
        before = self.scene.tree()
        racer = subprocess.Popen(
            self.scene.account() + [self.scene.tools["racer"], str(number), *words],
            stdout=subprocess.PIPE)
        box = self.scene.box("/bin/sh", "-c", ATTACK, options=[
            *(option.replace("%(top)s", self.scene.top) for option in TIERS[self.tier]),
            "--workspace", self.scene.workspace])
        child = subprocess.Popen(box, cwd=self.scene.top, env=self.scene.env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE)
        try:
            out, errors = child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            child.kill()
            out, errors = child.communicate()
            errors += b"(hung)"
        racer.send_signal(signal.SIGTERM)
        self.swapped += int(racer.communicate()[0] or 0)
        errors = errors.decode("utf-8", "replace")
        problems = self.judge(child.returncode, "RAN" in out.decode(), errors)
        return problems + self.changes(before)

    def judge(self, code, ran, errors):
        self.started += ran
        self.refused += not ran
        if "(hung)" in errors:
            return ["it hung"]
        if not ran and (code != 125 or "carrel: " not in errors):
            return [f"nothing ran, and it ended with {code}: {errors[:300]!r}"]
        # 125, 137: it was ended because a name could not be covered again
        return [] if code in (0, 125, 137) else [f"ended with {code}: {errors[:300]!r}"]

    def changes(self, before):
        after = self.scene.tree()
        if self.tier == "landlock":  # modes are its other gap
            before = {path: what[1:] for path, what in before.items()}
            after = {path: what[1:] for path, what in after.items()}
        problems = [line for line in difference(before, after)
                    if line.split(": ")[1].startswith(self.watched)]
        for folder in ("workspace", "victim"):
            names = os.listdir(self.scene.path(folder))
            left = [name for name in names if name in RESERVED]
            if left and (self.tier == "full" or folder == "victim"):
                problems.append(f"left in {folder}: {left}")
        return problems


# Names that a box reserves while it runs, and that were not there.
RESERVED = [".carrel", ".codex", ".agents", ".claude", ".cursor", ".gemini", ".mcp.json", ".idea",
            ".devcontainer", ".envrc"]


def race(argv, tier, name, as_root):
    game = Race(argv, tier, SWAPS[name], as_root)
    starts = max(5, STARTS // (1 if tier == "full" and not as_root else 4))
    problems = []
    try:
        for number in range(starts):
            problems += [f"start {number}: {problem}" for problem in game.start_one(number)]
            if len(problems) > 20:
                break
        problems += [f"process {pid} lives on" for pid in game.scene.processes()]
    finally:
        game.scene.remove()
    if game.swapped < starts:
        problems.append("the racer did not race")
    return problems, f"{game.started} ran, {game.refused} refused, {game.swapped} swaps"


def main(argv):
    tap = Tap()
    started = refused = 0
    for as_root in [False, True] if os.getuid() == 0 else [False]:
        for tier in TIERS:
            for name in SWAPS:
                if argv[3:] and name not in argv[3:]:
                    continue
                problems, note = race(argv, tier, name, as_root)
                who = "root" if as_root else "user"
                tap.check(f"{who}, {tier}: {name}", problems)
                tap.note(note)
                started += int(note.split()[0])
                refused += int(note.split()[2])
    # one outcome alone would mean that the swaps came too early or too late
    tap.check("some boxes ran, some were refused",
              [] if started and refused or argv[3:] else [f"{started} ran, {refused} refused"])
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
