#!/usr/bin/env python3
"""The landlock tier, which has no network of its own: its proxy, and every way past it.

usage: proxy.py CARREL [ROW...]      ROW: names of functions below, all if none

Speaks TAP. Each way past the proxy leaves the host outside a box; in one nothing leaves.
"""

import os
import shutil
import signal
import socket
import sys
import threading

import names
import world
from names import HOST, METADATA, OTHER, OTHER6, ROUTER, WWW, WWW6
from threat_reach import echo, hello, none, tls
from trial import ALLOWED, Trial

REFUSED = "other.example.net"
INET6 = int(socket.AF_INET6)
RULES = [f"allow connect {ALLOWED}:{port}" for port in (443, 80)] + [
    f"allow connect {ALLOWED}:{port} notls" for port in (7, 5432)] + [
    "allow connect v4.example.com:80"]
LOGIN_PLACE = "http://u:s@127.0.0.1:%d" % names.HOST_LOOPBACK # stands for the proxy outside
MOST_GUESTS, MOST_KIB = 2048, 16 << 10


class ProxyPlace(world.NetPlace):
    script = "inside_proxy.py"

    def __init__(self, made, as_root):
        super().__init__(made, as_root)
        self.env["HTTP_PROXY"] = LOGIN_PLACE
        self.tier = ["--tier", "landlock"] + [
            f"--accept-gap={gap}" for gap in ("protected-paths", "metadata", "processes",
                                              "signals", "truncate")]

    def boxed(self, rules, words, options=()):
        return super().boxed(rules, words, [*self.tier, *options])


class ProxyTrial(Trial):
    """What goes to the proxy, and to the host's own servers, stays on the loopback."""

    def outside(self, steps, privileged=False, **how):
        ran, packets = super().outside(steps, privileged, **how)
        return ran, leaving(packets)

    def inside(self, rules, steps, **how):
        ran, packets = super().inside(rules, steps, **how)
        return ran, leaving(packets)


def leaving(packets):
    return [packet for packet in packets if packet.device != "lo"]


def url(scheme, name, port=None):
    return f"{scheme}://{name}{f':{port}' if port else ''}/hello"


def clients(trial):
    """Programs that know the variables, each by name: one allowed, one not."""
    place, ca = trial.place, trial.world.file("ca.crt")
    curl = ["curl", "-fsS", "--max-time", "20", "--cacert", ca]
    socks = ["sh", "-c", '[ -z "$ALL_PROXY" ] || set -- "$@" -x "socks5h${ALL_PROXY#http}"; exec "$@"',
             "sh"]
    git = ["sh", "-c", 'rm -rf c && git -c http.sslCAInfo="$0" clone -q "$1" c && echo hello by']
    rows = [("curl, https", "curl", lambda n: [*curl, url("https", n)]),
            ("curl, http", "curl", lambda n: [*curl, url("http", n)]),
            ("curl, SOCKS5", "curl", lambda n: [*socks, *curl, url("https", n)]),
            ("curl, http by SOCKS5", "curl", lambda n: [*socks, *curl, url("http", n)]),
            ("curl that asks for the scheme first", "curl", lambda n: [
                *curl, "--proxy-anyauth", url("https", n)]),
            ("curl, with a tunnel for http", "curl", lambda n: [*curl, "-p", url("http", n)]),
            ("curl with a body", "curl", lambda n: [*curl, "-d", "x" * 100000, url("http", n)]),
            ("wget", "wget", lambda n: ["wget", "-qO-", "-t1", "-T20", "--ca-certificate=" + ca,
                                        url("https", n)]),
            ("git over https", "git", lambda n: [*git, ca, f"https://{n}/git/repo.git"]),
            ("Python, urllib", world.PYTHON, lambda n: [
                world.PYTHON, "-c", "import sys, urllib.request as r; "
                "print(r.urlopen(sys.argv[1], timeout=20).read().decode())", url("https", n)])]
    for name, tool, words in rows:
        if not shutil.which(tool):
            trial.tap.skip(name, f"no {tool} here")
            continue
        client(trial, name, words, place)


def client(trial, name, words, place):
    for host in (ALLOWED, REFUSED):
        made = words(host)
        ran = place.ran(place.outside(["env", "-u", "HTTP_PROXY", *made]))
        if ran.code or "hello by" not in ran.out:
            trial.tap.check(f"control: {name} reaches {host}", ran.told())
            continue
        ran = place.ran(place.boxed(RULES, made))
        came = "hello by" in ran.out
        if host == ALLOWED:
            trial.tap.check(f"{name} reaches {host}", [] if came and ran.code == 0 else ran.told())
        else:
            problems = ["it came through"] if came or ran.code in (0, 125) else []
            problems += trial.untold(ran, [f"{host}:"])
            trial.tap.check(f"{name} is refused {host}", problems + (ran.told() if problems
                                                                     else []))


def by_itself(trial):
    """What a program gets by itself: TCP sockets, and nowhere to go with them."""
    trial.refused("no address is reached directly", [
        echo(OTHER), echo(OTHER6), echo(WWW), echo(WWW6), echo(ROUTER), hello(METADATA),
        echo("::ffff:" + OTHER, family=INET6), echo(OTHER, via="epoll"), tls(WWW, sni=ALLOWED),
        *(echo(OTHER, port) for port in names.ECHO)], RULES, tells=[OTHER, OTHER6, METADATA])
    trial.refused("nor in any other way to connect", [
        echo(host, via=via) for via in ("sendto", "sendmsg", "fastopen", "mptcp")
        for host in (OTHER, OTHER6)], RULES)
    local(trial)
    trial.refused("UDP reaches nobody", [
        ["udp", {"host": host, "port": 9999}] for host in (OTHER, OTHER6)], RULES)
    trial.refused("names are not asked for", [
        ["dns", {"server": names.DNS, "name": ALLOWED}],
        ["dns", {"server": names.DNS, "name": ALLOWED, "stream": True}]], RULES)
    trial.judged("there are no datagram sockets", [["datagram_pair", {}]], none, RULES)
    trial.judged("another host's port of the same number is not reached",
                 [["proxys_port", {"host": host}] for host in (OTHER, ROUTER, HOST)], none, RULES)
    trial.judged("an address of no family changes nothing", [["unspecific", {}]], none, RULES)


def local(trial):
    """Services on the host's loopback: no packet leaves either way, so what comes back counts."""
    steps = [echo("127.0.0.1", names.HOST_LOOPBACK), echo("::1", names.HOST_LOOPBACK),
             echo(HOST, names.HOST_ANYWHERE), echo(names.HOST6, names.HOST_ANYWHERE),
             echo("0.0.0.0", names.HOST_ANYWHERE),
             echo("::ffff:127.0.0.1", names.HOST_LOOPBACK, family=INET6)]
    ran, _ = trial.outside(steps)
    if not all(result["ok"] for result in ran.results):
        trial.tap.check("control: the host's own services", ran.told())
        return
    trial.judged("the host's own services are not reached", steps,
                 lambda results, packets, ran: none(results, packets, ran)
                 + trial.untold(ran, ["127.0.0.1:", "[::1]:"]), RULES)


def races(trial):
    """The address is read once, by the launcher; what other threads write is nobody's address."""
    step = ["swap", {"host": OTHER, "port": 7, "seconds": 2}]
    ran, packets = trial.outside([step])
    if not ran.results[0]["ok"] or not packets:
        trial.tap.check("control: a swapped address", [str(ran.results), *ran.told()])
        return

    def judge(results, packets, _ran):
        problems = none(results, packets, _ran)
        if results[0].get("reached") != ["127.0.0.1"]:
            problems.append(f"not even the proxy: {results[0]}")
        return problems
    trial.judged("an address that is changed meanwhile gains nothing", [step], judge, RULES)


def options(trial):
    """Options of a socket that lead its packets elsewhere than to 127.0.0.1."""
    steps = {"a source route": ["led_astray", {"host": OTHER, "how": "route"}],
             "another interface": ["led_astray", {"host": "uplink", "how": "device"}]}
    for what, step in steps.items():
        ran, packets = trial.outside([step], privileged=True)
        if not packets:
            trial.tap.check(f"control: {what}", [str(ran.results), *ran.told()])
            continue
        trial.judged(f"{what} leads nowhere", [step], none, RULES)


def listening(trial):
    """Nobody comes in."""
    place, seen = trial.place, []

    def knock(word, _child):
        for address in ("127.0.0.1", "::1", HOST):
            try:
                socket.create_connection((address, 9000), timeout=1).close()
                seen.append(address)
            except OSError:
                pass
    steps = [["serve", {"port": 9000}]]
    place.play(steps, None, knock)
    control = [] if seen else ["nothing was reached outside either"]
    seen.clear()
    ran = place.play(steps, RULES, knock)
    problems = control + seen + ran.broken() + none(ran.results, [], ran)
    trial.tap.check("the box has no listening sockets", problems)


def connecting(trial):
    """What connect(2) says is what it would say itself."""
    trial.allowed("sockets that wait, that do not, and those of IPv6 are connected",
                  [["connects", {}]], RULES, control=False)
    trial.allowed("so are those of many threads at once", [
        ["many", {"count": 1000, "target": f"{ALLOWED}:7"}]], RULES, control=False)
    trial.allowed("an IPv6 socket is as good", [
        ["by_connect", {"target": f"{ALLOWED}:7", "family": INET6}]], RULES, control=False)


def interrupted(trial):
    """A call of which the broker has made the connection already is not made again."""
    trial.allowed("signals that come all the time do not spoil connect", [
        ["interrupted_guests", {"count": 2000, "every_us": every}] for every in (70, 200, 500)],
                  RULES, control=False)


def login(trial):
    """Who does not know the secret is no guest, and nobody outside the box is one."""
    good = ["by_connect", {"target": f"{ALLOWED}:7"}]
    trial.allowed("with the secret the proxy serves", [good, [
        "by_socks", {"name": ALLOWED, "port": 7}]], RULES, control=False)
    target = {"target": f"{ALLOWED}:7"}
    wrong = "Proxy-Authorization: Basic Y2FycmVsOndyb25n\r\n"

    def judge(results, packets, _ran):
        return none(results, packets, _ran) + [
            f"another answer: {result}" for result, want in zip(results, wanted)
            if want not in result.get("status", "")]
    steps = [["by_connect", {**target, "fields": fields}] for fields in ("", wrong, wrong * 2)]
    wanted = ["407"] * len(steps) + ["method 05ff", "login 0101", "login 0101", "login 0101"]
    steps += [["by_socks", {"name": ALLOWED, "port": 7, **how}] for how in (
        {"methods": "00"}, {"secret": "wrong"}, {"secret": ""}, {"user": "somebody"})]
    trial.judged("without it, or with another one, it does not", steps, judge, RULES)
    trial.judged("nor a plain request", [["requests", {
        "texts": [f"GET http://{ALLOWED}/hello HTTP/1.1\r\nHost: {ALLOWED}\r\n\r\n"],
        "with_login": False}]], none, RULES)
    strangers(trial)


def strangers(trial):
    """Somebody outside who has found out the secret."""
    heard = []

    def visit(word, _child):
        _, host, port, user, secret = word.split()
        try:
            with socket.create_connection((host, int(port)), timeout=10) as sock:
                text = __import__("base64").b64encode(f"{user}:{secret}".encode()).decode()
                sock.sendall(f"CONNECT {ALLOWED}:7 HTTP/1.1\r\nHost: {ALLOWED}:7\r\n"
                             f"Proxy-Authorization: Basic {text}\r\n\r\n".encode())
                heard.append(sock.recv(100).decode("latin-1"))
        except OSError:
            heard.append("")
    with trial.world.capture() as capture:
        ran = trial.place.play([["tell", {}]], RULES, visit)
        left = leaving(capture.packets())
    problems = ran.broken() + [str(packet) for packet in left]
    problems += [] if heard == [""] else [f"the stranger heard {heard}"]
    trial.tap.check("a stranger is not served although the secret is right", problems)


def hosts(trial):
    """Names and numbers that no rule allows, however they are written."""
    spellings = [f"{REFUSED}:443", f"{ALLOWED}:444", f"{OTHER}:443", f"[{OTHER6}]:443",
                 f"{WWW}:443", "0x5db8d714:443", "1572394772:443", "93.184.55060:443",
                 "0135.0270.0327.024:443", f"[::ffff:{OTHER}]:443", f"[::ffff:{WWW}]:443",
                 f"user@{ALLOWED}:443", f"{ALLOWED}.:443", f"{ALLOWED}%00.example.net:443",
                 f"127.0.0.1:{names.HOST_LOOPBACK}", f"localhost:{names.HOST_LOOPBACK}",
                 f"[::1]:{names.HOST_LOOPBACK}", "0:8001", f"{METADATA}:80", f"{ALLOWED}:0443",
                 f"{ALLOWED}:65979", f"{ALLOWED}"]

    def judge(results, packets, ran):
        return none(results, [packet for packet in packets if packet.port != 53], ran) + [
            f"another answer: {result}" for result in results
            if not any(code in result.get("status", "") for code in ("403", "400"))]
    trial.judged("no other host is reached, however it is spelled", [
        ["by_connect", {"target": target}] for target in spellings], judge, RULES)
    trial.judged("nor by SOCKS5", [
        ["by_socks", {"name": name, "port": port, **how}] for name, port, how in (
            (REFUSED, 443, {}), (OTHER, 443, {"kind": 1}), (OTHER6, 443, {"kind": 4}),
            ("::ffff:" + OTHER, 443, {"kind": 4}), ("0x5db8d714", 443, {}), (ALLOWED, 444, {}),
            (METADATA, 80, {"kind": 1}), ("127.0.0.1", names.HOST_LOOPBACK, {"kind": 1}))],
        none, RULES)
    special = [f"{label}.special.example.com" for label in names.SPECIAL]

    def unled(results, packets, ran):
        return none(results, [], ran) + trial.strange(packets)
    trial.judged("an allowed name does not lead to a special-purpose address", [
        ["by_connect", {"target": f"{name}:80", "text": ""}] for name in special], unled,
        ["allow connect *:* notls"])
    trial.judged("nor do numbers, where every host is allowed", [
        ["by_connect", {"target": f"{place}:{port}"}] for place, port in (
            ("127.0.0.1", names.HOST_LOOPBACK), ("[::1]", names.HOST_LOOPBACK), (ROUTER, 7),
            (METADATA, 80), ("0.0.0.0", names.HOST_ANYWHERE), (HOST, names.HOST_ANYWHERE))],
        unled, ["allow connect *:* notls"])
    trial.allowed("a rule that names an address of the host lets it be reached", [
        ["by_connect", {"target": f"127.0.0.1:{names.HOST_LOOPBACK}"}]],
        [f"allow connect 127.0.0.1:{names.HOST_LOOPBACK}"], control=False)


def contents(trial):
    """What is said first must be for the name that was asked for."""
    trial.allowed("a hello for the name passes", [
        ["hello_through", {"target": f"{ALLOWED}:443", "sni": ALLOWED}]], RULES, control=False)

    def judge(results, packets, ran):
        return none(results, [], ran) + trial.strange(packets, (WWW, WWW6))
    trial.judged("a hello for another name, or none, does not", [
        ["hello_through", {"target": f"{ALLOWED}:443", "sni": sni}]
        for sni in (REFUSED, None)], judge, RULES)
    other = f"GET /hello HTTP/1.1\r\nHost: {REFUSED}\r\n\r\n"
    trial.judged("nor HTTP for another host, nor anything that names none", [
        ["through", {"target": f"{ALLOWED}:80", "text": text}]
        for text in (other, "\0\1\2\3\4\5\6\7" * 8, "EHLO me\r\n")], judge, RULES)
    trial.allowed("HTTP for the host passes", [["through", {
        "target": f"{ALLOWED}:80", "text": f"GET / HTTP/1.1\r\nHost: {ALLOWED}\r\n\r\n"}]],
        RULES, control=False)
    trial.allowed("where a rule says notls anything may be said", [
        ["by_connect", {"target": f"{ALLOWED}:5432", "text": "\0\1\2\3"}]], RULES, control=False)


def get(name, host=None, path="/hello"):
    return f"GET http://{name}{path} HTTP/1.1\r\nHost: {host or name}\r\n\r\n"


def urls(trial):
    """Requests for http:// URLs."""
    def told(results, _packets, ran):
        answer = results[0].get("answers", [""])[0]
        return [] if f"host={ALLOWED} " in answer else ["the host saw another", answer, *ran.told()]
    trial.judged("the host of the URL is what counts, and what it is told",
                 [["requests", {"texts": [get(ALLOWED, REFUSED)]}]],
                 lambda results, packets, ran: [] if " 400 " in str(results) else
                 told(results, packets, ran), RULES)

    def secretless(_results, _packets, ran):
        lines = [event for event in trial.world.log() if event.get("event") == "request"]
        return [] if lines else ran.told()
    trial.judged("a request for it is answered", [["requests", {"texts": [get(ALLOWED)]}]],
                 lambda results, packets, ran: told(results, packets, ran)
                 + secretless(results, packets, ran), RULES)
    mark = trial.world.mark()
    second = [["requests", {"texts": [get(ALLOWED), get(REFUSED)]}],
              ["requests", {"texts": [get(ALLOWED) + get(REFUSED)]}],
              ["requests", {"texts": [get(ALLOWED), f"GET / HTTP/1.1\r\nHost: {REFUSED}\r\n\r\n"]}]]
    ran, packets = trial.inside(RULES, second)
    seen = [event for event in trial.world.since(mark) if event.get("hosts") == [REFUSED]]
    problems = ran.broken() + [f"came through: {event}" for event in seen]
    problems += trial.strange(packets, (WWW, WWW6))
    problems += [f"succeeds: {ran.results[i]}" for i in (0, 2) if ran.results[i]["ok"]]
    trial.tap.check("a second request for another host is not sent to the first", problems)
    trial.allowed("nor is it held against one for another host that is allowed, on its own", [
        ["requests", {"texts": [get(ALLOWED)]}], ["requests", {"texts": [get("v4.example.com")]}]],
        RULES, control=False)
    bad = [get(REFUSED), get(f"{ALLOWED}:81"), get(f"user@{ALLOWED}"),
           f"GET https://{ALLOWED}/ HTTP/1.1\r\nHost: {ALLOWED}\r\n\r\n",
           f"GET ftp://{ALLOWED}/ HTTP/1.1\r\nHost: {ALLOWED}\r\n\r\n",
           f"GET / HTTP/1.1\r\nHost: {ALLOWED}\r\n\r\n",
           f"GET http://{ALLOWED}/ HTTP/1.1\r\nHost: {ALLOWED}\r\nContent-Length: 1\r\n"
           "Transfer-Encoding: chunked\r\n\r\n",
           f"GET http://{ALLOWED}/ HTTP/1.1\r\nX: {'a' * 40000}\r\n\r\n",
           f"GET http://{ALLOWED}/ HTTP/1.1\r\n" + "X: y\r\n" * 9000 + "\r\n",
           "\0" * 100, "GET " + "a" * 40000, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    trial.judged("what is not plainly a request for an allowed host is refused",
                 [["requests", {"texts": [text]}] for text in bad], none, RULES)


def slow_guests(trial):
    """Guests who begin and never go on: the broker stays small, and serves again when they go."""
    sizes = []

    def weigh(_word, child):
        pid = broker_of(child.pid)
        sizes.append(world.rss_kib(pid) if pid else None)
    then = ["by_connect", {"target": f"{ALLOWED}:7"}]
    for title, start in (("a letter of a head", "C"), ("most of a head", "GET http://" + "a" * 30000),
                         ("a greeting of SOCKS5", "\5\1\2"), ("nothing", "")):
        ran = trial.place.play([["loris", {"count": MOST_GUESTS + 200, "start": start,
                                           "then": then}]], RULES, weigh)
        problems = ran.broken() + [str(result) for result in ran.results if not result["ok"]]
        problems += [f"{size} KiB" for size in sizes if not size or size >= MOST_KIB]
        kept = ran.results[0].get("kept", 0)
        problems += [f"{kept} guests were kept"] if kept > MOST_GUESTS else []
        trial.tap.check(f"many guests who say {title} and no more", problems)
        sizes.clear()
    trial.allowed("a request in pieces of one byte is read", [
        ["trickle", {"text": get(ALLOWED)}]], RULES, control=False)


def broker_of(launcher):
    for pid in filter(str.isdigit, os.listdir("/proc")):
        status = world.status_of(pid)
        if status.get("PPid") == str(launcher) and status.get("Name") == "carrel-broker":
            return int(pid)
    return None


def asked(trial):
    """What a rule asks about waits for an answer, and is refused without one."""
    place, target = trial.place, f"{ALLOWED}:7"
    rules = [f"ask connect {ALLOWED}:7 notls"]
    steps = [["by_connect", {"target": target}]] * 2
    ran = place.probe(steps, rules, options=["--no-ask"])
    problems = ran.broken() + none(ran.results, [], ran)
    problems += [str(result) for result in ran.results if "403" not in result.get("status", "")]
    trial.tap.check("where nobody is asked it is refused", problems)
    answers = []

    def question():
        told = place.ran(place.outside([trial.world.carrel, "approvals"])).out.split()
        return told[0] if told and target in told else None

    def answer(verb):
        number = world.until("a question", question)
        answers.append(place.ran(place.outside([trial.world.carrel, verb, number])).code)
    for verb, good in (("approve", True), ("deny", False)):
        answerer = threading.Thread(target=answer, args=(verb,))
        answerer.start()
        ran = place.probe(steps, rules)
        answerer.join()
        problems = ran.broken() + [str(result) for result in ran.results if result["ok"] != good]
        problems += [] if answers and answers.pop() == 0 else [f"carrel {verb} failed"]
        trial.tap.check(f"and where somebody says {verb}, so it is", problems)


def killed(trial):
    """Without its broker the box is offline."""
    def kill(_word, child):
        os.kill(broker_of(child.pid), signal.SIGKILL)
    steps = [["tell", {}], ["by_connect", {"target": f"{ALLOWED}:7"}], echo(OTHER),
             ["connects", {}]]
    with trial.world.capture() as capture:
        ran = trial.place.play(steps, RULES, kill)
        left = leaving(capture.packets())
    problems = ran.broken() + none(ran.results[1:], left, ran)
    trial.tap.check("when the broker is killed every connection fails, at once", problems)


def inherited(trial):
    """Standard input is a TCP socket of the host's."""
    for what, peer in (("fresh", None), ("connected", (WWW, 7))):
        step = ["inherited", {"number": 0, "host": OTHER, "port": 7, "loosen": peer is not None}]
        results = []
        for rules in (None, RULES):
            with socket.socket() as sock:
                if peer:
                    sock.connect(peer)
                with trial.world.capture() as capture:
                    ran = trial.place.probe([step], rules, stdin=sock)
                    left = [packet for packet in capture.packets()
                            if packet.target == OTHER and packet.syn]
            results.append((ran.results[0]["ok"], left, ran))
        if not results[0][0] or not results[0][1]:
            trial.tap.check(f"control: a {what} socket that is inherited", results[0][2].told())
            continue
        ok, left, ran = results[1]
        # a box may also refuse to start with such a thing open
        problems = [] if ran.code == 125 and "gap" not in ran.errors else ran.broken()
        trial.tap.check(f"a {what} socket that is inherited leads nowhere else",
                        problems + ["it does"] * ok + [str(packet) for packet in left])


def inside_another(trial):
    """Where a box around it has taken the notifications, the plan says so, and nothing runs."""
    place = trial.place
    inner = [trial.world.carrel, "run", *place.tier, "--connect", f"{ALLOWED}:443", "--", "true"]
    ran = place.ran(world.NetPlace.boxed(place, [], ["env", "HOME=" + place.workspace, *inner]))
    problems = [] if ran.code == 125 and "connect-names" in ran.errors else ran.told()
    trial.tap.check("in a box that explains there is no proxy, and the gap says so", problems)


ROWS = [clients, by_itself, races, options, listening, connecting, interrupted, login, hosts, contents, urls,
        slow_guests, asked, killed, inherited, inside_another]


def main():
    wanted = sys.argv[2:]

    def battery(tap, made, place):
        made.places.append(mine := ProxyPlace(made, place.as_root))
        trial = ProxyTrial(tap, made, mine)
        for row in ROWS:
            if not wanted or row.__name__ in wanted:
                row(trial)
    return world.batteries(sys.argv, battery)


if __name__ == "__main__":
    sys.exit(main())
