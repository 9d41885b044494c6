#!/usr/bin/env python3
"""More operations for inside.py: many connections, much data, and ends that come apart.

usage: inside_load.py FILE       as inside.py
"""

import contextlib
import hashlib
import os
import random
import resource
import select
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside  # noqa: E402  (found through the line above)
from inside import lookup, reach, say  # noqa: E402

MINUTE = 60.0


def pause(word):
    """Only says where we are."""
    say(word)
    return {"ok": True}


def sequential(host, port, count):
    """One connection after the other, each with a line of its own."""
    lost = {}
    for number in range(count):
        try:
            line = b"%09d\n" % number
            with reach(host, port, payload=line) as sock:
                got = b""
                while len(got) < len(line) and (data := sock.recv(100)):
                    got += data
            problem = None if got == line else "other bytes"
        except OSError as error:
            problem = inside.name_of(error)
        if problem:
            lost[problem] = lost.get(problem, 0) + 1
    return {"ok": not lost, "lost": lost}


def knock(host, first, last):
    """At every port once, until the answer, whatever it is."""
    for port in range(first, last + 1):
        with contextlib.suppress(OSError), reach(host, port) as sock:
            sock.recv(1)
    return {"ok": True}


class Stream:
    """One of many connections: sends its number, wants it back."""

    def __init__(self, poll, found, address, number):
        self.number, self.got, self.turn = number, b"", 0
        self.sock = socket.socket(found, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        self.sock.connect_ex(address)
        poll.register(self.sock.fileno(), select.EPOLLOUT)

    def line(self):
        return b"%d of turn %d\n" % (self.number, self.turn)


def concurrent(host, port, count, turns=2):
    """All open at once; each exchanges a line in each turn, and all are open between the turns."""
    found, _, _, _, address = lookup(host, port)
    lost, poll = {}, select.epoll()
    streams = {stream.sock.fileno(): stream
               for stream in (Stream(poll, found, address, number) for number in range(count))}
    for turn in range(turns):
        waiting = dict(streams)
        for fd, stream in streams.items():
            stream.turn, stream.got = turn, b""
            poll.modify(fd, select.EPOLLOUT)
        while waiting:
            ready = poll.poll(MINUTE)
            if not ready:
                lost["no answer"] = lost.get("no answer", 0) + len(waiting)
                break
            for fd, _ in ready:
                problem = step(poll, waiting, fd)
                if problem:
                    lost[problem] = lost.get(problem, 0) + 1
                    poll.unregister(fd)
                    streams.pop(fd).sock.close()
                    waiting.pop(fd, None)
        say(f"turn {turn}")
    for stream in streams.values():
        stream.sock.close()
    return {"ok": not lost, "lost": lost, "open": len(streams)}


def step(poll, waiting, fd):
    """Goes on with one stream; what went wrong, or None."""
    stream = waiting.get(fd)
    if not stream:
        return "data or an end out of turn"
    try:
        code = stream.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, "")
        if not stream.got and stream.sock.send(stream.line()):
            poll.modify(fd, select.EPOLLIN)
            stream.got = b">"
            return None
        data = stream.sock.recv(100)
    except OSError as error:
        return inside.name_of(error)
    stream.got += data
    if not data:
        return "an early end"
    if stream.got == b">" + stream.line():
        del waiting[fd]
        poll.modify(fd, 0)
    return None


def abort(host, port, count):
    """Connections that are reset by this end as soon as they are open."""
    for _ in range(count):
        with reach(host, port, payload=b"x" * 1000) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return {"ok": True}


def upload(host, port, size):
    """Sends much, finishes sending, and only then gets the answer: how much, and its hash."""
    block, hashed, left = random.Random(11).randbytes(1 << 18), hashlib.sha256(), size
    with reach(host, port) as sock:
        sock.settimeout(MINUTE)
        while left:
            part = block[:left]
            sock.sendall(part)
            hashed.update(part)
            left -= len(part)
        sock.shutdown(socket.SHUT_WR)
        got = inside.read_all(sock).decode()
    return {"ok": got == f"{size} {hashed.hexdigest()}\n", "text": got}


def download(host, port, size, at_once=1 << 18):
    """Asks for much and compares every byte of it, to the end."""
    block, total, same = random.Random(7).randbytes(1 << 16), 0, True
    with reach(host, port, payload=b"%d\n" % size) as sock:
        sock.settimeout(MINUTE)
        buffer = bytearray()
        while data := sock.recv(at_once):
            buffer += data
            while len(buffer) >= len(block):
                same = same and buffer[:len(block)] == block
                del buffer[:len(block)]
            total += len(data)
    same = same and buffer == block[:len(buffer)]
    return {"ok": same and total == size, "text": f"{total} bytes"}


def unread(host, port, size):
    """Asks for much, reads nothing for as long as it comes, and then gives up."""
    with reach(host, port, payload=b"%d\n" % size) as sock:
        sock.recv(1)
        say("unread")
        got = sock.recv(1 << 16)
    return {"ok": bool(got)}


def unheard(host, port, most):
    """Sends to one that does not read, until no more is taken. How much that was."""
    sent, block = 0, b"x" * (1 << 18)
    with reach(host, port) as sock:
        sock.settimeout(2.0) # what is not taken within this time is not going to be
        try:
            while sent < most:
                sent += sock.send(block)
        except TimeoutError:
            pass
        say("unheard")
    return {"ok": sent < most, "sent": sent}


def congestion(host, port):
    with reach(host, port) as sock:
        name = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, 16)
    return {"ok": True, "text": name.rstrip(b"\0").decode()}


def farewell(host, port, size):
    """The other side finishes sending first; this side goes on for long after."""
    with reach(host, port) as sock:
        sock.settimeout(MINUTE)
        got = inside.read_all(sock)
        sock.sendall(b"y" * size)
        sock.shutdown(socket.SHUT_WR)
        say("sent")
    return {"ok": got == b"farewell\n", "text": got.decode("latin-1")}


inside.OPERATIONS.update({function.__name__: function for function in (
    pause, knock, sequential, concurrent, abort, upload, download, unread, unheard, farewell,
    congestion)})

if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    sys.exit(inside.main())
