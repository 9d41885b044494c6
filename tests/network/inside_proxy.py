#!/usr/bin/env python3
"""More operations for inside.py: what a box with a proxy does, right and wrong.

usage: inside_proxy.py FILE       as inside.py

Outside there is no proxy: where an operation goes past it, HTTP_PROXY of the control stands for it.
"""

import base64
import ctypes
import errno
import os
import resource
import select
import socket
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside  # noqa: E402  (found through the line above)
from inside import TIMEOUT, Tls, name_of, one_response, say  # noqa: E402

SO_BINDTODEVICE, LOOSE_ROUTE = 25, 131
PAUSE = 0.0005


def proxy():
    """(host, port), user, secret"""
    at = urllib.parse.urlsplit(os.environ["HTTP_PROXY"])
    return (at.hostname, at.port), at.username, at.password


def login(user=None, secret=None):
    _, own_user, own_secret = proxy()
    text = f"{own_user if user is None else user}:{own_secret if secret is None else secret}"
    return "Proxy-Authorization: Basic " + base64.b64encode(text.encode()).decode() + "\r\n"


def guest(family=socket.AF_INET):
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(TIMEOUT)
    (host, port), _, _ = proxy()
    sock.connect(("::ffff:" + host if family == socket.AF_INET6 else host, port))
    return sock


def head_of(sock):
    """An answer's head, and nothing behind it."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        more = sock.recv(1)
        if not more:
            break
        data += more
    return data.decode("latin-1")


def tunnel(sock, target, fields=None):
    """The status of a CONNECT."""
    fields = login() if fields is None else fields
    sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{fields}\r\n".encode("latin-1"))
    return head_of(sock).split("\r\n")[0]


def socks(sock, name, port, user=None, secret=None, methods="02", kind=3):
    """How a SOCKS5 request ended: the code of the reply, or where it stopped."""
    _, own_user, own_secret = proxy()
    user = (own_user if user is None else user).encode()
    secret = (own_secret if secret is None else secret).encode()
    methods = bytes.fromhex(methods)
    sock.sendall(b"\5" + bytes([len(methods)]) + methods)
    answer = sock.recv(2)
    if answer != b"\5\2":
        return f"method {answer.hex()}"
    sock.sendall(b"\1" + bytes([len(user)]) + user + bytes([len(secret)]) + secret)
    answer = sock.recv(2)
    if answer != b"\1\0":
        return f"login {answer.hex()}"
    host = bytes([len(name)]) + name.encode("latin-1") if kind == 3 else socket.inet_pton(
        socket.AF_INET if kind == 1 else socket.AF_INET6, name)
    sock.sendall(b"\5\1\0" + bytes([kind]) + host + port.to_bytes(2, "big"))
    return sock.recv(10)[1:2].hex()


def said_back(sock, text="ping"):
    sock.sendall(text.encode())
    return sock.recv(4096).decode("latin-1") == text


# operations

def by_connect(target, fields=None, text="ping", family=socket.AF_INET):
    """A line to an echo server and back; `status` is the proxy's."""
    with guest(family) as sock:
        status = tunnel(sock, target, fields)
        ok = " 200 " in status and (not text or said_back(sock, text))
    return {"ok": ok, "status": status}


def by_socks(name, port, **how):
    with guest() as sock:
        status = socks(sock, name, port, **how)
        ok = status == "00" and said_back(sock)
    return {"ok": ok, "status": status}


def hello_through(target, sni):
    """TLS by hand through a CONNECT, with any name in the hello."""
    with guest() as sock:
        status = tunnel(sock, target)
        secure = Tls(sock, sni)
        sock.sendall(secure.first_flight())
        secure.pump(secure.tls.do_handshake)
    return {"ok": True, "status": status}


def through(target, text):
    """Anything that a client may say first behind a CONNECT."""
    with guest() as sock:
        status = tunnel(sock, target)
        sock.sendall(text.encode("latin-1"))
        got = sock.recv(4096)
    return {"ok": bool(got), "status": status, "text": got.decode("latin-1")}


def requests(texts, with_login=True):
    """Requests to the proxy itself over one connection; a login is put into each."""
    answers = []
    with guest() as sock:
        for text in texts:
            text = text.replace("\r\n", "\r\n" + login(), 1) if with_login else text
            try:
                sock.sendall(text.encode("latin-1"))
                answers.append(one_response(lambda: sock.recv(65536)))
            except OSError as error:
                answers.append(name_of(error))
    return {"ok": "hello by" in answers[-1], "answers": answers}


def connects():
    """A blocking, a non-blocking and an IPv6 socket, and one registered with epoll before."""
    results = []
    for family in (socket.AF_INET, socket.AF_INET6):
        with guest(family) as sock:
            results.append(sock.getpeername()[1] == proxy()[0][1])
    with socket.socket() as sock:
        sock.connect(proxy()[0])
        results.append(sock.getblocking() and tunnel(sock, "nobody.example.net:1") != "")
    with socket.socket() as sock, select.epoll() as poll:
        sock.setblocking(False)
        poll.register(sock.fileno(), select.EPOLLOUT | select.EPOLLET)
        poll.poll(0)
        code = sock.connect_ex(proxy()[0])
        results.append(code in (0, errno.EINPROGRESS))
        results.append(bool(poll.poll(TIMEOUT)) and sock.getpeername() == proxy()[0])
        again = sock.connect_ex(proxy()[0])
        results.append(again in (0, errno.EISCONN))
    return {"ok": all(results), "text": str(results)}


def many(count, target):
    """So many threads at once, each through a connection of its own."""
    good = []

    def one():
        try:
            good.append(by_connect(target)["ok"])
        except OSError:
            pass
    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"ok": sum(good) == count, "text": f"{sum(good)} of {count}"}


def interrupted_guests(count, every_us):
    return inside.interrupted([proxy()[0]] * count, every_us)


def swap(host, port, seconds):
    """One thread connects to the proxy while another writes another address in its place."""
    libc = ctypes.CDLL(None, use_errno=True)
    right = bytearray(sockaddr(*proxy()[0]))
    wrong = sockaddr(host, port)
    shared = (ctypes.c_char * 16).from_buffer(right)
    good, stop = sockaddr(*proxy()[0]), threading.Event()

    def flip():
        while not stop.is_set():
            ctypes.memmove(shared, wrong, 16)
            ctypes.memmove(shared, good, 16)
    thread = threading.Thread(target=flip)
    thread.start()
    reached, tried, deadline = set(), 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as sock:
            tried += 1
            if libc.connect(sock.fileno(), shared, 16) == 0:
                reached.add(sock.getpeername()[0])
    stop.set()
    thread.join()
    return {"ok": host in reached, "tried": tried, "reached": sorted(reached)}


def sockaddr(host, port):
    return (socket.AF_INET.to_bytes(2, sys.byteorder) + port.to_bytes(2, "big")
            + socket.inet_aton(host) + b"\0" * 8)


def led_astray(host, how):
    """A connection to the proxy whose packets an option of the socket leads elsewhere."""
    with socket.socket() as sock:
        sock.settimeout(1)
        if how == "route":
            option = bytes([LOOSE_ROUTE, 7, 4]) + socket.inet_aton(host) + b"\0"
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, option)
        else:
            sock.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, host.encode())
        try:
            sock.connect(proxy()[0])
        except TimeoutError:
            pass # nobody answers there; that a packet left is seen outside
    return {"ok": True}


def proxys_port(host):
    """The port that is allowed, of another host."""
    with socket.create_connection((host, proxy()[0][1]), 1):
        return {"ok": True}


def unspecific():
    """Gives up a connection to the proxy, and says so."""
    libc = ctypes.CDLL(None, use_errno=True)
    with guest() as sock:
        code = libc.connect(sock.fileno(), b"\0" * 16, 16)
    return {"ok": code == 0, "error": errno.errorcode.get(ctypes.get_errno())}


def datagram_pair():
    """Is there any datagram socket at all?"""
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    return {"ok": True}


def tell():
    """Says where the proxy is and what its secret is; goes on when told to."""
    (host, port), user, secret = proxy()
    say(f"at {host} {port} {user} {secret}")
    return {"ok": True}


def loris(count, start, then):
    """So many guests who begin and do not go on; then `then` is tried, and again without them."""
    held, alive = [], 0
    for _ in range(count):
        try:
            sock = guest()
            sock.sendall(start.encode("latin-1"))
            held.append(sock)
        except OSError:
            pass
    say("held")
    for sock in held:
        sock.settimeout(0.01)
        try:
            sock.recv(1)
        except TimeoutError:
            alive += 1
        except OSError:
            pass
        sock.close()
    deadline = time.monotonic() + TIMEOUT
    while not (result := inside.perform(*then))["ok"] and time.monotonic() < deadline:
        time.sleep(0.05)
    return {"ok": result["ok"], "text": f"{alive} of {len(held)} were kept", "kept": alive}


def trickle(text):
    """A request in pieces of one byte."""
    with guest() as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in text.replace("\r\n", "\r\n" + login(), 1).encode("latin-1"):
            sock.sendall(bytes([byte]))
            time.sleep(PAUSE)
        answer = one_response(lambda: sock.recv(65536))
    return {"ok": "hello by" in answer, "text": answer}


inside.OPERATIONS.update({function.__name__: function for function in (
    by_connect, by_socks, hello_through, through, requests, connects, many, swap, led_astray,
    proxys_port, unspecific, datagram_pair, tell, loris, trickle, interrupted_guests)})

if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.exit(inside.main())
