#!/usr/bin/env python3
"""Surroundings that are not as they should be: a poor host, odd workspaces, odd descriptors.

usage: surroundings.py CARREL [CASE...]

Each case starts a box somewhere unpleasant. It works, or it ends with 125 and a message and the
command never ran; which of the two is part of the case where it is a promise. Whatever happens,
nothing outside the workspace changes, protected names stay as they are, and nothing is left.
What has to be mounted is mounted in a mount namespace of the case's own. Speaks TAP.
"""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys

from common import Scene, as_user_and_root, difference

PYTHON = "/usr/bin/python3"  # the boxes' account may have no other
PROTECTED = [".git", ".carrel", ".codex", ".agents", ".claude", ".cursor", ".gemini", ".mcp.json",
             ".vscode", ".idea", ".devcontainer", ".envrc"]
# Everything a program might try to change a name; none of it may have an effect.
ATTACK = """
touch RAN
for name in %s; do
	[ -p $name ] || echo x >$name
	echo x >$name/x
	mkdir $name $name/sub
	chmod 777 $name
	touch $name
	mv $name moved
	ln -s /etc $name/link
	ln -sfn /etc $name
	rm -rf $name
done
exit 7
""" % " ".join(PROTECTED)


class Result:
    def __init__(self, scene, child, out, errors):
        self.code = child.returncode
        self.out = out.decode("utf-8", "replace")
        self.errors = errors.decode("utf-8", "replace")
        self.ran = False
        for folder, _, names in os.walk(scene.workspace):
            if "RAN" in names:
                self.ran = True
                os.unlink(os.path.join(folder, "RAN"))
                break

    def refused(self):
        """It did not start, and says why."""
        problems = []
        if self.code != 125:
            problems.append(f"ended with {self.code}: {self.errors.strip()}")
        if self.ran:
            problems.append("the command ran")
        if "carrel: " not in self.errors:
            problems.append(f"no message: {self.errors!r}")
        if "internal" in self.errors or "Success" in self.errors:
            problems.append(f"not a message for people: {self.errors.strip()}")
        return problems

    def worked(self):
        if self.ran and self.code == 7:
            return []
        return [f"ended with {self.code}{'' if self.ran else ', nothing ran'}: "
                f"{self.errors.strip()}"]

    def anything(self):
        """Root without its powers: where it may go is not what this is about."""
        return [] if self.code in (7, 125) else [f"ended with {self.code}: {self.errors}"]

    def either(self):
        return self.worked() if self.ran else self.refused()


def run(scene, words, **how):
    how.setdefault("cwd", scene.workspace)
    how.setdefault("stdin", subprocess.DEVNULL)
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("stderr", subprocess.PIPE)
    env = dict(scene.env, PATH=scene.env["PATH"] + ":/usr/sbin:/sbin")
    child = subprocess.Popen(words, env=env, **how)
    try:
        out, errors = child.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        child.kill()
        out, errors = child.communicate()
        errors += b"(hung)"
    return Result(scene, child, out or b"", errors or b"")


def box(scene, script="touch RAN; exit 7", options=(), **how):
    return run(scene, scene.box("/bin/sh", "-c", script, options=options), **how)


# A host that lacks something. As root in a private mount namespace, else in a user namespace too.

def in_namespace(scene, setup, words, **how):
    """Runs `words` as the account of the boxes after the shell commands of `setup`."""
    script = f"set -e; mount --make-rprivate /; {setup}\nexec {shlex.join(words)}"
    unshare = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-Urm"]
    return run(scene, unshare + ["sh", "-c", script], **how)


def poor_host(scene, without):
    """A root made of binds of the host's folders, but for those in `without`."""
    lines = ["root=/mnt", # which every system has, and nobody else sees this mount on it
             "mount -t tmpfs -o mode=755 none $root"]
    for folder in ("usr", "etc", "proc", "sys", "dev", "run", "tmp", "var", "home", "opt", "root"):
        if folder in without or not os.path.isdir("/" + folder):
            continue
        if folder == "var" and "var/tmp" in without or folder == "dev" and "dev/shm" in without:
            lines += [f"mkdir $root/{folder}"]
            if folder == "dev":
                lines += [f"for d in null zero full random urandom tty; do >$root/dev/$d; "
                          f"mount --bind /dev/$d $root/dev/$d; done"]
            continue
        lines += [f"mkdir $root/{folder}; mount --rbind /{folder} $root/{folder}"]
    for link in ("bin", "lib", "lib64", "sbin"):
        if os.path.islink("/" + link):
            lines.append(f"ln -s {os.readlink('/' + link)} $root/{link}")
        elif os.path.isdir("/" + link):
            lines.append(f"mkdir $root/{link}; mount --rbind /{link} $root/{link}")
    top = os.path.dirname(scene.top)
    lines.append(f"mkdir -p $root{top}; mountpoint -q $root{top} || true")
    lines.append(f"[ -d $root{scene.top} ] || "
                 f"{{ mkdir -p $root{scene.top}; mount --rbind {scene.top} $root{scene.top}; }}")
    lines.append(f"cd $root; pivot_root . .; {PYTHON} -c "
                 "'import ctypes; ctypes.CDLL(None).umount2(b\".\", 2)'; "  # umount(8) needs /proc
                 f"cd {shlex.quote(scene.workspace)}")
    words = scene.account() + [scene.carrel, "run", "--", "/bin/sh", "-c", "touch RAN; exit 7"]
    return in_namespace(scene, "\n".join(lines), words)


def poor_hosts(scene):
    problems = []
    cases = [["proc"], ["tmp"], ["run"], ["dev/shm"], ["dev"], ["sys"], ["var/tmp"], ["var"],
             ["root"], ["proc", "tmp", "run", "dev", "sys", "var", "root", "opt"]]
    for without in cases:
        result = poor_host(scene, without)
        # without /proc a box can be neither mapped nor shown its own
        found = result.refused() if "proc" in without else result.either()
        if set(without) <= {"tmp", "run", "dev/shm", "sys", "var/tmp", "root"}:
            found = result.worked()
        problems += [f"without {' '.join(without)}: {problem}" for problem in found]
    return problems


def chrooted(scene):
    """The kernel gives no user namespace there."""
    if os.getuid() != 0:
        return []
    setup = "root=$(mktemp -d); mount --rbind / $root"
    words = ["chroot", "__ROOT__", *scene.account(), "env", "-C", scene.workspace, scene.carrel,
             "run", "--", "/bin/sh", "-c", "touch RAN; exit 7"]
    script = f"set -e; mount --make-rprivate /; {setup}\nexec " + \
        shlex.join(words).replace("__ROOT__", "$root")
    return run(scene, ["unshare", "-m", "sh", "-c", script]).refused()


def full_disks(scene):
    problems = []
    words = scene.box("/bin/sh", "-c", "touch RAN; exit 7")
    ws = shlex.quote(scene.workspace)
    owner = scene.account() and f"uid={os.stat(scene.workspace).st_uid}," or ""
    for name, options, fill in [
            ("no space", "size=64k", f"dd if=/dev/zero of={ws}/big bs=4k 2>/dev/null || :"),
            ("no inodes", "nr_inodes=8", f"for i in $(seq 20); do touch {ws}/f$i 2>/dev/null || :; done"),
            ("two inodes left", "nr_inodes=8", f"for i in 1 2 3 4 5; do : >{ws}/f$i; done")]:
        setup = f"mount -t tmpfs -o {owner}mode=755,{options} none {ws}; {fill}; cd {ws}"
        script = f"set -e; mount --make-rprivate /; {setup}\nset +e\n{shlex.join(words)}\n" \
                 f"code=$?; left=$(ls -A | grep '^[.]'); [ -z \"$left\" ] || " \
                 f"echo \"left: $left\" >&2; [ -e RAN ] && echo RAN; exit $code"
        unshare = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-Urm"]
        result = run(scene, unshare + ["sh", "-c", script])
        result.ran = "RAN" in result.out
        found = [] if result.code == 7 or result.ran else result.refused()
        if "left: " in result.errors:
            found.append(result.errors)
        problems += [f"{name}: {problem}" for problem in found]
    for name, folder in [("state", scene.state), ("temporary directory", scene.temp),
                         ("home", scene.home)]:
        setup = f"mount -t tmpfs -o {owner}mode=755,nr_inodes=1 none {folder}"
        result = in_namespace(scene, setup, words)
        problems += [f"full {name}: {problem}" for problem in result.worked()]
    return problems


def file_systems(scene):
    """The workspace on other file systems."""
    problems = []
    words = scene.box("/bin/sh", "-c", ATTACK)
    ws, top = shlex.quote(scene.workspace), shlex.quote(scene.top)
    owner = scene.account() and f"uid={os.stat(scene.workspace).st_uid}," or ""
    over = f"mkdir $d/u $d/w; chown --reference={ws} $d/u $d/w; " \
           f"mount -t overlay -o lowerdir={ws},upperdir=$d/u,workdir=$d/w%s none {ws}"
    tmp = f"d=$(mktemp -d); mount -t tmpfs none $d; chmod 755 $d; "
    cases = {
        "tmpfs": (f"mount -t tmpfs -o {owner}mode=755 none {ws}", "worked"),
        "overlayfs": (tmp + over % ("" if os.getuid() == 0 else ",userxattr"), "worked"),
        "a read-only mount": (f"mount --bind {ws} {ws}; mount -o remount,bind,ro {ws}", "refused"),
        "a bind of itself": (f"mount --bind {ws} {ws}", "worked"),
        "a mount in it": (f"mkdir -p {ws}/sub/deep; "
                          f"mount -t tmpfs -o {owner}mode=755 none {ws}/sub", "worked"),
        "a read-only mount in it": (f"mount --bind {ws}/sub {ws}/sub; "
                                    f"mount -o remount,bind,ro {ws}/sub", "worked"),
        "a protected name that is a mount": (f"mount -t tmpfs -o {owner}mode=755 none {ws}/.git",
                                             "worked"),
        "stacked mounts": (f"for i in 1 2 3 4 5; do mount --bind {ws} {ws}; done", "worked"),
        "five hundred mounts around it": (
            f"mkdir {top}/m; mount -t tmpfs none {top}/m; cd {top}/m; for i in $(seq 500); do "
            f"mkdir $i; mount -t tmpfs none $i; done", "worked"),
    }
    for name, (setup, expected) in cases.items():
        script = f"set -e; mount --make-rprivate /; {setup}\ncd {ws}; set +e\n" \
                 f"{shlex.join(words)}\ncode=$?; [ -e RAN ] && echo RAN; exit $code"
        unshare = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-Urm"]
        result = run(scene, unshare + ["sh", "-c", script])
        result.ran = result.ran or "RAN" in result.out
        problems += [f"{name}: {problem}" for problem in getattr(result, expected)()]
        shutil.rmtree(scene.path("m"), ignore_errors=True)
    return problems


# Descriptors and resources.

def with_descriptors(scene, code, options=(), script=None):
    """Runs python `code` as the account, then carrel in the same process."""
    script = script or "touch RAN; ls /proc/self/fd; exit 7"
    words = [scene.carrel, "run", *options, "--", "/bin/sh", "-c", script]
    program = f"import os, resource, signal, socket, sys\n{code}\nos.execv({words[0]!r}, {words!r})"
    return run(scene, scene.account() + [PYTHON, "-c", program])


OPEN_MANY = f"""
resource.setrlimit(resource.RLIMIT_NOFILE, (%d, %d))
kinds = [os.open(os.environ['HOME'], os.O_RDONLY), os.open('../outside/file', os.O_RDWR),
         socket.socketpair()[0].detach(), os.memfd_create('x'), os.open('/', os.O_PATH),
         os.open('/proc/self/ns/mnt', os.O_RDONLY), os.open('/dev/null', os.O_RDWR)]
for fd in range(3, %d):
    try: os.dup2(kinds[fd %% 7], fd, inheritable=True)
    except OSError: break
"""


def inherited(scene):
    """4,096 descriptors, none of which the box may have."""
    problems = []
    for limit, count in [(8192, 4096 + 3), (4096, 4096), (4096, 4090), (1024, 1024), (64, 64)]:
        result = with_descriptors(scene, OPEN_MANY % (limit, limit, count))
        found = result.worked() if count < limit - 64 else result.either()
        if result.ran and sorted(result.out.split()) != ["0", "1", "2", "3"]:
            found.append(f"descriptors in the box: {result.out.split()}")
        problems += [f"{count} of {limit}: {problem}" for problem in found]
    return problems


def few_descriptors(scene):
    """Room for no more than N: it starts properly or not at all."""
    problems = []
    worked = 0
    for limit in [*range(3, 80), 128]:
        code = f"resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}))"
        result = with_descriptors(scene, code)
        worked += result.ran
        found = result.either()
        if result.code == 127:  # the loader could not open a library: not carrel yet
            found = []
        problems += [f"room for {limit}: {problem}" for problem in found]
    return problems + ([] if worked else ["it never worked"])


def many_hidden(scene):
    """More hidden files than a process may usually open; the command has the usual limit."""
    for number in range(1200):
        scene.put(f"workspace/d{number}/.env", "secret\n")
    scene.put("policy", "use default\ndeny read **/.env\n")
    scene.give(scene.top)
    result = with_descriptors(
        scene, "resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 4096))",
        options=["--policy", scene.path("policy")],
        script="touch RAN; ulimit -Sn; cat */.env; exit 7")
    found = result.worked()
    return found + ([] if result.out == "1024\n" else [f"it printed {result.out[:200]!r}"])


def little_memory(scene):
    problems = []
    for megabytes in [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 48, 64]:
        code = f"resource.setrlimit(resource.RLIMIT_AS, ({megabytes} << 20, {megabytes} << 20))"
        result = with_descriptors(scene, code)
        if result.ran or result.code == 125:
            problems += [f"{megabytes} MiB: {problem}" for problem in result.either()]
        elif result.code not in (126, 127, -signal.SIGKILL, -signal.SIGSEGV, 1):
            problems.append(f"{megabytes} MiB: ended with {result.code}: {result.errors}")
    return problems


def few_processes(scene):
    """RLIMIT_NPROC counts what the account runs anywhere, so start from none."""
    if not scene.account():
        return []
    problems = []
    for limit in range(1, 8):
        code = f"resource.setrlimit(resource.RLIMIT_NPROC, ({limit}, {limit}))"
        result = with_descriptors(scene, code)
        problems += [f"{limit} processes: {problem}" for problem in result.either()
                     if "Cannot fork" not in result.errors]  # the shell in the box
    return problems


ODD_STATES = {
    "umask 777": "os.umask(0o777)",
    "umask 0": "os.umask(0)",
    "no file may grow": "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))",
    "a small stack": "resource.setrlimit(resource.RLIMIT_STACK, (131072, 131072))",
    "signals ignored": "[signal.signal(s, signal.SIG_IGN) for s in signal.valid_signals() "
                       "if s not in (9, 19, 32, 33)]",
    "signals blocked": "signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())",
    "children ignored": "signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "a session of its own": "os.fork() and os._exit(os.waitstatus_to_exitcode(os.wait()[1])); "
                            "os.setsid()",
    "no environment": "os.environ.clear(); os.environ['HOME'] = '%(home)s'",
}


def odd_states(scene):
    problems = []
    for name, code in ODD_STATES.items():
        code = code.replace("%(home)s", scene.home)
        if name == "no environment":
            code = f"os.chdir({scene.workspace!r}); home = {scene.home!r}\n" \
                   "os.environ.clear(); os.environ['HOME'] = home"
        result = with_descriptors(scene, code, script="touch RAN; umask; exit 7")
        problems += [f"{name}: {problem}" for problem in result.worked()]
    return problems


def standard_descriptors(scene):
    problems = []
    for mask in range(1, 8):
        code = "".join(f"os.close({fd})\n" for fd in range(3) if mask & 1 << fd)
        script = "touch RAN; [ -e /proc/self/fd/0 ] && [ -e /proc/self/fd/1 ] && exit 7; exit 1"
        result = with_descriptors(scene, code, script=script)
        problems += [f"closed {mask:03b}: {problem}" for problem in result.worked()]
    folder = os.open(scene.outside, os.O_RDONLY)
    for name in ("stdin", "stdout", "stderr"):
        result = box(scene, **{name: folder})
        found = [] if result.code == 125 and not result.ran else [f"ended with {result.code}"]
        if name != "stderr":
            found += result.refused()
        problems += [f"{name} is a directory: {problem}" for problem in found]
    os.close(folder)
    with open("/dev/full", "w", encoding="utf-8") as full:
        problems += [f"full output: {p}" for p in box(scene, stdout=full, stderr=full).worked()]
    reader, writer = os.pipe()
    os.close(reader)
    problems += [f"broken pipe: {p}" for p in box(scene, stdout=writer, stderr=writer).worked()]
    os.close(writer)
    return problems


# Workspaces.

NAMES = [b"with space", b"new\nline", b"esc\x1b[31m", "Ünïcödé ✓".encode(), b"n" * 255, b"-rf",
         b"--", b"*", b"$(touch RAN)", b"'q\"", b"back\\slash", b"a:b", b"bad\xff\xfeutf8", b"\x7f",
         b"#x", b"%s%n"]


def odd_names(scene):
    problems = []
    for name in NAMES:
        path = os.path.join(os.fsencode(scene.workspace), name)
        os.mkdir(path)
        scene.give(path)
        for how in ("inside", "option"):
            if how == "inside":
                result = box(scene, "touch RAN && echo x >.git/x; exit 7", cwd=path)
            else:
                result = box(scene, "touch RAN; exit 7", options=["--workspace", path])
            found = result.either()
            if any(ord(c) < 32 and c not in "\n\t" for c in result.errors):
                found.append(f"control characters printed: {result.errors!r}")
            problems += [f"{name!r} {how}: {problem}" for problem in found]
        left = os.listdir(path)
        problems += [f"{name!r}: left {left}"] if left else []
        shutil.rmtree(path)
    return problems


def deep_paths(scene):
    """Up to the longest path there is, and beyond it."""
    problems = []
    seen = set()
    for total in (1000, 2000, 3000, 3900, 4000, 4050, 4080, 4090, 4096, 5000, 9000):
        top = os.open(scene.workspace, os.O_RDONLY)
        os.fchdir(top)
        length = len(scene.workspace)
        while length < total:
            name = "d" * min(200, max(1, total - length - 1))
            if not os.path.exists(name):
                os.mkdir(name)
            if scene.drop:
                os.chown(name, os.stat(scene.workspace).st_uid, -1)
            os.chdir(name)
            length += len(name) + 1
        result = run(scene, scene.box("/bin/sh", "-c", "touch RAN; exit 7"), cwd=None)
        if os.path.exists("RAN"):
            result.ran = True
            os.unlink("RAN")
        seen.add(result.ran)
        problems += [f"{total} bytes: {problem}" for problem in result.either()]
        problems += [f"{total} bytes: left {os.listdir('.')}"] if os.listdir(".") else []
        os.fchdir(top)
        os.close(top)
        subprocess.run(["rm", "-rf", "d" * 200], check=True)
    os.chdir("/")
    return problems + ([] if seen == {True, False} else ["only one outcome seen"])


def places(scene):
    """Workspaces that are something else. The outcome is a promise."""
    def make(name, mode=0o755):
        path = scene.path(name)
        os.mkdir(path)
        scene.give(path)
        os.chmod(path, mode)
        return path

    problems = []
    fifo = scene.path("workspace/fifo")
    os.mkfifo(fifo)
    for name, target in [("link", scene.workspace), ("link2", "link"), ("loop", "loop"),
                         ("dangling", "missing"), ("to-root", "/"), ("to-file", "file")]:
        os.symlink(target, scene.path(name))
    scene.put("file", "")
    user = bool(scene.account())
    cases = [("/", "refused"), (scene.path("link"), "worked"), (scene.path("link2"), "worked"),
             (scene.path("loop"), "refused"), (scene.path("dangling"), "refused"),
             (scene.path("to-root"), "refused"), (scene.path("to-file"), "refused"),
             (fifo, "refused"), (scene.path("file"), "refused"), ("/dev/null", "refused"),
             (make("secret", 0o000), "refused" if user else "either"),
             (make("no-search", 0o600), "refused" if user else "anything"),
             (make("no-list", 0o300), "either"), (make("read-only", 0o555), "either"),
             ("/etc", "refused" if user else "either"), ("/proc", "refused"),
             ("/proc/self", "refused"), ("/dev", "refused" if user else "anything"), ("/sys", "refused"),
             ("/dev/fd", "refused"), ("", "refused"), (".", "worked"), ("sub/..", "worked"),
             ("sub/../sub", "worked"), ("./sub//deep/", "worked"), (scene.home, "worked"),
             ("~", "refused"), (scene.top, "refused" if user else "either"),
             ("x" * 5000, "refused"), ("\n", "refused")]
    for path, expected in cases:
        script = f"touch RAN; touch {scene.workspace}/RAN 2>/dev/null; exit 7"
        result = box(scene, script, options=["--workspace", path])
        for folder in (path, scene.workspace):
            mark = os.path.join(scene.workspace, folder, "RAN")
            if os.path.exists(mark) and not path.startswith("/proc"):
                result.ran = True
                os.unlink(mark)
        problems += [f"{path[:60]!r}: {problem}" for problem in getattr(result, expected)()]
    return problems


def make_thing(scene, kind, path):
    """One protected name as `kind`; None when it stays absent."""
    outside = scene.outside
    if kind == "file":
        scene.put(path, "mine\n")
    elif kind == "directory":
        scene.put(path + "/old", "mine\n")
    elif kind == "fifo":
        os.mkfifo(scene.path(path))
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as sock:
            sock.bind(scene.path(path))
    else:
        target = {"to inside": "sub/deep", "to outside": outside, "dangling": "nowhere",
                  "to outside file": os.path.join(outside, "file"), "loop": os.path.basename(path),
                  "to absolute missing": os.path.join(outside, "missing")}[kind]
        os.symlink(target, scene.path(path))


def protected_kinds(scene):
    """Each protected name as each kind of thing: nothing the box tries changes it."""
    problems = []
    for kind in ("file", "directory", "to inside", "to outside", "to outside file", "dangling",
                 "to absolute missing", "loop", "fifo", "socket"):
        shutil.rmtree(scene.path("workspace/.git"))
        for name in PROTECTED:
            make_thing(scene, kind, f"workspace/{name}")
        scene.give(scene.workspace)
        before = scene.tree()
        result = box(scene, ATTACK)
        found = result.either() + difference(before, scene.tree())
        problems += [f"{kind}: {problem}" for problem in found]
        scene.restore()
    return problems


def git_pointers(scene):
    """`.git` as the file of a worktree or submodule."""
    problems = []
    inside, outside = "workspace/store/worktrees/w", "outside/store/worktrees/w"
    pointers = {
        "inside": f"gitdir: {scene.path(inside)}\n", "relative": "gitdir: store/worktrees/w\n",
        "outside": f"gitdir: {scene.path(outside)}\n", "missing": "gitdir: nowhere/at/all\n",
        "root": "gitdir: /\n", "the workspace": "gitdir: .\n", "empty": "", "no newline":
        "gitdir: store/worktrees/w", "nonsense": "hello\n", "binary": "gitdir: \0\1\2\n",
        "huge": "gitdir: " + "x" * 100000 + "\n", "newline": "gitdir: a\nb\n",
        "itself": "gitdir: .git\n", "up": "gitdir: ../../../../../../..\n",
    }
    attack = "touch RAN; for d in store store/hooks store/worktrees/w " \
             f"{scene.outside}/store {scene.outside}/store/worktrees/w; do " \
             "echo x >$d/config; echo x >$d/hooks/pre-commit; done; echo x >.git; rm -f .git; " \
             "mv store moved; exit 7"
    for name, text in pointers.items():
        for common in ("../..\n", "/\n", "", "\0\n", "nowhere\n"):
            shutil.rmtree(scene.path("workspace/.git"), ignore_errors=True)
            scene.put("workspace/.git", text)
            for store in (inside, outside):
                scene.put(f"{store}/commondir", common)
                scene.put(f"{store}/../../config", "mine\n")
                scene.put(f"{store}/../../hooks/pre-commit", "mine\n")
            scene.give(scene.workspace)
            scene.give(scene.outside)
            before = scene.tree()
            result = box(scene, attack)
            found = result.either() if result.code != 7 else []  # it may all be protected
            found += [line for line in difference(before, scene.tree())
                      if "/outside/" in line or line.endswith("/.git")
                      or (name in ("inside", "relative") and common == "../..\n"
                          and ("hooks" in line or "config" in line))]
            problems += [f"{name}, commondir {common!r}: {problem}" for problem in found]
            scene.restore()
    return problems


CASES = [poor_hosts, chrooted, full_disks, file_systems, inherited, few_descriptors, many_hidden, little_memory,
         few_processes, odd_states, standard_descriptors, odd_names, deep_paths, places,
         protected_kinds, git_pointers]


def battery(tap, argv, as_root):
    wanted = argv[2:]
    for case in CASES:
        if wanted and case.__name__ not in wanted:
            continue
        scene = Scene(argv[1], as_root)
        before = scene.tree()
        mounts = scene.mounts()
        try:
            problems = case(scene)
            scene.restore()
            problems += [f"{line}" for line in difference(before, scene.tree())
                         if "/outside" in line or "/home/" in line.replace(scene.top, "")]
            problems += [f"process {pid} lives on" for pid in scene.processes()]
            problems += [f"mount left: {mount}" for mount in scene.mounts() - mounts
                         if scene.marker in mount]
        finally:
            scene.remove()
        who = "root" if as_root else "user"
        name = case.__name__.replace("_", " ")
        tap.check(f"{who}: {name}", problems)


def main(argv):
    argv[1] = os.path.abspath(argv[1])  # cases change the directory
    return as_user_and_root(argv, battery)


if __name__ == "__main__":
    sys.exit(main(sys.argv))
