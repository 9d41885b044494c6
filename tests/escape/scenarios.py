"""Attacks that need somebody outside: swaps while a box starts, killed launchers, planted programs.

Each scenario returns a list of problems, empty when the box held, or None when this machine
cannot run it. The first line of its description is the name people see.
"""

import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

from place import Fixture

ALL = {}
RENAME_EXCHANGE = 2
libc = ctypes.CDLL(None, use_errno=True)


def scenario(name):
    def add(function):
        ALL[name] = function
        return function
    return add


def size_of(path):
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def is_beating(beat):
    before = size_of(beat)
    time.sleep(0.2)
    return size_of(beat) > before


def beats(fixture, attack):
    """Whether what daemon-stays left behind is still alive; says so like a change."""
    if not attack.name.startswith("daemon-"):
        return []
    beat = os.path.join(fixture.workspace, "scratch/heartbeat")
    return ["a daemon is still beating"] if is_beating(beat) else []


def wait_for(condition, patience=5.0):
    deadline = time.monotonic() + patience
    while not (done := condition()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return done


def give(fixture, *paths):
    for path in paths:
        os.chown(path, fixture.account.uid, fixture.account.uid, follow_symlinks=False)


def write(fixture, path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    give(fixture, os.path.dirname(path), path)


def shell(fixture, tier, script, options=(), **how):
    words = ["/bin/sh", "-c", script]
    return fixture.run(fixture.box(tier, fixture.gaps(tier), words, options), **how)


def in_box(fixture, tier, name, *options, **how):
    return fixture.run(fixture.box(tier, fixture.gaps(tier), fixture.probe(name, *options)), **how)


def refused(what, ran):
    """A box that did not start is as good as one that held; anything else is a problem."""
    return [] if ran.code in (1, 125) else [f"{what}: {ran.line()} (exit code {ran.code})"]


def exchange(first, second):
    libc.renameat2(-100, first.encode(), -100, second.encode(), RENAME_EXCHANGE)


@scenario("swap-at-start")
def swap_at_start(tools, account, tier):
    """a directory of the policy is swapped for a symlink while boxes start [14]"""
    with Fixture(tools, account) as fixture:
        real, link = (os.path.join(fixture.workspace, name) for name in ("swap", "scratch/link"))
        os.makedirs(os.path.join(real, "w"))
        os.symlink(fixture.outside, link)
        os.mkdir(os.path.join(fixture.outside, "w"))
        give(fixture, real, os.path.join(real, "w"), link, os.path.join(fixture.outside, "w"))
        before = fixture.changes()
        stop = threading.Event()

        def swap():
            while not stop.is_set():
                exchange(real, link)

        gaps = fixture.gaps(tier)
        swapper = threading.Thread(target=swap)
        swapper.start()
        started = 0
        try:
            for _ in range(40):
                ran = fixture.run(fixture.box(tier, gaps, [
                    "/bin/sh", "-c",
                    f"echo pwned > {real}/w/x; echo pwned > {fixture.outside}/w/x; "
                    f"echo pwned > {fixture.outside}/precious; true"],
                    ["--write", f"{real}/w", "--protect", f"{real}/.vscode"]))
                started += ran.code == 0
        finally:
            stop.set()
            swapper.join()
        problems = [] if started else ["no box started: nothing was tried"]
        return problems + [line for line in fixture.changes() if line not in before]


@scenario("launcher-killed")
def launcher_killed(tools, account, tier):
    """a launcher that is killed leaves no box behind [30]"""
    problems = []
    for sig, daemon in ((signal.SIGKILL, "daemon-stays"), (signal.SIGTERM, "daemon-stays"),
                        (signal.SIGHUP, "daemon-stays"), (signal.SIGKILL, "daemon-sibling"),
                        (signal.SIGKILL, "daemon-hops")):
        with Fixture(tools, account) as fixture:
            beat = os.path.join(fixture.workspace, "scratch/heartbeat")
            words = ["/bin/sh", "-c", " ".join(fixture.probe(daemon)) + "; sleep 30"]
            child = fixture.start(fixture.box(tier, fixture.gaps(tier), words))
            if not wait_for(lambda: size_of(beat)):
                problems.append("the box did not start")
            child.send_signal(sig)
            child.communicate()
            time.sleep(0.3)
            if is_beating(beat):
                problems.append(f"after {sig.name} to the launcher {daemon} lives on")
    return problems


@scenario("time-limit")
def time_limit(tools, account, tier):
    """a box whose time is up ends with all its daemons [30]"""
    with Fixture(tools, account) as fixture:
        beat = os.path.join(fixture.workspace, "scratch/heartbeat")
        script = " ".join(fixture.probe("daemon-stays")) + "; trap '' TERM HUP INT; sleep 30"
        ran = shell(fixture, tier, script, ["--timeout", "1s"])
        problems = [] if ran.code == 124 else [f"exit code {ran.code}: {ran.line()}"]
        if is_beating(beat):
            problems.append("a daemon outlived the time limit")
        return problems


@scenario("planted-programs")
def planted_programs(tools, account, tier):
    """programs planted in the PATH are not run outside [10]"""
    names = ["git", "sh", "bash", "env", "ld", "ldconfig", "id", "mount", "umount", "newuidmap",
             "newgidmap", "unshare", "setpriv", "stty", "tput", "uname", "systemctl", "systemd-run",
             "ip", "nft", "getent", "which", "ps", "modprobe", "cat", "less", "pager"]
    with Fixture(tools, account) as fixture:
        evil = os.path.join(fixture.workspace, "evil")
        for name in names:
            write(fixture, os.path.join(evil, name),
                  f"#!/bin/sh\necho {name} >> {fixture.outside}/new\n", 0o755)
        env = fixture.environment(PATH=f"{evil}:/usr/bin:/bin", LD_LIBRARY_PATH="",
                                  GIT_DIR=f"{fixture.workspace}/.git")
        ran = fixture.run(fixture.box(tier, fixture.gaps(tier), ["/bin/true"]), env=env)
        fixture.run([tools.carrel, "doctor"], env=env)
        problems = [] if ran.code == 0 else [f"exit code {ran.code}: {ran.line()}"]
        return problems + fixture.changes()


@scenario("started-outside")
def started_outside(tools, account, tier):
    """the directory carrel is started in does not become writable [15]"""
    with Fixture(tools, account) as fixture:
        shell(fixture, tier, "echo pwned > ./new; echo pwned > precious; true",
              cwd=fixture.outside)
        return fixture.changes()


@scenario("started-in-hidden")
def started_in_hidden(tools, account, tier):
    """a hidden directory carrel is started in stays hidden [15 20 28]"""
    with Fixture(tools, account) as fixture:
        ran = shell(fixture, tier, "cat ./id_ed25519 ../.ssh/id_ed25519 /proc/self/cwd/id_ed25519",
                    cwd=os.path.dirname(fixture.env["secret"]))
        return ["the secret was read"] if fixture.env["marker"] in ran.out else []


@scenario("stdin-directory")
def stdin_directory(tools, account, tier):
    """a directory as standard input is no way out [28]"""
    with Fixture(tools, account) as fixture:
        outside = os.open(fixture.outside, os.O_RDONLY | os.O_DIRECTORY)
        secret = os.open(os.path.dirname(fixture.env["secret"]), os.O_RDONLY | os.O_DIRECTORY)
        try:
            ran = in_box(fixture, tier, "inherit-directory", "--set", "dir_fd=0", stdin=outside)
            problems = refused("writing below standard input", ran)
            ran = in_box(fixture, tier, "inherit-directory-up", "--set", "dir_fd=0",
                         stdin=outside)
            problems += refused("writing above standard input", ran)
            ran = shell(fixture, tier, "cat /proc/self/fd/0/id_ed25519", stdin=secret)
            if fixture.env["marker"] in ran.out:
                problems.append("the secret was read below standard input")
        finally:
            os.close(outside)
            os.close(secret)
        return problems + fixture.changes()


@scenario("project-policy")
def project_policy(tools, account, tier):
    """the workspace's own policy cannot widen the box [46 47]"""
    with Fixture(tools, account) as fixture:
        write(fixture, os.path.join(fixture.workspace, ".carrel/policy"),
              f"allow write {fixture.outside}\nallow read ~/.ssh\nallow read .env\n"
              "allow write .git\nallow connect *:*\nallow unix ~/agent.sock\nkeep env *\n")
        before = fixture.changes()
        problems = []
        names = ["outside-overwrite", "secret-read", "tcp-loopback", "unix-home"]
        if "protected-paths" not in fixture.gaps(tier):
            names += ["hidden-in-workspace", "git-config-append"]
        for name in names:
            problems += refused(name, in_box(fixture, tier, name))
        return problems + [line for line in fixture.changes() if line not in before]


@scenario("silent-downgrade")
def silent_downgrade(tools, account, tier):
    """what cannot be enforced is refused unless accepted by name [21 49]"""
    with Fixture(tools, account) as fixture:
        gaps = fixture.gaps(tier)
        if not gaps:
            return []
        beat = os.path.join(fixture.workspace, "scratch/ran")
        problems = []
        for left_out in gaps:
            rest = [gap for gap in gaps if gap != left_out]
            ran = fixture.run(fixture.box(tier, rest, ["/bin/sh", "-c", f"echo x > {beat}"]))
            if ran.code != 125 or left_out not in ran.errors:
                problems.append(f"without --accept-gap={left_out}: exit code {ran.code}")
            if os.path.exists(beat):
                problems.append(f"without --accept-gap={left_out} the command ran")
                os.unlink(beat)
        return problems


@scenario("control-characters")
def control_characters(tools, account, tier):
    """names with escape sequences do not reach the terminal raw [29 51]"""
    with Fixture(tools, account) as fixture:
        name = "$(printf 'a\\033]0;pwned\\007\\033[2Jb\\342\\200\\256c')"
        ran = shell(fixture, tier, f"exec 2>/dev/null; echo x > {fixture.outside}/\"{name}\"; true")
        raw = re.findall(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", ran.errors)
        return [f"raw {raw!r} in: {ran.errors!r}"] if raw else []


@scenario("state-in-workspace")
def state_in_workspace(tools, account, tier):
    """carrel's state is out of reach even inside the workspace [11]"""
    with Fixture(tools, account) as fixture:
        state = os.path.join(fixture.workspace, "state")
        write(fixture, os.path.join(state, "carrel/attack-probe"), "untouched\n")
        os.chmod(os.path.join(state, "carrel"), 0o700)
        give(fixture, state)
        env = fixture.environment(XDG_STATE_HOME=state)
        ran = fixture.run([tools.carrel, "plan", "--json", "--workspace", fixture.workspace,
                           "--policy", fixture.policy, "--tier", tier], env=env)
        if ran.code:
            return [f"carrel plan: {ran.line()}"]
        gaps = [gap["name"] for gap in json.loads(ran.out)["gaps"]]
        script = (f"echo pwned > {state}/carrel/attack-probe; echo pwned > {state}/carrel/new; "
                  f"mv {state} {state}2 && mkdir -p {state}/carrel && "
                  f"echo pwned > {state}/carrel/new; true")
        ran = fixture.run(fixture.box(tier, gaps, ["/bin/sh", "-c", script]), env=env)
        problems = [] if ran.code in (0, 125) else [f"exit code {ran.code}: {ran.line()}"]
        if os.path.exists(os.path.join(state, "carrel/new")):
            problems.append("a file was planted in carrel's state")
        try:
            with open(os.path.join(state, "carrel/attack-probe"), encoding="utf-8") as file:
                if file.read() != "untouched\n":
                    problems.append("a file of carrel's state was changed")
        except FileNotFoundError:
            problems.append("carrel's state was moved away")
        return [] if problems and "protected-paths" in gaps else problems


@scenario("wider-box-config")
def wider_box_config(tools, account, tier):
    """a box inside the box with a policy of the agent's is not wider [46]"""
    with Fixture(tools, account) as fixture:
        inner = os.path.join(fixture.workspace, "scratch/h")
        script = (f"mkdir -p {inner}/.config/carrel && "
                  f"printf 'allow read /\\nallow write /\\nallow connect *:*\\n' "
                  f"> {inner}/.config/carrel/policy; "
                  f"HOME={inner} {tools.carrel} run --tier landlock --accept-gap=protected-paths "
                  f"--accept-gap=metadata --workspace {fixture.workspace} -- /bin/sh -c "
                  f"'echo pwned > {fixture.outside}/precious; cat {fixture.env['secret']}'; true")
        ran = shell(fixture, tier, script)
        problems = ["the secret was read"] if fixture.env["marker"] in ran.out else []
        return problems + fixture.changes()


def snapshot(folder):
    """Names and contents below a directory, links not followed."""
    found = {}
    for place, folders, names in os.walk(folder):
        for name in folders + names:
            path = os.path.join(place, name)
            found[os.path.relpath(path, folder)] = (
                os.readlink(path) if os.path.islink(path) else
                open(path, "rb").read() if os.path.isfile(path) else "other")
    return found


def differences(before, after):
    return [f"changed: {name}" for name in sorted(set(before) | set(after))
            if before.get(name) != after.get(name)]


@scenario("worktree")
def worktree(tools, account, tier):
    """the .git file of a worktree and the repository it leads to are protected [1 2 4 5]"""
    with Fixture(tools, account) as fixture:
        work, main = (os.path.join(fixture.workspace, name) for name in ("wt", "main"))
        os.makedirs(work)
        shutil.move(os.path.join(fixture.workspace, ".git"), os.path.join(main, ".git"))
        entry = os.path.join(main, ".git/worktrees/wt")
        write(fixture, os.path.join(entry, "commondir"), "../..\n")
        write(fixture, os.path.join(entry, "gitdir"), f"{work}/.git\n")
        write(fixture, os.path.join(entry, "HEAD"), "ref: refs/heads/main\n")
        write(fixture, os.path.join(work, ".git"), f"gitdir: {entry}\n")
        subprocess.run(["chown", "-R", f"{account.uid}:{account.uid}", main, work], check=True)
        before = snapshot(main), snapshot(work)
        options = ["--write", main, "--workspace", work]
        plan = fixture.run([tools.carrel, "plan", "--json", "--workspace", work, "--write", main,
                            "--tier", tier])
        if plan.code:
            return [f"carrel plan: {plan.line()}"]
        gaps = [gap["name"] for gap in json.loads(plan.out)["gaps"]]
        if "protected-paths" in gaps:
            return []
        script = (f"echo x > .git; rm -f .git; mv .git g; ln -sf g .git; "
                  f"echo x > {main}/.git/hooks/pre-commit; echo x >> {main}/.git/config; "
                  f"echo x > {entry}/gitdir; echo x > {entry}/config.worktree; "
                  f"mv {main}/.git {main}/g; mv {main} {main}2; mkdir -p {main}/.git; true")
        ran = fixture.run([tools.carrel, "run", *options, "--tier", tier, "--", "/bin/sh", "-c",
                           script], cwd=work)
        problems = [] if ran.code == 0 else [f"exit code {ran.code}: {ran.line()}"]
        return problems + differences(before[0], snapshot(main)) + \
            differences(before[1], snapshot(work))


@scenario("pointer-exposes")
def pointer_exposes(tools, account, tier):
    """a .git file that names a hidden or an outside directory shows and opens nothing [4 20]"""
    with Fixture(tools, account) as fixture:
        git = os.path.join(fixture.workspace, ".git")
        shutil.rmtree(git)
        problems = []
        for target in (os.path.dirname(fixture.env["secret"]), fixture.outside, "/", "..",
                       fixture.env["state_dir"]):
            write(fixture, git, f"gitdir: {target}\n")
            before = fixture.changes()
            for name in ("secret-read", "state-read", "outside-create", "outside-overwrite"):
                problems += [f"{target}: {text}" for text in
                             refused(name, in_box(fixture, tier, name))]
            problems += [line for line in fixture.changes() if line not in before]
        return problems


@scenario("two-boxes")
def two_boxes(tools, account, tier):
    """a box that ends takes no protection from another one of the same workspace [6 20]"""
    with Fixture(tools, account) as fixture:
        gaps = fixture.gaps(tier)
        if "protected-paths" in gaps:
            return []
        first, second = (os.path.join(fixture.workspace, f"scratch/{name}") for name in "ab")
        one = fixture.start(fixture.box(tier, gaps, [
            "/bin/sh", "-c", f"echo > {first}; while [ ! -e {second} ]; do sleep 0.02; done"]))
        wait_for(lambda: os.path.exists(first))
        two = fixture.start(fixture.box(tier, gaps, [
            "/bin/sh", "-c",
            f"echo > {second}; while [ -e {first} ]; do sleep 0.02; done; "
            "mkdir .vscode; rmdir .idea; echo x > .mcp.json; mv .codex c; ls -a"]))
        one.communicate()
        os.unlink(first)
        two.communicate()
        return fixture.changes()


@scenario("no-stubs")
def no_stubs(tools, account, tier):
    """place holders of protected names are gone when the box is, locks or not [6]"""
    with Fixture(tools, account) as fixture:
        before = set(os.listdir(fixture.workspace))
        shell(fixture, tier, "(setsid flock -s . sleep 20 &) ; (setsid flock -s .git sleep 20 &); "
                             "sleep 0.1")
        problems = [f"left: {name}" for name in set(os.listdir(fixture.workspace)) - before]
        child = fixture.start(fixture.box(tier, fixture.gaps(tier), [
            "/bin/sh", "-c", "(setsid flock -s . sleep 20 &); echo > scratch/up; sleep 20"]))
        wait_for(lambda: os.path.exists(os.path.join(fixture.workspace, "scratch/up")))
        child.kill()
        child.communicate()
        wait_for(lambda: set(os.listdir(fixture.workspace)) == before)
        return problems + [f"left after SIGKILL: {name}"
                           for name in set(os.listdir(fixture.workspace)) - before]


@scenario("host-rename")
def host_rename(tools, account, tier):
    """a protected file that an editor on the host replaces stays protected [5 6]"""
    with Fixture(tools, account) as fixture:
        gaps = fixture.gaps(tier)
        if "protected-paths" in gaps:
            return []
        name, up, go = (os.path.join(fixture.workspace, part)
                        for part in (".mcp.json", "scratch/up", "scratch/go"))
        write(fixture, name, "{}\n")
        child = fixture.start(fixture.box(tier, gaps, [
            "/bin/sh", "-c", f"echo > {up}; while [ ! -e {go} ]; do sleep 0.02; done; "
                             f"echo pwned > {name}; echo pwned > .vscode/tasks.json; "
                             "mkdir .vscode && echo pwned > .vscode/tasks.json"]))
        wait_for(lambda: os.path.exists(up))
        write(fixture, name + ".new", "{ }\n")
        os.rename(name + ".new", name)
        try:
            os.rmdir(os.path.join(fixture.workspace, ".vscode"))
        except OSError:
            pass
        write(fixture, go, "")
        child.communicate()
        problems = []
        with open(name, encoding="utf-8", errors="replace") as file:
            if "pwned" in file.read():
                problems.append("a protected file was written after the host had replaced it")
        if os.path.exists(os.path.join(fixture.workspace, ".vscode/tasks.json")):
            problems.append("an absent protected name was made after the host removed its stub")
        return problems


@scenario("events-symlink")
def events_symlink(tools, account, tier):
    """--events does not follow a link the agent planted in the workspace [11 14]"""
    with Fixture(tools, account) as fixture:
        link = os.path.join(fixture.workspace, "events")
        os.symlink(os.path.join(fixture.outside, "precious"), link)
        give(fixture, link)
        shell(fixture, tier, f"echo x > {fixture.outside}/new; true", ["--events", link])
        return fixture.changes()


@scenario("odd-project-policy")
def odd_project_policy(tools, account, tier):
    """a .carrel/policy that is no file ends in an answer, not in a hang [47]"""
    problems = []
    for kind in ("fifo", "directory", "device", "loop", "huge"):
        with Fixture(tools, account) as fixture:
            path = os.path.join(fixture.workspace, ".carrel/policy")
            os.mkdir(os.path.dirname(path))
            give(fixture, os.path.dirname(path))
            if kind == "fifo":
                os.mkfifo(path)
            elif kind == "directory":
                os.mkdir(path)
            elif kind == "device":
                os.symlink("/dev/zero", path)
            elif kind == "loop":
                os.symlink("policy", path)
            else:
                write(fixture, path, "# x\n" * 400000)
            ran = fixture.run(fixture.box(tier, ["protected-paths", "metadata"], ["/bin/true"]),
                              timeout=10)
            if ran.code not in (0, 125):
                problems.append(f"{kind}: exit code {ran.code}: {ran.line()}")
    return problems


def reaches_by(fixture, url):
    """Words that ask the proxy at this address for a service that its box is not allowed."""
    return ["/usr/bin/env", f"HTTP_PROXY={url}", *fixture.probe("proxy-loopback")]


@scenario("proxy-of-another")
def proxy_of_another(tools, account, tier):
    """the proxy of another box serves nobody else, also with its secret [41]"""
    with Fixture(tools, account, ["rule=1"]) as fixture:
        words = ["/bin/sh", "-c", 'echo "$HTTP_PROXY"; read -r line; exec "$0" "$@"',
                 *fixture.probe("proxy-loopback")]
        owner = fixture.start(fixture.box("landlock", fixture.gaps("landlock"), words),
                              stdin=subprocess.PIPE)
        url = owner.stdout.readline().strip()
        own = reaches_by(fixture, url)
        attempts = {"a box": fixture.run(fixture.box(tier, fixture.gaps(tier), own)),
                    "the host": fixture.run(own)}
        # still there, and it serves its own box
        out, errors = owner.communicate("go on\n", timeout=60)
        problems = [] if owner.returncode == 1 and "@127.0.0.1:" in url and "refused: reach" in out \
            else [f"control: its own box: {owner.returncode} {url} {out} {errors}"]
        for who, ran in attempts.items():
            if ran.code != 77 or "allows is not reached" not in ran.line():
                problems.append(f"{who} is served: {ran.code} {ran.line()}")
        return problems + fixture.changes()


CONNECT_STDIN = """
import socket, sys
sock = socket.socket(fileno=0)
sock.settimeout(5)
sock.connect(("127.0.0.1", int(sys.argv[1])))
print(sock.recv(1))
"""


@scenario("stdin-socket")
def stdin_socket(tools, account, tier):
    """a TCP socket as standard input connects to no service of the host [28 45]"""
    if not os.path.exists("/usr/bin/python3"):
        return None

    def attempt(settings, boxed):
        with Fixture(tools, account, settings) as fixture, socket.socket() as sock:
            words = ["/usr/bin/python3", "-I", "-S", "-c", CONNECT_STDIN, fixture.env["tcp_port"]]
            if boxed:
                words = fixture.box(tier, fixture.gaps(tier), words)
            ran = fixture.run(words, stdin=sock)
            return ran, fixture.changes()
    ran, changes = attempt((), False)
    if ran.out != "b'!'\n" or not changes:
        return [f"control: {ran.line()}"]
    problems = []
    for settings in ((), ("rule=1",)):
        ran, changes = attempt(settings, True)
        # a box may also refuse to start with such a thing open
        ended = "OSError" in ran.errors or "Error:" in ran.errors or ran.code == 125
        problems += changes + ([] if ended else [f"it says {ran.code} {ran.out} {ran.errors}"])
    return problems
