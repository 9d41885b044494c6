#!/usr/bin/env python3
"""Every command of carrel.exe that needs no box, under Wine: what it says and how it ends.

usage: cli_portable.py CARREL_EXE WITH_ENV [NATIVE_CARREL]

The cases are those of tests/cli. With a carrel of this machine, what does not depend on the host
(help, plans for each system) must be the same byte for byte.
"""

import json
import os
import re
import subprocess
import sys

from cli import HOME, WORKSPACE, Cli
from tapwine import Tap
import wine as wine_of_tests

ACCEPT = ["--accept-gap=network", "--accept-gap=hidden-files", "--accept-gap=delete-low"]
COMMANDS = ("run", "plan", "explain", "doctor", "verify", "init", "policy", "trust", "uninstall")


def ends(run, code, *texts, lacks=()):
    """Whether it ended so and said all of these, and none of those."""
    return run.code == code and all(text in run.both for text in texts) and \
        not any(text in run.both for text in lacks)


def helps(tap, cli):
    run = cli.run("--version")
    tap.check("--version", bool(re.fullmatch(r"carrel \d+\.\d+\.\d+\n", run.out)), run)
    run = cli.run("--help")
    tap.check("--help lists every command", ends(run, 0, *[f"\n  {c} " for c in COMMANDS]), run)
    tap.check("no word is an error that shows the usage",
              ends(cli.run(), 125, "usage: carrel COMMAND"))
    bad = [c for c in COMMANDS if not ends(cli.run(c, "--help"), 0, f"usage: carrel {c}")]
    tap.check("every command has --help", not bad, bad)
    bad = [c for c in COMMANDS if not ends(cli.run(c, "--no-such"), 125,
                                           "unknown option '--no-such'", "hint: ")]
    tap.check("every command refuses an unknown option", not bad, bad)
    run = cli.run("pln")
    tap.check("a mistyped command is answered with the nearest",
              ends(run, 125, "did you mean 'carrel plan'?"), run)
    run = cli.run("run", "--wirte", "x", "y")
    tap.check("so is a mistyped option", ends(run, 125, "did you mean '--write'?"), run)
    run = cli.run("ünbekannt")
    tap.check("what is said back is what was typed", ends(run, 125, "'ünbekannt'"), run)


def plans(tap, cli):
    run = cli.run("plan")
    tap.check("the plan names its workspace, and every step its origin",
              ends(run, 0, f"workspace {cli.workspace}", "# default-common.policy:"), run)
    plan = json.loads(cli.run("plan", "--json").out or "{}")
    tap.check("as JSON it is JSON, and the same plan", plan.get("workspace") == cli.workspace
              and any(step.get("path") == cli.workspace for step in plan["steps"]), plan)
    run = cli.run("plan", "--write", cli.outside)
    tap.check("options change the plan, and its origin is the option",
              ends(run, 0, cli.outside, "# --write:1"), run)
    run = cli.run("plan", "--workspace", r"\\server\share")
    tap.check("another machine is no workspace", run.code == 125, run)
    run = cli.run("plan", "--os", "beos")
    tap.check("an unknown system", ends(run, 125, "linux, windows, macos"), run)
    run = cli.run("plan", "--", "cmd", "/c", "echo x > ran")
    tap.check("a plan starts nothing", run.code == 0 and not cli.exists(WORKSPACE, "ran"), run)
    run = cli.run("plan", cwd="C:\\")
    tap.check("a drive is no workspace", ends(run, 125, "the whole file system"), run)


def explains(tap, cli):
    cases = [
        (0, ["read", r"C:\windows\system32"], "allow: read"),
        (1, ["write", r"C:\windows\x"], "deny: write"),
        (0, ["write", r"sub\ünï cödé.txt"], cli.workspace + r"\sub\ünï cödé.txt"),
        (0, ["write", "sub/a b"], cli.workspace + r"\sub\a b"),
        (1, ["write", r".git\hooks\x"], "rule: deny write .git"),
        (1, ["write", r".GIT\HOOKS\x"], "rule: deny write .git"),
        (1, ["read", r"~\.ssh\key"], cli.home + r"\.ssh\key"),
        (1, ["write", cli.outside + r"\x"], "deny: write"),
        (0, ["--write", cli.outside, "write", cli.outside + r"\x"], "from: --write:1"),
        (1, ["connect", "example.com:443"], "deny: connect"),
        (0, ["--connect", "example.com:443", "connect", "example.com:443"], "allow: connect"),
        (125, [], ""),
        (125, ["eat", "x"], "unknown capability 'eat'"),
        (125, ["read"], ""),
        (125, ["read", ""], ""),
        (125, ["connect", "*.example.com:443"], "is a pattern"),
        (125, ["connect", "0x7f.1:80"], ""),
        (125, ["write", r"\\server\share\x"], ""),
        (125, ["write", r"\\?\C:\x"], ""),
        (125, ["write", r"a.txt:stream"], ""),
        (125, ["write", "NUL"], ""),
        (125, ["write", "x."], ""),
    ]
    for code, words, text in cases:
        run = cli.run("explain", *words)
        tap.check(f"explain {' '.join(words)}", ends(run, code, text), run)
    cli.write("ask connect *:443\n", WORKSPACE, "p")
    run = cli.run("explain", "--policy", "p", "connect", "example.com:443")
    tap.check("who is asked is 3", ends(run, 3, "ask: connect"), run)


MALFORMED = {
    "crlf": b"allow read /\r\n",
    "zero": b"allow read /\0x\n", "utf8": b"allow read /\xff\n", "control": b"allow read /a\x1bb\n",
    "long": b"a" * 5000, "twice": b"limit time 5m\nlimit time 6m\n",
    "leaves": b"allow write ../../..\n", "unc": b"allow read \\\\server\\share\n",
    "device": b"allow read \\\\?\\C:\\x\n", "stream": b"allow write a:b\n",
}


def policies(tap, cli):
    run = cli.run("policy", "show")
    tap.check("policy show prints every rule with origin and layer",
              ends(run, 0, "allow read     C:\\", "# default-windows.policy:", "(built-in)",
                   "deny  write    .git", "drop  env", "expire"), run)
    run = cli.run("policy", "check")
    tap.check("policy check is silent when all is well", run.code == 0 and not run.both, run)
    cli.write("allow read /\nalow read /x\n\ndeny write\nallow connect a:b:c\n",
              WORKSPACE, "p ü")
    run = cli.run("policy", "check", "p ü")
    tap.check("errors come all at once, with line and column",
              ends(run, 1, "p ü:2:1: ", "p ü:4:", "p ü:5:15: ", "3 errors"), run)
    for name, text in MALFORMED.items():
        cli.write(text, WORKSPACE, name)
        run = cli.run("policy", "check", name)
        tap.check(f"malformed: {name}", ends(run, 1, f"{name}:", lacks=("\x1b",)), run)
    cli.write(b"\n" * 1100000, WORKSPACE, "large")
    tap.check("too large", cli.run("policy", "check", "large").code not in (0, None))
    tap.check("neither show nor check is a usage error", cli.run("policy").code == 125)
    shown = cli.run("policy", "show").out
    lines = [re.sub(r"  \[.*\]", "", line) for line in shown.splitlines()
             if not re.search(r"\(system\)$|ms  #", line)]
    cli.write("\n".join(lines) + "\n", WORKSPACE, "shown")
    run = cli.run("policy", "check", "shown")
    tap.check("what show prints, the parser reads", run.code == 0, run)


def layers(tap, cli):
    cli.user_policy("allow read C:\\windows\nallow write .\n")
    run = cli.run("policy", "show")
    tap.check("the user's policy replaces the default",
              ends(run, 0, "policy:1 (user)", lacks=("default-windows",)), run)
    cli.user_policy("use default\ndeny read ~/private\n")
    run = cli.run("policy", "show")
    tap.check("unless it uses it", ends(run, 0, "default-windows", cli.home + r"\private"), run)
    cli.user_policy("use default\n", mode=0o666)
    run = cli.run("policy", "show")
    tap.check("one that others may write is refused",
              ends(run, 125, "can be written by others"), run)
    cli.user_policy("bad-user\n")
    cli.project_policy("bad-project\n")
    run = cli.run("run", "--", "cmd", "/c", "echo x > ran")
    tap.check("errors of both come together, and nothing runs",
              ends(run, 125, "policy:1:1: ", "bad-user", "bad-project")
              and not cli.exists(WORKSPACE, "ran"), run)
    cli.fresh()
    os.mkdir(cli.path(WORKSPACE, ".carrel"))
    os.mkdir(cli.path(WORKSPACE, ".carrel", "policy"))
    cli.own()
    run = cli.run("policy", "show")
    tap.check("a directory is no policy", ends(run, 125, "not a plain file"), run)


def projects(tap, cli):
    cli.fresh()
    cli.project_policy("deny  write docs\nallow write ~/elsewhere\n")
    run = cli.run("policy", "show")
    tap.check("a project's policy narrows; what it would widen is a proposal",
              ends(run, 0, "deny  write    docs", "proposed by the project"), run)
    elsewhere = cli.home + r"\elsewhere\x"
    tap.check("and does not count", cli.run("explain", "write", elsewhere).code == 1)
    run = cli.run("trust")
    tap.check("without a terminal and --yes nothing is accepted",
              ends(run, 125, "no terminal"), run)
    run = cli.run("trust", "--yes")
    tap.check("trust --yes shows and accepts", ends(run, 0, "allow write ~/elsewhere", "trusted"),
              run)
    tap.check("then it counts", cli.run("explain", "write", elsewhere).code == 0)
    tap.check("a second time is no news", ends(cli.run("trust"), 0, "trusted already"))
    state = os.path.join(HOME, "AppData", "Local", "carrel")
    tap.check("the state is in LOCALAPPDATA, for the user alone",
              cli.mode(state) & 0o007 == 0 and cli.mode(state, "trust") & 0o007 == 0,
              oct(cli.mode(state)))  # Wine says "group" for Administrators
    names = os.listdir(cli.path(state, "trust"))
    tap.check("no half-written file is left", len(names) == 1 and names[0][0] != ".", names)
    os.chmod(cli.path(state, "trust"), 0o777)
    run = cli.run("explain", "write", elsewhere)
    tap.check("a state that others may write is refused",
              ends(run, 125, "can be written by others"), run)
    os.chmod(cli.path(state, "trust"), 0o700)
    cli.project_policy("deny  write docs\nallow write ~/elsewhere\nallow write ~/more\n")
    tap.check("any change ends the trust", cli.run("explain", "write", elsewhere).code == 1)
    cli.run("trust", "--yes")
    tap.check("--revoke takes it back", cli.run("trust", "--revoke").code == 0
              and cli.run("explain", "write", elsewhere).code == 1)
    cli.project_policy("nonsense\n")
    tap.check("a policy with errors cannot be trusted",
              ends(cli.run("trust", "--yes"), 125, ":1:1: "))


def inits(tap, cli):
    cli.fresh()
    run = cli.run("trust", "--yes")
    tap.check("no project policy, nothing to trust", ends(run, 125, "has no"), run)
    run = cli.run("init")
    policy = cli.home + r"\.config\carrel\policy"
    tap.check("init writes the user's policy and says where", ends(run, 0) and
              run.out == policy + "\n" and cli.exists(HOME, ".config", "carrel", "policy"), run)
    tap.check("which has no errors", cli.run("policy", "check").both == "")
    run = cli.run("init")
    tap.check("init never overwrites", ends(run, 125, "it is left as it is"), run)
    run = cli.run("init", "--project")
    tap.check("init --project writes .carrel\\policy",
              ends(run, 0) and run.out == cli.workspace + "\\.carrel\\policy\n", run)
    tap.check("which proposes nothing", "proposed" not in cli.run("policy", "show").both)


def hosts(tap, cli):
    cli.fresh()
    run = cli.run("doctor")
    tap.check("doctor says which tier there is, and what it cannot do",
              ends(run, 1, "tier: unelevated", "which cannot stop the network"), run)
    run = cli.run("verify", "--only", "write")
    tap.check("verify claims nothing where nothing is enforced",
              ends(run, 125, "the boundary does not hold", lacks=("\nheld",)) and not run.out, run)
    for words in (["--only", "no-such-*"], ["--tier", "best"], ["word"]):
        run = cli.run("verify", *words)
        tap.check(f"verify {' '.join(words)} is an error", run.code == 125, run)
    run = cli.run("verify", "attack", "no-such-attack", "--env-file", "NUL")
    tap.check("an attack tried where it stands says what came of it", run.code == 2, run)
    run = cli.run("run", "--", "cmd", "/c", "echo x > ran")
    tap.check("run refuses gaps nobody accepted, and nothing runs",
              ends(run, 125, "'network'", "--accept-gap=network")
              and not cli.exists(WORKSPACE, "ran"), run)
    run = cli.run("run", "--accept-gap=no-such", "--", "cmd", "/c", "echo x > ran")
    tap.check("a gap that does not exist cannot be accepted",
              ends(run, 125, "no gap is called 'no-such'", ", world-writable")
              and not cli.exists(WORKSPACE, "ran"), run)
    tap.check("a directory in use is not locked afterwards", cli.run("plan").code == 0)


def managed(tap, cli):
    """Here nobody but the user owns files, so a managed policy can only be refused."""
    cli.fresh()
    elsewhere = cli.wine.windows("pd")
    cli.write("bad\n", "pd", "carrel", "policy.d", "a.policy")
    run = cli.run("policy", "show", ProgramData=elsewhere, ALLUSERSPROFILE=elsewhere)
    tap.check("the place of the managed policy is not the environment's to say", run.code == 0, run)
    top = os.path.join(cli.wine.prefix, "drive_c", "ProgramData", "carrel")
    os.makedirs(os.path.join(top, "policy.d"))
    with open(os.path.join(top, "policy.d", "a.policy"), "w", encoding="utf-8") as file:
        file.write("deny read ~/x\n")
    wine_of_tests.own(top)
    try:
        run = cli.run("policy", "show")
        tap.check("a managed policy that a user could have written is refused",
                  ends(run, 125, r"ProgramData\carrel", "belongs to"), run)
    finally:
        os.unlink(os.path.join(top, "policy.d", "a.policy"))
        os.rmdir(os.path.join(top, "policy.d"))
        os.rmdir(top)
    tap.check("without one there is none", cli.run("policy", "show").code == 0)


def same_everywhere(tap, cli, native):
    """Outputs that do not depend on the host."""
    if not native or not os.access(native, os.X_OK):
        print(f"ok {tap.number + 1} - same outputs as here # SKIP no carrel of this machine")
        tap.number += 1
        return
    # a plan for one's own system is of this host
    runs = [["--help"]] + [[c, "--help"] for c in COMMANDS]
    runs += [["plan", "--os", "macos"], ["plan", "--os", "macos", "--json"],
             ["plan", "--os", "macos", "--write", "/Users/me/ünï", "--connect", "a.b:1"],
             ["policy", "--os", "macos", "show"],
             ["explain", "--os", "macos", "write", "/etc/passwd"],
             ["explain", "--os", "macos", "read", "~/.ssh/id"]]
    for words in runs:
        run = cli.run(*words)
        here = subprocess.run([native, *words], stdin=subprocess.DEVNULL, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cli.wine.dir,
                              env={"HOME": cli.path(HOME), "PATH": "/usr/bin:/bin"})
        tap.check(f"as here: carrel {' '.join(words)}", here.returncode == run.code
                  and here.stdout.decode() == run.out, run)


def words_of_the_system(tap, cli):
    """What Windows refuses is said as other systems say it."""
    cases = [
        (["trust", "nodir"], "cannot use directory 'nodir': No such file or directory"),
        (["run", "--workspace", "nodir", "--", "x"],
         "cannot use directory 'nodir': No such file or directory"),
        (["policy", "check", "nofile"], "cannot read 'nofile': No such file or directory"),
        (["run", *ACCEPT, "--events", "nodir/x", "--", "cmd"],
         "cannot open 'nodir/x' to write events: No such file or directory"),
        (["verify", "--dir", "nodir"], "cannot use directory 'nodir': No such file or directory"),
    ]
    for words, text in cases:
        run = cli.run(*words)
        tap.check(f"why not: carrel {' '.join(words)}", ends(run, 125, text), run)


def main(argv):
    if not wine_of_tests.find_wine():
        return wine_of_tests.missing()
    tap = Tap()
    with wine_of_tests.opened() as wine:
        cli = Cli(wine, *argv[1:3])
        for test in (helps, plans, explains, policies, layers, projects, inits, hosts, managed,
                     words_of_the_system):
            test(tap, cli)
        same_everywhere(tap, cli, os.environ.get("CARREL_NATIVE", argv[3] if argv[3:] else None))
    return tap.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv))
