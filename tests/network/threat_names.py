"""Rows 37, 39 and 40: the name service as a channel, odd spellings, names that lead elsewhere."""

import names
import world
from names import DNS, OTHER, ROUTER, WWW, WWW6
from threat_reach import echo, hello, none, tls
from trial import ALLOWED, WEB

KINDS = ("A", "AAAA", "TXT", "NULL", "ANY", "MX", "SRV", "HTTPS", "SVCB", "PTR", "NS", "SOA",
         65280)
SERVER6 = "2606:2800:220::53"
MOST_KIB = 16 << 10


def asks(name, kind="A", **more):
    return ["dns", {"server": DNS, "name": name, "kind": kind, **more}]


def secrets():
    """Names that carry a byte or many, none of them allowed."""
    full, longer = ".".join(["s" * 63] * 3), ".".join(["s" * 63] * 5)
    return ["one-byte.other.example.net", "secret.www.example.com", "x.www.example.com",
            "www.example.com.example.net", full + ".example.net", ".".join("abcdefgh" * 12), longer,
            "b\xe9\x01\x00yte.example.net", "WWW.other.EXAMPLE.net", "xn--9ca.example.net",
            "a" * 63 + ".com", "com", "localhost.example.net", "_443._tcp.www.example.com"]


def row_37(trial):
    """DNS as a channel; over-long or rapid names."""
    for stream, how in ((False, "UDP"), (True, "TCP")):
        steps = [asks(name, stream=stream) for name in secrets()]
        trial.refused(f"37: no name that is not allowed leaves, by {how}", steps, answered=False)
        steps = [asks("secret.other.example.net", kind, stream=stream) for kind in KINDS]
        trial.refused(f"37: whatever type is asked for, by {how}", steps, answered=False)
    trial.judged("37: the answer is that there is no such name", [
        asks("secret.other.example.net"), asks("secret.other.example.net", "AAAA"),
        asks("secret.other.example.net", stream=True)], no_such_name)
    trial.judged("37: every name server is ours, of either family", [
        ["dns", {"server": server, "name": name}] for server in
        (DNS, OTHER, "127.0.0.53", "127.0.0.1", SERVER6, "::1", ROUTER)
        for name in ("secret.other.example.net",)], no_such_name)
    trial.judged("37: an allowed name has an address of ours, by UDP and TCP, of either family", [
        asks(ALLOWED, kind, stream=stream, server=server) for kind in ("A", "AAAA")
        for stream in (False, True) for server in (DNS, "127.0.0.1", SERVER6)], synthetic)
    wild = ["allow connect *.wild.example.org:443"]
    steps = [asks("s3cr3t.wild.example.org", kind, stream=stream) for kind in KINDS
             for stream in (False, True)]
    if trial.control("37: names below an allowed suffix", steps, answered=False):
        trial.judged("37: a name below an allowed suffix leaves only when it is connected to",
                     steps, quiet, wild)
    trial.judged("37: and has an address that leads nowhere but here",
                 [asks("s3cr3t.wild.example.org"), asks("s3cr3t.wild.example.org", "AAAA")],
                 synthetic, wild)
    trial.judged("37: questions for other types and for what an address is called stay here", [
        *(asks(ALLOWED, kind) for kind in KINDS), asks("1.0.18.198.in-addr.arpa", "PTR"),
        asks("20.215.184.93.in-addr.arpa", "PTR"),
        asks("s3cr3t.0.18.198.in-addr.arpa", "PTR"),
        asks("0.0.0.0.0.0.0.0.c.6.2.7.5.6.1.6.3.6.d.f.ip6.arpa", "PTR")], quiet)
    spelling(trial)
    many(trial)


def quiet(_results, packets, _ran):
    return [f"left the host: {packet}" for packet in packets]


def no_such_name(results, packets, ran):
    return quiet(results, packets, ran) + [f"answered: {result}" for result in results
                                           if result.get("rcode") != 3]


def synthetic(results, packets, ran):
    found = [answer[1] for result in results for answer in result.get("answers", ())]
    good = [address for address in found if address.startswith(("198.18.", "198.19.",
                                                                "fd63:6172:7265:6c:"))]
    wrong = [] if good and len(good) == len(found) else [f"addresses: {found}"]
    return wrong + quiet(results, packets, ran) + [f"answered: {result}" for result in results
                                                   if not result["ok"]]


def spelling(trial):
    """Upper case, and what rides on a question, is not passed on with a name that is allowed."""
    step = ["dns_then_tls", {"name": ALLOWED, "asked": "wWw.eXAmpLE.CoM"}]

    def judge(results, packets, _ran):
        asked = [packet for packet in packets if packet.name is not None]
        problems = [] if results[0]["ok"] and asked else [f"not reached: {results[0]}"]
        problems += [f"left: {packet}" for packet in asked if packet.name.lower() != ALLOWED
                     or packet.name == step[1]["asked"] or b"\xca\xfe\xba\xbe" in packet.payload]
        return problems
    if trial.control("37: a question with a rider", [step]):
        trial.judged("37: neither the spelling of an allowed name nor a rider is passed on", [step],
                     judge)


def many(trial):
    """Thousands of names: refused or answered, in bounded memory, and the rest goes on."""
    rules = [*WEB, "allow connect *.wild.example.org:443"]
    steps = [["resolve", {"name": ALLOWED}],
             ["dns_many", {"server": DNS, "pattern": "s#.other.example.net", "count": 5000}],
             ["dns_many", {"server": DNS, "pattern": "s#.wild.example.org", "count": 30000}],
             ["dns_many", {"server": DNS, "pattern": "s#.wild.example.org", "count": 5000,
                           "kind": "AAAA"}],
             tls(ALLOWED, sni=ALLOWED), ["hold", {"host": ALLOWED, "port": 5432}]]
    memory = []

    def look(_word, child):
        broker = world.broker_of(child.pid)
        memory.append(world.rss_kib(broker) if broker else 0)
    with trial.world.capture() as capture:
        ran = trial.place.play(steps, [*rules, f"allow connect {ALLOWED}:5432 notls"], look)
        asked = capture.names()
    problems = ran.broken() + [f"left: {name}" for name in asked if name.lower() != ALLOWED]
    seen = [result.get("seen", {}) for result in ran.results[1:4]]
    if not problems and seen[0] != {"3": 5000}:
        problems.append(f"answers to names that are not allowed: {seen[0]}")
    if any("unanswered" in found for found in seen):
        problems.append(f"questions without an answer: {seen}")
    problems += [f"afterwards {ALLOWED} is not reached: {result}" for result in ran.results[4:]
                 if not result["ok"]]
    problems += [] if memory and 0 < memory[0] < MOST_KIB else [f"the broker has {memory} KiB"]
    trial.tap.check("37: many names at once stay here, in bounded memory", problems
                    + (ran.told() if problems else []))


def row_39(trial):
    """Odd host spellings: NUL, trailing dot, IDN, octal and decimal addresses, userinfo."""
    for host in ("0177.0.0.1:443", "2130706433:443", "0x7f.1:443", "127.1:443", "1.2.3:443",
                 "user@www.example.com:443", "www.example.com@10.0.0.1:443", "www..example.com:443",
                 "http://www.example.com:443", "www.example.com/x:443", "[::1:443", "::1:443",
                 "256.1.1.1:443", "www.example.com:0443x", "www.example.com:65536",
                 "*example.com:1",
                 "a.*.example.com:443", "www%2eexample.com:443", "www.example.com:443:80",
                 "a" * 64 + ".com:443", "bücher.example.com:443", "www.example.com", ":443",
                 "www.example.com:"):
        ran = trial.place.ran(trial.place.boxed([f'allow connect "{host}"'], ["/bin/true"]))
        problems = [] if ran.code == 125 and "gap" not in ran.errors else ran.told()
        trial.tap.check(f"39: a rule for '{host[:40]}' is an error", problems)
    for host in ("WWW.Example.COM:443", "www.example.com.:443"):
        trial.allowed(f"39: '{host}' in a rule is the name's one spelling",
                      [tls(ALLOWED, sni=ALLOWED)], [f"allow connect {host}"])
    trial.allowed("39: a name is reached in upper case and with a last dot", [
        tls("WWW.EXAMPLE.COM", sni=ALLOWED), tls(ALLOWED + ".", sni=ALLOWED),
        tls(ALLOWED, sni="WWW.example.COM"), hello("WWW.EXAMPLE.COM", name="WWW.EXAMPLE.COM:80")])
    xn = "xn--bcher-kva.example.com"
    trial.allowed("39: a name with other letters is allowed in its ASCII form", [tls(xn, sni=xn)],
                  [f"allow connect {xn}:443"])
    odd = [["echo", {"host": host, "port": names.HOST_LOOPBACK}]
           for host in ("2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0")]
    trial.refused("39: an odd spelling of an address is that address: the box's own loopback", odd,
                  ["allow connect *:*"], dials=())
    odd = [["echo", {"host": host, "port": 7}]
           for host in ("1572394772", "0135.0270.0327.024", "0x5db8d714", "93.184.55060")]
    trial.refused("39: or one that is not allowed", odd)
    trial.judged("39: names with a NUL or a blank in them are no names", [
        asks("www.example.com\0.other.example.net"), asks("www.example.com\0"),
        asks("www.example.com "), asks("www\\.example.com"), asks("user@www.example.com")],
        no_such_name)


def arrivals(trial, mark, host_mark):
    """What the servers have seen at addresses that are special, since then."""
    seen = trial.world.since(mark) + trial.world.since(host_mark, "host")
    return [event for event in seen if event.get("event") == "open"
            and event["address"] not in (WWW, WWW6)]


def row_40(trial):
    """A name that resolves to loopback, LAN or metadata."""
    rules = ["allow connect *.special.example.com:*", "allow connect mixed.example.com:443"]
    for label, address in names.SPECIAL.items():
        name = f"{label}.special.example.com"
        steps = [tls(name, sni=name), hello(name)]
        if not trial.control(f"40: {name}", steps):
            continue
        marks = trial.world.mark(), trial.world.mark("host")
        ran, packets = trial.inside(rules, steps)
        problems = ran.broken() + none(ran.results, [], ran) + trial.strange(packets)
        problems += [f"arrived: {event}" for event in arrivals(trial, *marks)]
        problems += trial.untold(ran, [name])
        trial.tap.check(f"40: a name that leads to {address} leads nowhere",
                        problems + (ran.told() if problems else []))
    lan = "lan.special.example.com"
    literal = [*rules, f"allow connect {ROUTER}:443"]
    trial.allowed("40: unless a rule names that address", [tls(lan, sni=lan)], literal)
    trial.refused("40: which holds for its port only", [hello(lan)], literal, dials=())
    mixed = tls("mixed.example.com", sni="mixed.example.com")
    trial.judged("40: of several addresses only the public are dialled", [mixed] * 5,
                 lambda results, packets, ran: trial.strange(packets, (WWW,)) + [
                     f"not reached: {result}" for result in results if not result["ok"]], rules)
    hostile(trial, rebinding)
    killed = [f"deny connect {WWW}:443 [{WWW6}]:443", *WEB]
    trial.refused("40: an address that has to be asked for is not reached by a name that has not",
                  [tls(lan, sni=lan)],
                  [f"allow connect {lan}:443", f"ask connect {ROUTER}:443"], dials=())
    trial.refused("40: what is denied by address is not reached by a name either",
                  [tls(ALLOWED, sni=ALLOWED, family=2)], killed, dials=())


def hostile(trial, test):
    """With the hostile name server as the host's own."""
    trial.world.resolver(names.HOSTILE_DNS)
    try:
        test(trial)
    finally:
        trial.world.resolver(DNS)


def rebinding(trial):
    """Public and private in turn, with no time to live."""
    name = "rebind.hostile.example.com"
    steps = [tls(name, sni=name, family=2) for _ in range(20)]
    mark = trial.world.mark()
    trial.outside(steps[:4])
    reached = {event["address"] for event in trial.world.since(mark)
               if event.get("event") == "open"}
    if ROUTER not in reached:
        trial.tap.check("control: 40: rebinding leads to the LAN outside", [str(reached)])
        return
    mark = trial.world.mark()
    ran, packets = trial.inside([f"allow connect {name}:443"], steps)
    problems = ran.broken() + trial.strange(packets, (WWW,))
    problems += [f"arrived: {event}" for event in arrivals(trial, mark, trial.world.mark("host"))]
    trial.tap.check("40: a name that changes its address between answers never leads to the LAN",
                    problems + (ran.told() if problems else []))


ROWS = [row_37, row_39, row_40]
