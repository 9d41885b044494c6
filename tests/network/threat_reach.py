"""Rows 36, 41, 42, 43 and 45: ways out that are no allowed name, and ways in."""

import os
import signal
import socket
import time

import names
import world
from names import DNS, HOST, METADATA, OTHER, OTHER6, ROUTER, WWW, WWW6
from trial import ALLOWED, WEB, short

INET, INET6 = int(socket.AF_INET), int(socket.AF_INET6)
DGRAM, RAW = int(socket.SOCK_DGRAM), int(socket.SOCK_RAW)
QUIC = "\xc3\0\0\0\1\x08quicquic\0\0"


def echo(host, port=7, **more):
    return ["echo", {"host": host, "port": port, **more}]


def tls(host, port=443, sni=None, **more):
    return ["tls", {"host": host, "port": port, "sni": sni, **more}]


def hello(host, port=80, name=None):
    request = f"GET /hello HTTP/1.1\r\nHost: {name or host}\r\n\r\n"
    return ["http", {"host": host, "port": port, "requests": [request]}]


def row_36(trial):
    """Programs that ignore proxies; UDP, QUIC, ICMP, raw."""
    literals = [echo(OTHER), echo(OTHER6), echo(WWW), echo(WWW6), echo(ROUTER), hello(METADATA),
                echo("::ffff:" + OTHER, family=INET6), echo(OTHER, via="epoll"),
                tls(OTHER, sni="other.example.net"), tls(WWW, sni=ALLOWED), tls(WWW6, sni=ALLOWED),
                *(echo(OTHER, port) for port in names.ECHO)]
    trial.refused("36: no address is reached by number", literals, tells=[OTHER, OTHER6, METADATA])
    trial.refused("36: an allowed name's other ports are closed",
                  [echo(ALLOWED, port) for port in names.ECHO], tells=[ALLOWED])
    trial.refused("36: UDP reaches nobody", [
        ["udp", {"host": OTHER, "port": 9999}], ["udp", {"host": OTHER6, "port": 9999}],
        ["udp", {"host": OTHER, "port": 9999, "connected": True}],
        ["udp", {"host": ALLOWED, "port": 9999}], ["udp", {"host": OTHER, "port": 9999,
                                                           "size": 1200}]])
    trial.refused("36: nor do QUIC's first datagrams, to the allowed name and port either", [
        ["udp", {"host": host, "port": 443, "text": QUIC, "size": 1200}]
        for host in (ALLOWED, OTHER, OTHER6)])
    trial.refused("36: nor broadcasts and multicasts", [
        ["udp", {"host": "10.77.0.255", "port": 9999}], ["udp", {"host": "224.0.0.251",
                                                                 "port": 5353}],
        ["udp", {"host": "255.255.255.255", "port": 67}]], answered=False)
    trial.refused("36: nor ICMP by datagram and raw sockets", [
        ["ping", {"address": address, "kind": RAW}] for address in (OTHER, OTHER6, ROUTER)],
        answered=False, privileged=True)
    trial.judged("36: nor ICMP by unprivileged sockets", [
        ["ping", {"address": address, "kind": DGRAM}] for address in (OTHER, OTHER6)], none)
    trial.refused("36: nor frames of one's own making", [["packet", {"target": OTHER}]],
                  answered=False, privileged=True)
    others = [(INET, RAW, 17), (INET, RAW, 255), (INET6, RAW, 58), (17, RAW, 0x0300),
              (17, DGRAM, 0x0300), (INET, 1, 132), (INET, 6, 33), (40, 1, 0), (44, RAW, 0)]
    steps = [["open_socket", {"family": f, "kind": k, "protocol": p}] for f, k, p in others]
    there = trial.possible("36: sockets of other kinds can be made", steps)
    trial.judged("36: there are no raw, packet, SCTP, DCCP, vsock and XDP sockets", there, none)


def none(results, packets, _ran):
    """Nothing succeeded, and nothing left."""
    return [f"succeeds: {result}" for result in results if result["ok"]] \
        + [f"left the host: {packet}" for packet in packets]


def row_41(trial):
    """Services on the host's loopback, carrel's own among them."""
    here = [echo("127.0.0.1", names.HOST_LOOPBACK), echo("::1", names.HOST_LOOPBACK),
            echo("localhost", names.HOST_LOOPBACK), echo(HOST, names.HOST_ANYWHERE),
            echo(names.HOST6, names.HOST_ANYWHERE), echo("127.0.0.1", names.HOST_ANYWHERE),
            echo("0.0.0.0", names.HOST_ANYWHERE), tls("127.0.0.1", sni=ALLOWED),
            echo("::ffff:127.0.0.1", names.HOST_LOOPBACK, family=INET6)]
    trial.refused("41: services on the host's loopback are not reached", here)
    trial.refused("41: nor with every port of every name allowed", here, ["allow connect *:*"],
                  dials=())
    hosts = ["127.0.0.1", "::1", HOST, OTHER, OTHER6, "198.18.255.254", "0.0.0.0"]

    def judge(results, packets, _ran):
        problems = [] if results[0].get("first") else [f"{ALLOWED} was not reached: {results[0]}"]
        problems += [f"reached {place}" for place in results[0].get("reached", ())]
        return problems + trial.strange(packets, (WWW, WWW6))
    trial.judged("41: the broker's listeners serve nobody who comes by number",
                 [["poke_listeners", {"name": ALLOWED, "port": 443, "hosts": hosts}]], judge)
    binds = (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "::1"), ("::", "::1"))
    rules = [f"allow connect {ALLOWED}:8443"]

    def own(name, where):
        return [["own_server", {"name": name, "port": 8443, "bind": bind, "host": host}]
                for bind, host in where]
    trial.allowed("41: servers of the box serve its own clients", own(None, binds), rules)
    trial.allowed("41: also on a port of the loopback that a name was reached on before",
                  own(ALLOWED, binds[::2]), rules, control=False)
    # the broker's listener has that port of one address (docs/network.md): in use, or their own
    trial.judged("41: and on every address that port serves them, or is plainly taken",
                 own(ALLOWED, binds[1::2]), lambda results, _packets, _ran: [
                     f"{result}" for result in results
                     if not result["ok"] and result["error"] != "EADDRINUSE"], rules)


def row_42(trial):
    """An empty list treated as open; a pattern that matches more than it reads."""
    everything = [tls(ALLOWED, sni=ALLOWED), echo(OTHER), echo(OTHER6),
                  ["resolve", {"name": ALLOWED}], ["udp", {"host": OTHER, "port": 9999}]]
    trial.refused("42: without a rule the box is offline", everything, [])
    trial.refused("42: and with rules that only deny",
                  everything, ["deny connect other.example.net:443"])
    wild = ["allow connect *.wild.example.org:443"]
    trial.allowed("42: a suffix covers the names below it", [
        tls(name, sni=name) for name in ("api.wild.example.org", "a.b.wild.example.org")], wild)
    beside = ["wild.example.org", "evilwild.example.org", "wild.example.org.example.net"]
    trial.refused("42: and neither itself nor what only looks like it",
                  [tls(name, sni=name) for name in beside], wild, tells=beside)
    trial.refused("42: a name covers no longer name", [
        tls(name, sni=name) for name in ("www.example.com.example.net",)], WEB)
    ports = ["allow connect www.example.com:1000-5000"]
    trial.refused("42: a range of ports is no wider than it reads", [
        echo(ALLOWED, 7), echo(ALLOWED, 65535), tls(ALLOWED, sni=ALLOWED)], ports, tells=[ALLOWED])
    denied = ["allow connect *:443", "deny connect other.example.net:443"]
    trial.refused("42: what is denied by name stays denied beside a star",
                  [tls("other.example.net", sni="other.example.net")], denied)
    trial.allowed("42: where others are allowed", [tls(ALLOWED, sni=ALLOWED)], denied)
    literal = [f"allow connect {OTHER}:7", f"allow connect [{OTHER6}]:7"]
    trial.allowed("42: an address in a rule is reached by number, whatever is said there", [
        echo(OTHER), echo(OTHER6), echo("::ffff:" + OTHER, family=INET6)], literal)
    trial.refused("42: and no other address or port", [echo(WWW), echo(OTHER, 1024)], literal)


def row_43(trial):
    """IPv6 left open; inbound listeners."""
    trial.allowed("43: a name with only an IPv6 address is reached, and one with only IPv4",
                  [tls(name, sni=name) for name in ("v6.example.com", "v4.example.com")],
                  ["allow connect v6.example.com:443", "allow connect v4.example.com:443"])
    trial.allowed("43: by either family of the box", [
        tls(ALLOWED, sni=ALLOWED, family=family) for family in (INET, INET6)])
    steps = [["serve", {"port": 9000}]]
    seen = []

    def knock(word, _child):
        if word != "listening":
            return
        for address in ("127.0.0.1", "::1", HOST, names.HOST6, "198.18.0.1", "198.18.0.2"):
            try:
                socket.create_connection((address, 9000), timeout=1).close()
                seen.append(address)
            except OSError:
                pass
    trial.place.play(steps, None, knock)
    control = bool(seen)
    seen.clear()
    ran = trial.place.play(steps, WEB, knock)
    problems = ran.broken() + [f"reached from the host at {address}" for address in seen]
    problems += [] if control else ["nothing was reached outside either"]
    problems += [] if not ran.results[0]["ok"] else ["somebody came"]
    trial.tap.check("43: what listens in the box is not reached from the host", problems)


def row_45(trial):
    """TCP fast open, connect by sendto, sockets opened before the filter."""
    ways = ("sendto", "sendmsg", "fastopen", "mptcp", "epoll")
    trial.refused("45: no other way to connect reaches an address", [
        echo(host, via=via) for via in ways for host in (OTHER, OTHER6)])
    trial.refused("45: nor an allowed name's other port", [
        echo(ALLOWED, 7, via=via) for via in ways])
    trial.judged("45: an allowed name is reached in these ways, or in none of them",
                 [echo(ALLOWED, 5432, via=via) for via in ways],
                 lambda results, packets, ran: trial.strange(packets, (WWW, WWW6)),
                 [f"allow connect {ALLOWED}:5432 notls"])
    for kind, what, peer in ((socket.SOCK_STREAM, "fresh stream", None),
                             (socket.SOCK_STREAM, "connected stream", (WWW, 7)),
                             (socket.SOCK_DGRAM, "datagram", None)):
        use_inherited(trial, kind, what, peer)
    trial.refused("45: the local name server is no way out", [
        ["udp", {"host": DNS, "port": 9999}], echo(DNS, 7)], answered=False)


def interrupted(trial):
    """Signals that come all the time, while each connect waits for a listener of its own."""
    places = [[ALLOWED, port] for port in range(7000, 7100)]
    trial.allowed("44: signals that come all the time do not spoil connect", [
        ["interrupted", {"places": places, "every_us": 200, "family": INET}]],
                  [f"allow connect {ALLOWED}:7000-7099"], control=False)


def use_inherited(trial, kind, what, peer):
    """Standard input is a socket of the host's: not even that is a way to anywhere else."""
    datagram = kind == socket.SOCK_DGRAM
    step = ["inherited", {"number": 0, "host": OTHER, "port": 9999 if datagram else 7,
                          "datagram": datagram, "loosen": peer is not None}]
    ran = {}
    for rules in (None, WEB, []):
        time.sleep(0.5) # the end of the last connection is no packet of this one
        with socket.socket(socket.AF_INET, kind) as sock:
            if peer:
                sock.connect(peer)
            with trial.world.capture() as capture:
                done = trial.place.probe([step], rules, stdin=sock)
                left = [packet for packet in capture.packets() if packet.target == OTHER]
        ran[str(rules)] = done.results[0], left, done
    if not ran["None"][0]["ok"]:
        trial.tap.check(f"control: 45: an inherited {what} socket", [short(step),
                                                                    str(ran["None"][0])])
        return
    for rules, name in ((WEB, "with rules"), ([], "without rules")):
        result, packets, done = ran[str(rules)]
        # a box may also refuse to start with such a thing open
        problems = [] if done.code == 125 and "gap" not in done.errors else done.broken()
        problems += none([result], packets, None)
        trial.tap.check(f"45: a {what} socket of the host as standard input leads nowhere, {name}",
                        problems + (done.told() if problems else []))


def killed_broker(trial):
    """SIGKILL of the broker: every connection fails closed."""
    rules = [f"allow connect {ALLOWED}:5432 notls", *WEB]
    steps = [["hold", {"host": ALLOWED, "port": 5432}], echo(ALLOWED, 5432),
             tls(ALLOWED, sni=ALLOWED), ["resolve", {"name": ALLOWED}], echo(OTHER),
             ["udp", {"host": OTHER, "port": 9999}]]
    whole = trial.place.play(steps, rules, lambda word, child: None)
    good = [result["ok"] for result in whole.results]
    if good[:4] != [True] * 4:
        trial.tap.check("44: control: with its broker, the box reaches the name", [
            str(whole.results), *whole.told()])
        return
    captures, problems = [], []

    def kill(_word, child):
        broker = world.broker_of(child.pid)
        if broker is None:
            problems.append("no broker was found")
            return
        os.kill(broker, signal.SIGKILL)
        world.until("the broker's end", lambda: world.has_ended(broker))
        captures.append(trial.world.capture().__enter__())
    ran = trial.place.play(steps, rules, kill)
    for capture in captures:
        problems += [f"left the host: {packet}" for packet in capture.packets()]
        capture.__exit__()
    problems += ran.broken() or none(ran.results, [], ran)
    trial.tap.check("44: when the broker is killed, every connection fails closed",
                    problems + (ran.told() if problems else []))


def killed_launcher(trial):
    """And when the launcher is killed, nothing of the box remains."""
    rules = [f"allow connect {ALLOWED}:5432 notls"]
    broker = []

    def kill(_word, child):
        broker.append(world.broker_of(child.pid))
        child.kill()
    trial.place.play([["hold", {"host": ALLOWED, "port": 5432}]], rules, kill)
    problems = [] if broker and broker[0] else ["no broker was found"]
    try:
        world.until("the end of the broker and the box", lambda: not trial.place.processes()
                    and all(world.has_ended(pid) for pid in broker if pid))
    except RuntimeError as error:
        problems.append(str(error))
    trial.tap.check("44: a killed launcher leaves neither broker nor box", problems)


ROWS = [row_36, row_41, row_42, row_43, row_45, interrupted, killed_broker, killed_launcher]
