#!/usr/bin/env python3
"""A server and a client for the tests of published ports and of the host's loopback.

usage: inside_publish.py serve ADDRESS PORT [ADDRESS PORT]...      says "up", ends with its input
       inside_publish.py ask STEPS       a JSON list of [operation, arguments...], prints the results

A server is told by the first line of a connection what to do. Uses nothing but the standard library.
"""

import errno
import hashlib
import json
import os
import socket
import sys
import threading

TIMEOUT = 20


def digest(sock, rest):
    """All the other end says, as length and hash, once it has said that this was all."""
    seen, length = hashlib.sha256(rest), len(rest)
    while (data := sock.recv(1 << 16)):
        seen.update(data)
        length += len(data)
    sock.sendall(f"{length} {seen.hexdigest()}".encode())


def source(sock, rest):
    """Says all it has and that this was all; then listens, and ends as it was told to."""
    sock.sendall(b"s" * 3000000)
    sock.shutdown(socket.SHUT_WR)
    while (data := sock.recv(1 << 16)):
        rest += data


def reset(sock, _):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def hold(sock, _):
    sock.sendall(b"held")
    sock.recv(1)


def peer(sock, _):
    sock.sendall(json.dumps(sock.getpeername()[0]).encode())


DOES = {b"digest": digest, b"source": source, b"reset": reset, b"hold": hold, b"peer": peer}


def answer(sock):
    with sock:
        try:
            said = b""
            while b"\n" not in said:
                if not (data := sock.recv(1 << 16)):
                    return
                said += data
            word, rest = said.split(b"\n", 1)
            DOES[word](sock, rest)
        except OSError:
            pass


def listen(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    sock.bind((address, port))
    sock.listen(1024)
    return sock


def serve(listener):
    """Until the listener is closed."""
    while True:
        try:
            sock, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(sock,), daemon=True).start()


def begin(address, port):
    listener = listen(address, port)
    threading.Thread(target=serve, args=(listener,), daemon=True).start()
    return listener


def close_half(sock):
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError as error: # the other end was quicker with its reset
        raise ConnectionResetError(errno.ECONNRESET, "reset") from error


def ask(address, port, word, payload=b""):
    """What the server at the other end says to a word and a payload, both halves used."""
    with socket.create_connection((address, port), timeout=TIMEOUT) as sock:
        sock.sendall(word.encode() + b"\n" + payload)
        if word != "source":
            close_half(sock)
        told = b""
        while (data := sock.recv(1 << 16)):
            told += data
        if word == "source": # its half is closed, ours is not
            sock.sendall(b"and still " * 1000)
        return told


# operations of `ask`

def reach(address, port):
    """A digest of three megabytes, there and back."""
    payload = bytes(range(256)) * 12000
    expected = f"{len(payload)} {hashlib.sha256(payload).hexdigest()}".encode()
    told = ask(address, port, "digest", payload)
    return "reached" if told == expected else repr(told[:100])


def bind(address, port):
    listen(address, port).close()
    return "bound"


def udp(address, port):
    """Whether there is a way at all: nothing is sent."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                       socket.SOCK_DGRAM) as sock:
        sock.connect((address, port))
    return "a way"


def lookup(name):
    return socket.getaddrinfo(name, 80)[0][4][0]


def routes():
    with open("/proc/net/fib_trie", encoding="ascii") as file:
        return file.read()


def unix(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        return sock.recv(100).decode()


def entries(path):
    return sorted(os.listdir(path))


def variable(name):
    return os.environ.get(name, "")


OPERATIONS = {name: globals()[name] for name in
              ("reach", "bind", "udp", "lookup", "routes", "unix", "entries", "variable")}


def play(step):
    try:
        return OPERATIONS[step[0]](*step[1:])
    except socket.gaierror as error:
        return f"EAI {error.errno}"
    except OSError as error:
        return errno.errorcode.get(error.errno, type(error).__name__)


def main(argv):
    if argv[1] == "ask":
        print(json.dumps([play(step) for step in json.loads(argv[2])]))
        return 0
    for address, port in zip(argv[2::2], argv[3::2]):
        begin(address, int(port))
    print("up", flush=True)
    sys.stdin.read()
    return 7


if __name__ == "__main__":
    sys.exit(main(sys.argv))
