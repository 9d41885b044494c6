#!/usr/bin/env python3
"""One table of programs, each by name, port and address: outside all succeed, in the box by rule.

usage: clients.py CARREL CACHE [NAME...]      CACHE: a directory that may keep what Go has compiled

Each program fetches something from a name that the policy allows, from one it does not, and from
the allowed name on a port it does not. Outside all three must succeed, or the row means nothing.
Inside only the first may, and carrel must tell the name of what it refused. Speaks TAP.
"""

import os
import shutil
import subprocess
import sys

import world
from names import HTTP, HTTPS, SSH
from world import call

ALLOWED, REFUSED = "www.example.com", "other.example.net"
CONNECT = [word for port in (HTTPS[0], HTTP[0], SSH[0])
           for word in ("--connect", f"{ALLOWED}:{port}")]
SOURCES = ("fetch.mjs", "fetch.py", "Fetch.java")


class Client:
    """A row: what it needs, its two ports, and its words for a name and a port."""

    def __init__(self, name, ports, words, tools=(), expect="hello by internet"):
        self.name, self.ports, self.words = name, ports, words
        self.tools, self.expect = tools, expect

    def lacks(self):
        missing = [tool for tool in self.tools if not shutil.which(tool, path="/usr/local/bin:"
                                                                   "/usr/bin:/bin")
                   and not os.path.exists(tool)]
        return f"no {', '.join(os.path.basename(tool) for tool in missing)}" if missing else None


def url(scheme, ports):
    def make(name, port):
        shown = "" if port == ports[0] else f":{port}"
        return f"{scheme}://{name}{shown}/hello"
    return make


def table(made, place):
    """Every row. `made`: the world with the programs built in it."""
    secure, clear = url("https", HTTPS), url("http", HTTP)
    ca, clones = made.file("ca.crt"), os.path.join(place.workspace, "clone")
    ssh = (f"ssh -F /dev/null -i {place.identity} -o IdentitiesOnly=yes -o BatchMode=yes "
           f"-o ConnectTimeout=20 -o UserKnownHostsFile={made.file('known_hosts')}")
    curl = ["curl", "-sS", "--max-time", "20", "--cacert", ca]
    python = [world.PYTHON, made.file("fetch.py")]
    node = ["env", "NODE_EXTRA_CA_CERTS=" + ca, "node", made.file("fetch.mjs")]
    git = ["sh", "-c", 'rm -rf "$1" && git -c http.sslCAInfo="$2" -c core.sshCommand="$3" clone -q '
           '"$4" "$1" && cat "$1/README"', "git", clones, ca, ssh]

    def s_client(name, port):
        return ["sh", "-c", 'printf "GET /hello HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n" "$1" | openssl '
                's_client -quiet -verify_return_error -CAfile "$3" -servername "$1" -connect '
                '"$1:$2" 2>&1', "s_client", name, str(port), ca]

    return [
        Client("curl", HTTPS, lambda n, p: [*curl, secure(n, p)], ["curl"]),
        Client("curl over http", HTTP, lambda n, p: [*curl, clear(n, p)], ["curl"]),
        Client("curl over IPv6", HTTPS, lambda n, p: [*curl, "-6", secure(n, p)], ["curl"]),
        Client("curl with HTTP/2 offered", HTTPS, lambda n, p: [*curl, "--http2", secure(n, p)],
               ["curl"]),
        Client("wget", HTTPS, lambda n, p: ["wget", "-q", "-O-", "-t1", "-T20",
                                            "--ca-certificate=" + ca, secure(n, p)], ["wget"]),
        Client("git over https", HTTPS, lambda n, p: [
            *git, secure(n, p).replace("/hello", "/git/repo.git")], ["git"], "cloned through"),
        Client("git over ssh", SSH, lambda n, p: [
            *git, f"ssh://git@{n}:{p}{made.file('git/repo.git')}"],
               ["git", "ssh", "/usr/sbin/sshd"], "cloned through"),
        Client("a Go program", HTTPS, lambda n, p: [made.file("fetch-go"), secure(n, p)],
               [made.file("fetch-go")]),
        Client("a Java program", HTTPS, lambda n, p: [
            "java", "-XX:TieredStopAtLevel=1", made.file("Fetch.java"), secure(n, p), ca],
               ["java"]),
        Client("node, fetch", HTTPS, lambda n, p: [*node, "fetch", secure(n, p)], ["node"]),
        Client("node, https", HTTPS, lambda n, p: [*node, "https", secure(n, p)], ["node"]),
        Client("Python, urllib", HTTPS, lambda n, p: [*python, "urllib", secure(n, p)]),
        Client("Python, requests", HTTPS, lambda n, p: [*python, "requests", secure(n, p)],
               [] if has_requests() else ["requests"]),
        Client("Python, asyncio", HTTPS, lambda n, p: [*python, "asyncio", secure(n, p)]),
        Client("openssl s_client", HTTPS, s_client, ["openssl"]),
        Client("a static musl program", HTTP, lambda n, p: [made.file("plain"), n, str(p)],
               [made.file("plain")]),
    ]


def has_requests():
    tried = "try:\n import requests\nexcept ImportError:\n from pip._vendor import requests"
    return subprocess.run([world.PYTHON, "-c", tried], check=False,
                          stderr=subprocess.DEVNULL).returncode == 0


def build(made, cache):
    """The programs, where both accounts and a box can see them; what cannot be built is skipped."""
    here = os.path.join(world.HERE, "clients")
    for name in SOURCES:
        shutil.copy(os.path.join(here, name), made.top)
    if shutil.which("musl-gcc"):
        call("musl-gcc", "-std=gnu11", "-O1", "-static", "-o", made.file("plain"),
             os.path.join(here, "plain.c"))
    if shutil.which("go"):
        env = {**os.environ, "CGO_ENABLED": "0", "GOCACHE": os.path.join(cache, "go-cache"),
               "GOPATH": os.path.join(cache, "go-path"), "GO111MODULE": "off",
               "GOTOOLCHAIN": "local"}
        call("go", "build", "-o", made.file("fetch-go"), os.path.join(here, "fetch.go"), env=env)


def row(tap, place, client):
    why = client.lacks()
    if why:
        tap.skip(client.name, f"{why} here")
        return
    trials = [(ALLOWED, client.ports[0], True), (REFUSED, client.ports[0], False),
              (ALLOWED, client.ports[1], False)]
    for name, port, allowed in trials:
        words = client.words(name, port)
        ran = place.ran(place.outside(words))
        if ran.code or client.expect not in ran.out:
            tap.check(f"control: {client.name} reaches {name}:{port}", ran.told())
            continue
        ran = place.ran(place.box(*words, options=CONNECT))
        verb = "reaches" if allowed else "is refused"
        tap.check(f"{client.name} {verb} {name}:{port}",
                  judge_allowed(client, ran) if allowed else judge_refused(client, ran, name, port))


def judge_allowed(client, ran):
    return [] if ran.code == 0 and client.expect in ran.out else ran.told()


def judge_refused(client, ran, name, port):
    if client.expect in ran.out or ran.code == 0:
        return ["it came through", *ran.told()]
    said = [line for line in ran.errors.splitlines() if line.startswith("carrel:")
            or line.lstrip().startswith("carrel")]
    wanted = [name] if name == REFUSED else [name, str(port)]
    if ran.code == 125 or not any(all(word in line for word in wanted) for line in said):
        return [f"carrel did not tell {' and '.join(wanted)}", *ran.told()]
    return []


def dig_row(tap, place):
    """dig has no port to be refused: an allowed name has an address, another does not exist."""
    if not shutil.which("dig"):
        tap.skip("dig", "no dig here")
        return
    for more in ([], ["+tcp"]):
        label = " ".join(["dig", *more])
        for name, allowed in ((ALLOWED, True), (REFUSED, False)):
            words = ["dig", *more, "+time=5", "+tries=1", name, "A"]
            control = place.ran(place.outside(words))
            if "status: NOERROR" not in control.out or "ANSWER: 1" not in control.out:
                tap.check(f"control: {label} {name}", control.told())
                continue
            ran = place.ran(place.box(*words, options=CONNECT))
            good = ("198.18." in ran.out or "198.19." in ran.out) if allowed \
                else "status: NXDOMAIN" in ran.out
            tap.check(f"{label} {name}", [] if good else ran.told())


def main():
    world.enter()
    only = sys.argv[3:]

    def battery(tap, made, place):
        if not os.path.exists(made.file("fetch.py")):
            build(made, os.path.abspath(sys.argv[2]))
        for client in table(made, place):
            if not only or client.name in only:
                row(tap, place, client)
        if not only or "dig" in only:
            dig_row(tap, place)
    return world.batteries(sys.argv, battery)


if __name__ == "__main__":
    sys.exit(main())
