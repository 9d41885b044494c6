"""Rows 38 and 44: what is said over an allowed connection, and hostile input to the broker."""

import base64
import os
import random

import names
import world
from names import DNS, WWW, WWW6
from threat_names import MOST_KIB, hostile
from threat_reach import echo, hello, tls
from trial import ALLOWED, WEB

EVIL = "other.example.net"
FULL = [*WEB, f"allow connect {ALLOWED}:5432", f"allow connect {ALLOWED}:22"]


def get(name, more="", path="/hello", version="1.1"):
    return f"GET {path} HTTP/{version}\r\nHost: {name}\r\n{more}\r\n"


def http(requests, **more):
    return ["http", {"host": ALLOWED, "port": 80, "requests": requests, **more}]


def raw(data, port=80, **more):
    return ["raw", {"host": ALLOWED, "port": port, "data": data, **more}]


def row_38(trial):
    """SNI differing from the name, domain fronting."""
    trial.allowed("38: an SNI that is the name, however its bytes arrive", [
        tls(ALLOWED, sni=ALLOWED), tls(ALLOWED, sni=ALLOWED, pieces=1),
        tls(ALLOWED, sni=ALLOWED, pieces=7), tls(ALLOWED, sni=ALLOWED, record=100),
        tls(ALLOWED, sni=ALLOWED, record=16), tls(ALLOWED, sni=ALLOWED, record=100, pieces=3)])
    trial.refused("38: another SNI is refused, however its bytes arrive", [
        tls(ALLOWED, sni=EVIL), tls(ALLOWED, sni=EVIL, pieces=1), tls(ALLOWED, sni=EVIL, pieces=50),
        tls(ALLOWED, sni=EVIL, record=100), tls(ALLOWED, sni=EVIL, record=16),
        tls(ALLOWED, sni="x." + ALLOWED), tls(ALLOWED, sni=ALLOWED + ".example.net"),
        tls(ALLOWED, sni="example.com"), tls(ALLOWED, sni=EVIL, hosts=[ALLOWED])],
        tells=[ALLOWED], dials=(WWW, WWW6))
    trial.refused("38: and so is none", [tls(ALLOWED), tls(ALLOWED, pieces=1)], tells=[ALLOWED],
                  dials=(WWW, WWW6))
    trial.allowed("38: unless the rule says so", [tls(ALLOWED), tls(ALLOWED, sni=EVIL)],
                  [f"allow connect {ALLOWED}:443 notls"])
    trial.refused("38: what is neither TLS, HTTP nor SSH is refused", [echo(ALLOWED, 5432)], FULL,
                  tells=[ALLOWED], dials=(WWW, WWW6))
    trial.allowed("38: unless the rule says that, too", [
        echo(ALLOWED, 5432), ["banner", {"host": ALLOWED, "port": 25}]],
        [f"allow connect {ALLOWED}:5432 notls", f"allow connect {ALLOWED}:25 notls"])
    if os.path.exists("/usr/sbin/sshd"):
        trial.allowed("38: SSH begins with its banner", [raw("SSH-2.0-test_1.0\r\n", 22)], FULL)
    trial.refused("38: and with nothing that only looks like one", [
        raw(text, 5432) for text in (
            "SSH-2.0-x HTTP/1.1\r\nHost: other.example.net\r\n\r\n", "SSH-1.5-old\r\n",
            "SSH-2.0\r\n", "ssh-2.0-test\r\n", "\r\nSSH-2.0-test\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "220 mail\r\n", "\x80\x2e\x01\x03\x01\0\x15\0\0",
            "\x15\x03\x01\0\x02\x02\x28", "\0" * 600)], FULL, dials=(WWW, WWW6))
    changed_later(trial)
    hosts(trial)


def changed_later(trial):
    """The name in a hello, changed in the client's own pages after it was looked at."""
    title = "38: a name is not changed once it was looked at"
    steps = [["swapped", {"host": ALLOWED, "port": names.LATE, "good": ALLOWED,
                          "evil": "bad" + ALLOWED[3:]}]]
    if trial.control(title, steps):
        trial.judged(title, steps, lambda results, _packets, _ran: [
            f"the host saw the other name: {results[0]}"] if results[0]["ok"] else
            [str(results[0])] if results[0].get("error") else [],
            [*FULL, f"allow connect {ALLOWED}:{names.LATE}"])


def hosts(trial):
    """Plain HTTP: the Host of every request."""
    trial.allowed("38: HTTP for the name, kept alive, with bodies, in small pieces", [
        http([get(ALLOWED)] * 3), http([get(ALLOWED)] * 3, together=True),
        http([get(ALLOWED)], size=1), http([get(ALLOWED + ":80"), get(ALLOWED.upper())]),
        http([post(f"Content-Length: {len(get(EVIL))}\r\n", get(EVIL)), get(ALLOWED)]),
        http([post("Transfer-Encoding: chunked\r\n", chunked(get(EVIL))), get(ALLOWED)])])
    first = [get(EVIL), get(ALLOWED + ".example.net"), get("x." + ALLOWED), get(EVIL + ":80"),
             get(ALLOWED).replace("Host:", "X:"), get(ALLOWED, f"Host: {EVIL}\r\n"),
             get(EVIL, f"Host: {ALLOWED}\r\n"), get(ALLOWED, path=f"http://{EVIL}/hello"),
             get(ALLOWED).replace("Host: ", "Host : "), get(EVIL, f" {ALLOWED}\r\n"),
             f"GET /hello HTTP/1.0\r\n\r\n", get(EVIL).replace("\r\n", "\n") + "\r\n\r\n",
             get(f"{ALLOWED}@{EVIL}"), get(f"{EVIL}#{ALLOWED}"), get("")]
    refused_by_log(trial, "38: another Host is refused", [http([request]) for request in first],
                   EVIL)
    second = [[get(ALLOWED), get(EVIL)], [get(ALLOWED), get(ALLOWED), get(EVIL)],
              [get(ALLOWED), get(ALLOWED, path=f"http://{EVIL}/hello")],
              [post("Content-Length: 5\r\n", "12345"), get(EVIL)],
              [post("Transfer-Encoding: chunked\r\n", chunked("12345")), get(EVIL)]]
    steps = [http(list(requests), together=together) for requests in second
             for together in (False, True)]
    refused_by_log(trial, "38: and so it is in a later request of the connection", steps, EVIL)
    smuggled = [post(f"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
                     "0\r\n\r\n" + get(EVIL)),
                post(f"Content-Length: 5\r\nContent-Length: {5 + len(get(EVIL))}\r\n",
                     "12345" + get(EVIL)),
                post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + get(EVIL)),
                post("Transfer-Encoding:\x0bchunked\r\n", "0\r\n\r\n" + get(EVIL)),
                post("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + get(EVIL)),
                post("Content-Length: +0\r\n", get(EVIL)),
                post("Content-Length: 0x0\r\n", get(EVIL))]
    refused_by_log(trial, "38: no request is smuggled behind another", [
        http([request]) for request in smuggled], EVIL, control=False)
    refused_by_log(trial, "38: nor by CONNECT or a change of protocol", [
        http([f"CONNECT {EVIL}:443 HTTP/1.1\r\nHost: {ALLOWED}\r\n\r\n", get(EVIL)]),
        http([get(ALLOWED, "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                  "HTTP2-Settings: AAMAAABkAAQAAP__\r\n"), get(EVIL)])], EVIL, control=False)


def post(fields, body):
    return f"POST /hello HTTP/1.1\r\nHost: {ALLOWED}\r\n{fields}\r\n{body}"


def chunked(text):
    return f"{len(text):x}\r\n{text}\r\n0\r\n\r\n"


def refused_by_log(trial, title, steps, evil, control=True):
    """The server must never see a request for the other name, whatever the client sees."""
    def seen():
        return [event for event in trial.world.since(mark) if event.get("event") == "request"
                and (evil in event["line"] or any(host != ALLOWED.lower() and host.lower()
                                                  not in (ALLOWED, ALLOWED + ":80")
                                                  for host in event["hosts"])
                     or len(event["hosts"]) != 1)]
    mark = trial.world.mark()
    trial.outside(steps)
    if control and not seen():
        trial.tap.check(f"control: {title}", ["the server saw none of it outside"])
        return
    mark = trial.world.mark()
    ran, packets = trial.inside(WEB, steps)
    problems = ran.broken() + trial.strange(packets, (WWW, WWW6))
    problems += [f"arrived: {event}" for event in seen()]
    trial.tap.check(title, problems + (ran.told() if problems else []))


# row 44

def watched(trial, title, steps, rules=None, judge=None, timeout=180):
    """The broker must live through the steps, in bounded memory, and still serve the name."""
    rules = [*(rules or WEB), f"allow connect {ALLOWED}:7 notls"]
    steps = [["hold", {"host": ALLOWED, "port": 7}], *steps, tls(ALLOWED, sni=ALLOWED),
             ["hold", {"host": ALLOWED, "port": 7}]]
    brokers, memory = [], []

    def look(_word, child):
        brokers.append(world.broker_of(child.pid))
        memory.append(world.rss_kib(brokers[-1]) if brokers[-1] else 0)
    mark = trial.world.mark()
    with trial.world.capture() as capture:
        ran = trial.place.play(steps, rules, look, timeout=timeout)
        strange = trial.strange(capture.packets(), (WWW, WWW6))
    problems = ran.broken() + strange
    if None in brokers or len(set(brokers)) != 1:
        problems.append(f"the broker did not live through it: {brokers}")
    problems += [f"the broker has {kib} KiB" for kib in memory if kib >= MOST_KIB]
    problems += [f"afterwards the name is not reached: {result}" for result in ran.results[-2:]
                 if not result["ok"]]
    problems += judge(ran.results[1:-2], trial.world.since(mark)) if judge else []
    trial.tap.check(title, problems + (ran.told() if problems else []))


def unheard(trial):
    """Questions whose answers nobody takes."""
    watched(trial, "44: answers by TCP that nobody takes are not kept", [
        ["dns_unheard", {"server": DNS, "name": ALLOWED}]])


def all_refused(results, _events):
    return [f"succeeds: {result}" for result in results if result["ok"]]


def row_44(trial):
    """Truncated, oversized, slow and hostile DNS, TLS and HTTP input."""
    chance = random.Random(44)
    blobs = [chance.randbytes(chance.randrange(0, 400)) for _ in range(150)]
    question = bytes.fromhex("432101000001000000000000") + b"\3www\7example\3com\0\0\1\0\1"
    blobs += [question[:size] for size in range(len(question))]
    blobs += [question[:12] + b"\xc0\x0c\0\1\0\1", question[:12] + b"\x3f" + b"a" * 20,
              question[:4] + b"\xff\xff" * 4 + question[12:], question[:12] + b"\1a" * 126 + b"\0",
              question[:12] + b"\1a" * 140 + b"\0\0\1\0\1", question + b"\0" * 60000]
    for stream, how in ((False, "UDP"), (True, "TCP")):
        steps = [["dns", {"server": DNS, "data": blob.hex(), "stream": stream, "wait": 0.02}]
                 for blob in blobs]
        watched(trial, f"44: the name service survives random, cut and long questions by {how}",
                steps)
    watched(trial, "44: and streams of them that never end", [
        ["raw", {"host": DNS, "port": 53, "data": data}]
        for data in ("\xff\xff", "\0", "\0\0" * 900, "\xff\xff" + "A" * 70000)]
        + [["crowd", {"host": DNS, "port": 53, "count": 500, "text": "\0\x20abc"}]])
    watched(trial, "44: random first bytes are refused", [
        ["raw", {"host": ALLOWED, "port": port, "encoding": "base64", "finish": True,
                 "data": base64.b64encode(blob or b"\0").decode()}]
        for blob in blobs[:60] for port in (80, 443)], judge=all_refused)
    hello_start = "\x16\x03\x01\x40\0\x01\0\xff\xff\x03\x03" + "r" * 32
    records = "\x16\x03\x01\0\1" + "\1"
    watched(trial, "44: a hello and a head without an end are ended", [
        ["endless", {"host": ALLOWED, "port": port, "start": start, "block": block,
                     "most": 8 << 20}] for port, start, block in (
            (443, hello_start, "x" * 16384), (443, records, "\x16\x03\x01\0\1\xff"),
            (443, "", "\x16\x03\x01\0\0"), (80, "GET /hello HTTP/1.1\r\n", "X-A: b\r\n" * 1000),
            (80, "GET /", "a" * 16384), (80, "", "\r\n" * 8192), (80, "G" * 100, "G" * 16384))],
        judge=all_refused)
    watched(trial, "44: a hello in single bytes, cut anywhere, is nothing", [
        raw(hello_start[:size], 443, finish=True) for size in (1, 4, 5, 6, 9, 11, 40)]
        + [raw(get(ALLOWED)[:size], 80, finish=True) for size in (1, 3, 9, 20, 35)],
        judge=all_refused)
    watched(trial, "44: 300 connections that say half a hello hold nobody else up", [
        ["crowd", {"host": ALLOWED, "port": 443, "count": 300, "text": hello_start}],
        ["crowd", {"host": ALLOWED, "port": 80, "count": 300, "text": "GET / HTTP/1.1\r\nHo"}],
        hello(ALLOWED)])
    urgent = [["urgent", {"host": ALLOWED, "port": 5432}]]
    trial.allowed("44: a byte marked as urgent holds up nothing behind it", urgent,
                  [f"allow connect {ALLOWED}:5432 notls"])
    hostile(trial, hostile_answers)


def hostile_answers(trial):
    """What the host's name server says is not to be trusted either."""
    listed = [f"{label}.hostile.example.com" for label in names.HOSTILE if label != "rebind"]
    rules = [*WEB, "allow connect *.hostile.example.com:443"]
    for name in listed:
        watched(trial, f"44: the broker survives the answers for {name.split('.')[0]}",
                [tls(name, sni=name)], rules, judge=all_refused)


ROWS = [row_38, row_44, unheard]
