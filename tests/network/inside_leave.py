#!/usr/bin/env python3
"""More operations for inside.py: connections to a host that never answers, and what becomes of them.

usage: inside_leave.py FILE       as inside.py

Where HTTP_PROXY says so they are asked for there.
"""

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside  # noqa: E402  (found through the line above)
import inside_proxy  # noqa: E402
from inside import lookup, say  # noqa: E402

kept = []


def begin(host, port):
    """Connected as far as the box can see, and something has been said."""
    if "HTTP_PROXY" in os.environ:
        sock = inside_proxy.guest()
        target = f"{host}:{port}"
        sock.sendall(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{inside_proxy.login()}\r\n"
                     .encode("ascii"))
        return sock
    found, _, _, _, address = lookup(host, port)
    sock = socket.socket(found, socket.SOCK_STREAM)
    sock.connect(address)
    sock.sendall(b"hello")
    return sock


def end(sock, how):
    if how in ("half", "keep"):
        kept.append(sock)
    if how == "half":
        sock.shutdown(socket.SHUT_WR)
    if how == "reset":
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if how in ("close", "reset"):
        sock.close()


def ends(host, port, counts):
    """So many of each kind, all at once; then they end, each in its way."""
    socks = [(begin(host, port), how) for how, count in counts.items() for _ in range(count)]
    say("waiting")
    for sock, how in socks:
        end(sock, how)
    say("left")
    return {"ok": True}


def loop(host, port, count):
    """One after the other, and gone before anything can come of it."""
    for _ in range(count):
        begin(host, port).close()
    say("left")
    return {"ok": True}


inside.OPERATIONS.update({function.__name__: function for function in (ends, loop)})

if __name__ == "__main__":
    sys.exit(inside.main())
