#!/usr/bin/env python3
"""What the network tests do inside a box, and outside as the control.

usage: inside.py FILE       a JSON list of [operation, {arguments}]

Each operation is a function below; its result says `ok` (did it reach something?), what came back,
and the error's name. The last line printed is the list of all results. The files beside this one
are all it uses of the test.
"""

import base64
import ctypes
import errno
import fcntl
import json
import mmap
import os
import select
import signal
import socket
import ssl
import struct
import sys
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dnswire  # noqa: E402  (found through the line above)

TIMEOUT = 8.0
ALONE = 12
IPPROTO_MPTCP, TCP_FASTOPEN_CONNECT, MSG_FASTOPEN = 262, 30, 0x20000000


def name_of(error):
    if isinstance(error, socket.gaierror):
        return {socket.EAI_NONAME: "EAI_NONAME", socket.EAI_AGAIN: "EAI_AGAIN",
                getattr(socket, "EAI_NODATA", -5): "EAI_NODATA"}.get(error.errno, "EAI")
    number = getattr(error, "errno", None)
    return errno.errorcode.get(number) or type(error).__name__


def lookup(host, port, family=0):
    """The first address of a name; a literal as it is."""
    return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)[0]


def reach(host, port, via="connect", family=0, payload=b""):
    """A connected socket; `payload` is sent with the first packet where `via` can do that."""
    found, _, _, _, address = lookup(host, port, family)
    kind = IPPROTO_MPTCP if via == "mptcp" else 0
    sock = socket.socket(found, socket.SOCK_STREAM, kind)
    sock.settimeout(TIMEOUT)
    if via in ("sendto", "sendmsg"):
        sock.settimeout(None) # without a cookie the kernel connects first, and waits for that
    if via == "sendto":
        sock.sendto(payload, MSG_FASTOPEN, address)
    elif via == "sendmsg":
        sock.sendmsg([payload], [], MSG_FASTOPEN, address)
    elif via == "fastopen":
        sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
        sock.connect(address)
        sock.sendall(payload)
    elif via == "epoll":
        registered_first(sock, address)
        sock.sendall(payload)
    else:
        sock.connect(address)
        if payload:
            sock.sendall(payload)
    sock.settimeout(TIMEOUT)
    return sock


def registered_first(sock, address):
    """As Go does: non-blocking, in the epoll set before connect is called."""
    sock.setblocking(False)
    with select.epoll() as poll:
        poll.register(sock.fileno(), select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        poll.poll(0) # forget what was ready before
        code = sock.connect_ex(address)
        if code == errno.EINPROGRESS:
            if not poll.poll(TIMEOUT):
                raise TimeoutError
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, "connect")
    sock.settimeout(TIMEOUT)


def drain(sock):
    """Waits until the other side's kernel has all that was sent: the next write is a new packet."""
    deadline = time.monotonic() + TIMEOUT
    while struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0]:
        if time.monotonic() > deadline:
            return
        time.sleep(0.001)


def send_pieces(sock, data, size):
    """In packets of `size` bytes, or at once for 0. Of the first the other side reads each alone;
    to wait so for all would take an acknowledgement's delay each."""
    if not size:
        sock.sendall(data)
        return
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(0, len(data), size):
        sock.sendall(data[at:at + size])
        if at < ALONE * size:
            drain(sock)


def read_all(sock, most=1 << 20):
    """What comes until the end, or until nothing has come for long."""
    parts, total = [], 0
    while total < most:
        data = sock.recv(65536)
        if not data:
            break
        parts.append(data)
        total += len(data)
    return b"".join(parts)


# operations

def echo(host, port, text="ping", via="connect", family=0):
    """Sends a line to an echo server and reads it back."""
    payload = text.encode()
    with reach(host, port, via, family, payload) as sock:
        got = b""
        while len(got) < len(payload) and (data := sock.recv(4096)):
            got += data
    return {"ok": got == payload, "text": got.decode("latin-1")}


def urgent(host, port):
    """An echo of what is before and behind a byte that is marked as urgent."""
    with reach(host, port) as sock:
        for data, flags in ((b"before", 0), (b"!", socket.MSG_OOB), (b"behind", 0)):
            sock.send(data, flags)
        got = b""
        while not got.endswith(b"behind"):
            more = sock.recv(100)
            if not more:
                break
            got += more
        return {"ok": got.endswith(b"behind"), "text": got.decode()}


def banner(host, port):
    """Says nothing and waits for the other side."""
    with reach(host, port) as sock:
        got = sock.recv(4096)
    return {"ok": bool(got), "text": got.decode("latin-1")}


def raw(host, port, data, size=0, finish=False, encoding="latin-1"):
    """Sends anything, reads what comes back until the end."""
    payload = base64.b64decode(data) if encoding == "base64" else data.encode(encoding)
    with reach(host, port) as sock:
        send_pieces(sock, payload, size)
        if finish:
            sock.shutdown(socket.SHUT_WR)
        got = sock.recv(65536)
    return {"ok": bool(got), "text": got.decode("latin-1")}


def one_response(receive):
    """Head and body of one HTTP response; '' when the other side ended instead."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = receive()
        if not more:
            return ""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    size = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                 if line.startswith(b"content-length")), 0)
    while len(body) < size:
        more = receive()
        if not more:
            break
        body += more
    return (head + b"\r\n\r\n" + body).decode("latin-1")


def http(host, port, requests, together=False, size=0):
    """Requests over one connection, one after the other or all in one packet."""
    answers = []
    with reach(host, port) as sock:
        try:
            if together:
                sock.sendall("".join(requests).encode("latin-1"))
            for request in requests:
                if not together:
                    send_pieces(sock, request.encode("latin-1"), size)
                answers.append(one_response(lambda: sock.recv(65536)))
                if not answers[-1]:
                    break
        except OSError as error:
            answers.append("")
            return {"ok": "hello by" in answers[0], "answers": answers, "error": name_of(error)}
    return {"ok": "hello by" in answers[0], "answers": answers}


def rewritten(hello, record):
    """The hello's handshake message cut into records of at most `record` bytes."""
    message = hello[5:]
    if not record:
        return hello
    parts = [message[at:at + record] for at in range(0, len(message), record)]
    return b"".join(hello[:3] + len(part).to_bytes(2, "big") + part for part in parts)


class Tls:
    """TLS by hand, so that the first flight can be sent in any shape."""

    def __init__(self, sock, sni):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock, self.come, self.go = sock, ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.come, self.go, server_hostname=sni)

    def first_flight(self):
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.go.read()

    def pump(self, action):
        while True:
            try:
                result = action()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                data = self.sock.recv(65536)
                if not data:
                    raise EOFError from None
                self.come.write(data)

    def flush(self):
        if self.go.pending:
            self.sock.sendall(self.go.read())

    def receive(self):
        try:
            return self.pump(lambda: self.tls.read(65536))
        except (ssl.SSLZeroReturnError, EOFError):
            return b""


def tls(host, port, sni=None, hosts=("",), pieces=0, record=0, patch=None, family=0):
    """HTTPS: the hello's shape is ours; one request for each of `hosts` over the connection."""
    answers = []
    with reach(host, port, family=family) as sock:
        secure = Tls(sock, sni)
        hello = secure.first_flight()
        if patch:
            hello = hello.replace(*(part.encode("latin-1") for part in patch))
        send_pieces(sock, rewritten(hello, record), pieces)
        try:
            secure.pump(secure.tls.do_handshake)
            for name in hosts:
                request = f"GET /hello HTTP/1.1\r\nHost: {name or sni or host}\r\n\r\n"
                secure.pump(lambda: secure.tls.write(request.encode()))
                answers.append(one_response(secure.receive))
        except (EOFError, OSError) as error:
            return {"ok": bool(answers and answers[0]), "answers": answers,
                    "error": name_of(error)}
    return {"ok": "hello by" in answers[0], "answers": answers}


def swapped(host, port, good, evil, tries=20):
    """Sends a hello for `good` from pages of its own, and changes the name in them meanwhile: what
    is in a socket after sendfile is still the sender's. An echo tells what came; `ok`: `evil`. One
    that is changed before it was looked at may be refused, but not every one."""
    seen = refused = 0
    for number in range(tries):
        with reach(host, port) as sock, os.fdopen(os.memfd_create("hello"), "r+b") as file:
            hello = Tls(sock, good).first_flight()
            at = hello.index(good.encode())
            file.write(hello)
            file.flush()
            with mmap.mmap(file.fileno(), len(hello)) as page:
                os.sendfile(sock.fileno(), file.fileno(), 0, len(hello))
                time.sleep(number % 10 / 500)
                page[at:at + len(evil)] = evil.encode()
                came = echoed(sock, len(hello))
        seen += evil.encode() in came
        refused += not came
    return {"ok": seen > 0, "seen": seen, "error": "always refused" if refused == tries else None}


def echoed(sock, size):
    """What comes back until that is `size`, or the connection ends or is reset."""
    came = b""
    try:
        while len(came) < size and (part := sock.recv(65536)):
            came += part
    except ConnectionResetError:
        pass
    return came


def udp(host, port, text="x", wait=0.7, connected=False, size=0):
    """Sends a datagram; `ok` when something came back."""
    found, _, _, _, address = lookup(host, port)
    with socket.socket(found, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.settimeout(wait)
        data = text.encode("latin-1").ljust(size, b"\0")
        if connected:
            sock.connect(address)
            sock.send(data)
        else:
            sock.sendto(data, address)
        got = sock.recv(4096)
    return {"ok": bool(got), "text": got.decode("latin-1")}


def dns(server, name="", kind="A", stream=False, data=None, extra="", wait=5.0):
    """One question; `ok` when there were addresses in the answer."""
    question = bytes.fromhex(data) if data is not None else dnswire.query(
        name, kind, extra=bytes.fromhex(extra))
    found = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(found, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM) as sock:
        sock.settimeout(wait)
        sock.connect((server, 53))
        if stream:
            sock.sendall(len(question).to_bytes(2, "big") + question)
            answer = read_message(sock)
        else:
            sock.send(question)
            answer = sock.recv(65536)
    result = dnswire.read_response(answer)
    return {"ok": bool(result["answers"]), **result}


def read_message(sock):
    """A DNS message over TCP."""
    data = b""
    while len(data) < 2 or len(data) < 2 + int.from_bytes(data[:2], "big"):
        more = sock.recv(65536)
        if not more:
            raise EOFError
        data += more
    return data[2:]


def dns_many(server, pattern, count, kind="A"):
    """`count` different names, at most 50 unanswered; how many of each rcode."""
    seen, waiting, sent = {}, 0, 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(2.0)
        sock.connect((server, 53))
        while sent < count or waiting:
            while waiting < 50 and sent < count:
                sock.send(dnswire.query(pattern.replace("#", str(sent)), kind, sent & 0xffff))
                waiting, sent = waiting + 1, sent + 1
            try:
                rcode = str(dnswire.read_response(sock.recv(4096))["rcode"])
                waiting -= 1
            except TimeoutError:
                rcode, waiting = "unanswered", 0
            seen[rcode] = seen.get(rcode, 0) + 1
    return {"ok": True, "seen": seen}


def dns_unheard(server, name, most=80 << 20):
    """Asks by TCP and never listens, until nobody takes any more; `sent` bytes were taken."""
    question = dnswire.query(name)
    block, sent = (len(question).to_bytes(2, "big") + question) * 200, 0
    sock = reach(server, 53)
    sock.settimeout(2)
    try:
        while sent < most:
            sent += sock.send(block)
    except OSError:
        pass
    globals()["UNHEARD"] = sock # open until this program ends, so that it can be looked at
    return {"ok": sent > 0, "sent": sent}


def dns_then_tls(name, asked):
    """Asks for the name as it is spelt in `asked`, also with more in the question; connects."""
    server = resolv_conf()
    for extra in ("", "00002904d0000000000008000afff0cafebabe"):
        dns(server, asked, "A", extra=extra)
    return tls(asked, 443, name)


def tls_by_dns(name):
    """Connects to the first address a name server has for the name: /etc/hosts is not read."""
    return tls(dns(resolv_conf(), name)["answers"][0][1], 443, name)


def resolv_conf():
    with open("/etc/resolv.conf", encoding="utf-8") as file:
        return next(line.split()[1] for line in file if line.startswith("nameserver"))


def resolve(name, family=0):
    found = socket.getaddrinfo(name, 443, family, socket.SOCK_STREAM)
    return {"ok": bool(found), "addresses": sorted({entry[4][0] for entry in found})}


def open_socket(family, kind, protocol=0):
    """Only makes it."""
    socket.socket(family, kind, protocol).close()
    return {"ok": True}


def ping(address, kind):
    """An ICMP echo by a datagram or a raw socket."""
    v6 = ":" in address
    family = socket.AF_INET6 if v6 else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
    with socket.socket(family, kind, protocol) as sock:
        sock.settimeout(0.7)
        body = struct.pack(">BBHHH", 128 if v6 else 8, 0, 0, 7, 1)
        checksum = 0xffff - sum(struct.unpack(">4H", body)) % 0xffff
        sock.sendto(body[:2] + struct.pack(">H", 0 if v6 else checksum) + body[4:], (address, 0))
        got = sock.recv(4096)
    return {"ok": bool(got)}


def packet(target):
    """An Ethernet frame of our own making, to whatever interface there is."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) as sock:
        device = next(name for _, name in socket.if_nameindex() if name != "lo") \
            if len(socket.if_nameindex()) > 1 else "lo"
        sock.bind((device, 0))
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0,
                           socket.inet_aton("10.77.0.1"), socket.inet_aton(target))
        sock.send(b"\xff" * 6 + b"\x02\0\0\0\0\1" + b"\x08\0" + head + b"\0\7\0\7\0\x08\0\0")
    return {"ok": True}


def inherited(number, host, port, datagram=False, loosen=False):
    """Uses a socket that was open before: connects it, or sends a datagram by it."""
    sock = socket.socket(fileno=os.dup(number))
    with sock:
        if loosen: # connect(2): an address of AF_UNSPEC takes the association away
            libc = ctypes.CDLL(None, use_errno=True)
            if libc.connect(sock.fileno(), b"\0" * 16, 16):
                raise OSError(ctypes.get_errno(), "connect to AF_UNSPEC")
        sock.settimeout(3)
        if datagram:
            sock.sendto(b"x", (host, port))
        else:
            sock.connect((host, port))
            sock.sendall(b"ping")
        got = sock.recv(4096)
    return {"ok": bool(got)}


def listeners():
    """Ports of this namespace that somebody listens on."""
    found = set()
    for name in ("tcp", "tcp6"):
        with open(f"/proc/net/{name}", encoding="ascii") as file:
            for line in file.readlines()[1:]:
                words = line.split()
                if words[3] == "0A":
                    found.add(int(words[1].split(":")[1], 16))
    return {"ok": bool(found), "ports": sorted(found)}


def poke_listeners(name, port, hosts):
    """Connects by name, and then by number to every port that somebody here listens on."""
    first = tls(name, port, name)
    reached = []
    for number in listeners()["ports"]:
        for host in hosts:
            try:
                if tls(host, number, name)["ok"]:
                    reached.append(f"{host}:{number}")
            except (OSError, EOFError, IndexError):
                pass
    return {"ok": bool(reached), "reached": reached, "first": first["ok"]}


def own_server(name, port, bind, host):
    """Connects by name, then serves on the same port here and connects to that."""
    first = tls(name, port, name) if name else {"ok": True}
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.create_server((bind, port), family=family) as server, \
            socket.create_connection((host, port), TIMEOUT) as client:
        server.settimeout(TIMEOUT)
        peer, _ = server.accept()
        with peer:
            peer.sendall(b"mine")
        got = client.recv(10)
    return {"ok": got == b"mine" and first["ok"], "text": got.decode("latin-1")}


def crowd(host, port, count, text="", size=0):
    """Many connections that begin and never go on; then `ok` when they could be held."""
    held, failed = [], 0
    for _ in range(count):
        try:
            sock = reach(host, port)
            sock.sendall((text * (size or 1)).encode("latin-1"))
            held.append(sock)
        except OSError:
            failed += 1
    return {"ok": bool(held), "held": len(held), "failed": failed, "text": say("held")}


def spread(pattern, port, count, stay=True):
    """Connections to `count` names at once, whose `#` is a number; whether each is answered.
    Without `stay` all end before they can be."""
    held, answered = [], 0
    hosts = [pattern.replace("#", str(number)) for number in range(count)]
    for host in hosts:
        held.append(reach(host, port))
        held[-1].sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    for sock in held:
        sock.settimeout(4 * TIMEOUT)
        if stay:
            answered += b"hello by" in sock.recv(4096)
        sock.close()
    return {"ok": answered == count or not stay, "answered": answered}


def endless(host, port, start, block, most):
    """Sends `start` and then `block` again and again until the other side has had enough."""
    sent = 0
    with reach(host, port) as sock:
        sock.sendall(start.encode("latin-1"))
        try:
            while sent < most:
                sock.sendall(block.encode("latin-1"))
                sent += len(block)
            got = sock.recv(100)
        except OSError as error:
            return {"ok": False, "sent": sent, "error": name_of(error)}
    return {"ok": bool(got), "sent": sent, "text": got.decode("latin-1")}


def serve(port):
    """Listens on every address; says so, and waits for a line of standard input."""
    with socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True) as server:
        server.setblocking(False)
        say("listening")
        try:
            server.accept()[0].close()
            return {"ok": True}
        except BlockingIOError:
            return {"ok": False}


def hold(host, port):
    """A connection that lasts until a line comes; does it still carry data then?"""
    with reach(host, port) as sock:
        sock.sendall(b"one")
        before = sock.recv(100)
        say("holding")
        try:
            sock.sendall(b"two")
            after = sock.recv(100)
        except OSError as error:
            return {"ok": False, "before": before.decode(), "error": name_of(error)}
    return {"ok": bool(after), "before": before.decode(), "text": after.decode("latin-1")}


def interrupted(places, every_us, family=socket.AF_INET):
    """Blocking and non-blocking sockets connect while a timer, whose handler has calls restarted,
    goes off all the time; `seen` counts what connect(2) said."""
    libc = ctypes.CDLL(None, use_errno=True)
    addresses = [lookup(host, port, family)[4] for host, port in places]
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.siginterrupt(signal.SIGALRM, False)
    seen = {}
    signal.setitimer(signal.ITIMER_REAL, every_us / 1e6, every_us / 1e6)
    for number, address in enumerate(addresses):
        packed = (family.to_bytes(2, sys.byteorder) + address[1].to_bytes(2, "big")
                  + socket.inet_aton(address[0]) + b"\0" * 8)
        with socket.socket(family) as sock:
            sock.setblocking(number % 2 == 0)
            code = libc.connect(sock.fileno(), packed, len(packed)) and ctypes.get_errno()
        name = errno.errorcode.get(code, "0")
        seen[name] = seen.get(name, 0) + 1
    signal.setitimer(signal.ITIMER_REAL, 0)
    spoilt = {"EINTR", "EISCONN", "EALREADY"} & set(seen)
    return {"ok": "0" in seen and not spoilt, "seen": seen}


def say(word):
    """Tells the test where we are, and waits until it answers."""
    print(word, flush=True)
    return sys.stdin.readline().strip()


def pause(word):
    return {"ok": True, "text": say(word)}


OPERATIONS = {function.__name__: function for function in (
    echo, urgent, banner, raw, http, tls, swapped, udp, dns, dns_many, dns_unheard, dns_then_tls, resolve, open_socket,
    ping, packet, inherited, listeners, poke_listeners, own_server, crowd, spread, endless, serve, hold,
    tls_by_dns, pause, interrupted)}


def perform(operation, arguments):
    try:
        return {"text": "", "error": None, **OPERATIONS[operation](**arguments)}
    except (OSError, EOFError, ValueError, StopIteration) as error:
        return {"ok": False, "text": "", "error": name_of(error)}


def main():
    with open(sys.argv[1], encoding="ascii") as steps:
        results = [perform(*step) for step in json.load(steps)]
    print(json.dumps(results))
    # what was refused is told only of a command that failed
    return 0 if all(result["ok"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
