#!/usr/bin/env python3
"""Policies nobody can mean, in every place a policy comes from: said clearly, and nothing runs.

usage: policies.py CARREL

Speaks TAP. The managed layer needs root, who puts a file system of his own over /etc in a mount
namespace of the test.
"""

import os
import re
import shlex
import socket
import subprocess
import sys

from common import Scene, as_user_and_root

VALID = "use default\n"
# What a file may hold, and whether it may be accepted. Each is written as it stands.
TEXTS = {
    "an unknown word": b"allow everything /\n",
    "no object": b"allow read\n",
    "half a line": b"allow write \"unterminated\n",
    "one good line, one bad": b"use default\nallow write\n",
    "NUL": b"allow write .\0\n",
    "invalid UTF-8": b"allow write \xff\xfe\n",
    "control characters": b"allow write a\x1b[31mb\n",
    "a line of 5,000 bytes": b"# " + b"x" * 5000 + b"\n",
    "two megabytes of comments": b"# x\n" * 500000,
    "two megabytes of rules": b"allow read /usr\n" * 125000,
    "two megabytes without a newline": b"x" * 2000000,
    "a hundred thousand errors": b"bad\n" * 100000,
    "a program": open("/bin/true", "rb").read()[:900000],
    "a byte-order mark of UTF-16": "use default\n".encode("utf-16"),
    "a relative path that leaves": b"allow write ../outside\n",
    "an unknown profile": b"use no-such-profile\n",
    "a profile with a path": b"use ../../../etc/passwd\n",
    "a limit that is no number": b"limit memory lots\n",
    "a limit beyond every number": b"limit memory 99999999999999999999999G\n",
    "a negative limit": b"limit processes -1\n",
    "a duplicate setting": b"limit time 1m\nlimit time 2m\n",
    "an expiry that is none": b"expire never\n",
    "a host that is none": b"allow connect http://example.com/\n",
    "a port beyond the last": b"allow connect example.com:65536\n",
    "an octal address": b"allow connect 0177.0.0.1:80\n",
    "a pattern without end": b"deny read " + b"**/" * 1300 + b"x\n",
    "another user's home": b"allow write ~root/x\n",
}


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def fifo(path):
    os.mkfifo(path)


def listening(path):
    with socket.socket(socket.AF_UNIX) as sock:
        folder, name = os.path.split(path)
        here = os.getcwd()
        os.chdir(folder)  # the path may be too long for a socket
        sock.bind(name)
        os.chdir(here)


def unreadable(path):
    write(path, VALID.encode())
    os.chmod(path, 0)


def writable_by_all(path):
    write(path, b"use default\nallow write /\n")
    os.chmod(path, 0o666)


# What may lie where a policy file should. `only`: the layers that must refuse it.
OBJECTS = {
    # `--policy <(command)` is a pipe, and waits for its writer as every program does
    "a FIFO": (fifo, ("managed", "user", "project")),
    "a directory": (os.mkdir, None),
    "a socket": (listening, None),
    "a symlink to itself": (lambda path: os.symlink(os.path.basename(path), path), None),
    "a dangling symlink": (lambda path: os.symlink("nowhere", path), None),
    "a symlink to /dev/zero": (lambda path: os.symlink("/dev/zero", path), None),
    "a symlink to a FIFO": (lambda path: (fifo(path + ".pipe"), os.symlink(path + ".pipe", path)),
                            ("managed", "user", "project")),
    "unreadable": (unreadable, None),
    "writable by everybody": (writable_by_all, ("managed", "user", "project")),
}


class Layer:
    """Where a file comes from, and how carrel is started so that it does."""

    def __init__(self, name, path, options=(), managed=False):
        self.name, self.path, self.options, self.managed = name, path, list(options), managed


def layers(scene):
    found = [
        Layer("user", scene.path("home/.config/carrel/policy")),
        Layer("project", scene.path("workspace/.carrel/policy")),
        Layer("option", scene.path("given"), ["--policy", scene.path("given")]),
        Layer("second option", scene.path("given"),
              ["--policy", scene.path("good"), "--policy", scene.path("given")]),
    ]
    if os.getuid() == 0:
        found.append(Layer("managed", scene.path("managed/policy.d/10-x.policy"), managed=True))
    return found


def start(scene, layer):
    """(exit code, whether the command ran, what it said)."""
    words = scene.box("/bin/sh", "-c", "touch RAN", options=layer.options)
    if layer.managed:
        etc, managed = shlex.quote(scene.path("etc")), shlex.quote(scene.path("managed"))
        setup = f"mount --make-rprivate /; mount -t tmpfs none {etc}; mkdir {etc}/u {etc}/w; " \
                f"mount -t overlay -o lowerdir=/etc,upperdir={etc}/u,workdir={etc}/w none /etc; " \
                f"mkdir -p /etc/carrel; cp -a {managed}/policy.d /etc/carrel/ "
        words = ["unshare", "-m", "sh", "-c", f"set -e; {setup}; exec {shlex.join(words)}"]
    child = scene.start(words)
    try:
        _, errors = child.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        child.kill()
        _, errors = child.communicate()
        errors += b"(hung)"
    mark = scene.path("workspace/RAN")
    ran = os.path.exists(mark)
    if ran:
        os.unlink(mark)
    return child.returncode, ran, errors.decode("utf-8", "replace")


def judge(layer, code, ran, errors):
    problems = []
    if code != 125:
        problems.append(f"ended with {code}: {errors[:300].strip()}")
    if ran:
        problems.append("the command ran")
    if os.path.basename(layer.path) not in errors and "policy" not in errors:
        problems.append(f"the file is not named: {errors[:300]!r}")
    if re.search(r"[\x00-\x08\x0b-\x1f]", errors):
        problems.append(f"it prints control characters: {errors[:300]!r}")
    if len(errors) > 200000:
        problems.append(f"it prints {len(errors)} bytes")
    return problems


def clear(scene):
    for name in ("home/.config", "workspace/.carrel", "given", "given.pipe", "managed"):
        subprocess.run(["rm", "-rf", scene.path(name)], check=True)


def own(scene, layer):
    if layer.managed:
        os.chmod(scene.path("managed"), 0o755)
    else:
        scene.give(scene.path("home"))
        scene.give(scene.workspace)
        if os.path.lexists(layer.path) and scene.drop:
            os.lchown(layer.path, os.stat(scene.home).st_uid, -1)


def try_layer(scene, layer):
    problems = []
    for name, text in TEXTS.items():
        clear(scene)
        write(layer.path, text)
        own(scene, layer)
        problems += [f"{name}: {problem}" for problem in judge(layer, *start(scene, layer))]
    for name, (make, only) in OBJECTS.items():
        if only and layer.name not in only or name == "unreadable" and not scene.drop:
            continue
        clear(scene)
        os.makedirs(os.path.dirname(layer.path), exist_ok=True)
        make(layer.path)
        own(scene, layer)
        if layer.name == "project" and name in PROJECT_MAY:
            code, ran, errors = start(scene, layer)
            found = [] if code in (0, 125) and ran == (code == 0) else [f"{code}: {errors}"]
        else:
            found = judge(layer, *start(scene, layer))
        problems += [f"{name}: {problem}" for problem in found]
    return problems


# A project's file can only narrow, so who may write it does not matter.
PROJECT_MAY = ("writable by everybody",)


def control(scene, layer):
    """The same with a policy that is right."""
    clear(scene)
    write(layer.path, VALID.encode() if layer.name != "project" else b"deny read .env\n")
    own(scene, layer)
    code, ran, errors = start(scene, layer)
    return [] if code == 0 and ran else [f"ended with {code}: {errors}"]


def battery(tap, argv, as_root):
    who = "root" if as_root else "user"
    scene = Scene(argv[1], as_root)
    os.mkdir(scene.path("etc"))
    write(scene.path("good"), VALID.encode())
    try:
        for layer in layers(scene):
            tap.check(f"{who}, {layer.name}: a good policy is taken", control(scene, layer))
            tap.check(f"{who}, {layer.name}: bad ones are refused", try_layer(scene, layer))
    finally:
        scene.remove()


if __name__ == "__main__":
    sys.exit(as_user_and_root(sys.argv, battery))
