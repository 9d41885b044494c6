#!/usr/bin/env python3
"""The servers of the test's own internet, or of the host itself; one process for each namespace.

usage: servers.py internet|host DIRECTORY [WORDS before a command of an ordinary account]

Says "here" on standard output, waits for a line, listens, says "ready", and serves until standard
input ends. What each server saw is one JSON line in DIRECTORY/ROLE.log, written before it answers.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import random
import resource
import shutil
import socket
import ssl
import struct
import subprocess
import sys

import dnswire
import names

MOST_HEAD = 65536


class Log:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8", buffering=1)

    def __call__(self, server, **seen):
        self.file.write(json.dumps({"server": server, **seen}) + "\n")


def where(writer):
    """The address and port of this end."""
    name = writer.get_extra_info("sockname")
    return {"address": name[0].removeprefix("::ffff:"), "port": name[1]}


class Web:
    """HTTP/1.1 with keep-alive; tells in its answers which SNI and Host it saw."""

    def __init__(self, role, log, directory):
        self.role, self.log, self.directory = role, log, directory

    async def __call__(self, reader, writer):
        secure = writer.get_extra_info("ssl_object")
        sni = getattr(secure, "seen_sni", None)
        self.log("web", event="open", tls=secure is not None, sni=sni, **where(writer))
        while await self.exchange(reader, writer, sni):
            pass

    async def exchange(self, reader, writer, sni):
        """One request and its answer; whether another may follow."""
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        fields = [line.partition(":") for line in lines[1:] if ":" in line]
        fields = [(name.strip().lower(), value.strip()) for name, _, value in fields]
        hosts = [value for name, value in fields if name == "host"]
        self.log("web", event="request", line=lines[0], hosts=hosts, sni=sni, **where(writer))
        method, target = (lines[0].split(" ") + ["", ""])[:2]
        body = await self.body(reader, dict(fields))
        if target.startswith("/git/"):
            status, kind, answer = await self.git(method, target, dict(fields), body)
        else:
            status, kind = "200 OK", "text/plain"
            answer = (f"hello by {self.role} sni={sni} host={','.join(hosts)} "
                      f"body={len(body)}\n").encode()
        close = dict(fields).get("connection", "").lower() == "close" or "HTTP/1.0" in lines[0]
        writer.write(f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(answer)}"
                     f"\r\nConnection: {'close' if close else 'keep-alive'}\r\n\r\n".encode()
                     + (b"" if method == "HEAD" else answer))
        await writer.drain()
        return not close

    @staticmethod
    async def body(reader, fields):
        if fields.get("transfer-encoding", "").lower() != "chunked":
            return await reader.readexactly(int(fields.get("content-length", "0")))
        parts = []
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readuntil(b"\r\n")
        await reader.readuntil(b"\r\n")
        return b"".join(parts)

    async def git(self, method, target, fields, body):
        """CGI, RFC 3875, with git's own program."""
        path, _, question = target[len("/git"):].partition("?")
        env = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": os.path.join(self.directory, "git"),
               "GIT_HTTP_EXPORT_ALL": "1", "REQUEST_METHOD": method, "PATH_INFO": path,
               "QUERY_STRING": question, "CONTENT_TYPE": fields.get("content-type", ""),
               "HTTP_CONTENT_ENCODING": fields.get("content-encoding", ""),
               "HTTP_GIT_PROTOCOL": fields.get("git-protocol", ""),
               "CONTENT_LENGTH": str(len(body)), "GIT_CONFIG_COUNT": "1",
               "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}
        child = await asyncio.create_subprocess_exec("git", "http-backend", env=env,
                                                     stdin=-1, stdout=-1)
        out, _ = await child.communicate(body)
        head, _, answer = out.partition(b"\r\n\r\n")
        found = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        return found.get("Status", "200 OK"), found.get("Content-Type", "text/plain"), answer


class Raw:
    """Servers without a protocol of their own, by port."""

    def __init__(self, log):
        self.log = log
        self.by_port = {names.BANNER: self.banner, names.SILENT: self.silent,
                        names.DIGEST: self.digest, names.SOURCE: self.source,
                        names.DEAF: self.deaf, names.FAREWELL: self.farewell,
                        names.LATE: self.late,
                        **{port: self.echo for port in names.ECHO + names.HOST_ECHO}}

    async def __call__(self, reader, writer):
        place = where(writer)
        self.log("raw", event="open", **place)
        await self.by_port[place["port"]](reader, writer)
        self.log("raw", event="end", **place)

    @staticmethod
    async def echo(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    async def banner(self, reader, writer):
        writer.write(b"220 mail.example.com speaks first\r\n")
        await self.echo(reader, writer)

    @staticmethod
    async def silent(reader, _writer):
        while await reader.read(65536):
            pass

    @staticmethod
    async def digest(reader, writer):
        """Answers only when the other side has finished sending: how much, and its hash."""
        total, hashed = 0, hashlib.sha256()
        while data := await reader.read(1 << 18):
            total += len(data)
            hashed.update(data)
        writer.write(f"{total} {hashed.hexdigest()}\n".encode())
        await writer.drain()

    @staticmethod
    async def source(reader, writer):
        """As many bytes as the line says, then the end."""
        left, chance = int(await reader.readuntil(b"\n")), random.Random(7)
        block = chance.randbytes(1 << 16)
        while left > 0:
            writer.write(block[:min(left, len(block))])
            left -= len(block)
            await writer.drain()

    async def deaf(self, reader, writer):
        """Reads nothing at all until the other side has given up or standard input says so."""
        writer.transport.pause_reading()
        await asyncio.sleep(3600)

    async def late(self, reader, writer):
        """Leaves what comes in the socket for a moment, then sends it back."""
        writer.transport.pause_reading()
        await asyncio.sleep(0.1)
        writer.transport.resume_reading()
        await self.echo(reader, writer)

    async def farewell(self, reader, writer):
        """Finishes sending first and goes on reading."""
        writer.write(b"farewell\n")
        await writer.drain()
        writer.write_eof()
        total = 0
        while data := await reader.read(65536):
            total += len(data)
        self.log("raw", event="farewell", total=total)


class HostileDns(asyncio.DatagramProtocol):
    """Answers by the first label of the name: see names.HOSTILE. Over TCP the same, and worse."""

    def __init__(self, log):
        self.log, self.count, self.transport = log, 0, None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        answer = self.answer(data, False)
        if answer:
            self.transport.sendto(answer, addr)

    @staticmethod
    def how(name):
        """The first label without a number behind a hyphen."""
        return name.split(".")[0].split("-")[0].lower()

    def answer(self, asked, stream):
        try:
            _, name, kind = dnswire.read_question(asked)
        except ValueError:
            return b""
        self.log("dns", name=name, kind=kind, stream=stream)
        how = self.how(name)
        if how in names.LONG + names.FALSE and not stream:
            return dnswire.response(asked, [], flags=0x8780)
        method = getattr(self, "answer_" + how, None)
        return method(asked, kind, stream) if method else self.plain(asked, kind, [names.WWW])

    @staticmethod
    def plain(asked, kind, addresses):
        return dnswire.response(asked, dnswire.address_records(addresses, kind))

    def answer_rebind(self, asked, kind, _stream):
        """Public and private in turn, by questions for A."""
        self.count += kind == "A"
        return self.plain(asked, kind, [names.ROUTER if self.count % 2 else names.WWW])

    @staticmethod
    def answer_garbage(asked, _kind, _stream):
        return asked[:2] + os.urandom(300)

    @staticmethod
    def answer_short(asked, _kind, _stream):
        return asked[:5]

    @staticmethod
    def answer_pointer(asked, _kind, _stream):
        end = dnswire.question_end(asked)
        head = asked[:2] + struct.pack(">5H", 0x8580, 1, 1, 0, 0) + asked[12:end]
        return head + struct.pack(">H", 0xc000 | end) + struct.pack(">2HIH", 1, 1, 0, 4) + b"AAAA"

    @staticmethod
    def answer_loop(asked, _kind, _stream):
        return dnswire.response(asked, [("CNAME", 0, b"\xc0\x0c")])

    def answer_truncated(self, asked, kind, stream):
        return b"" if stream else dnswire.response(asked, [], flags=0x8780)

    def answer_many(self, asked, kind, stream):
        if not stream:
            return dnswire.response(asked, [], flags=0x8780)
        return self.plain(asked, kind, [f"10.77.{n >> 8}.{n & 255}" for n in range(3000)])

    @staticmethod
    def answer_silent(_asked, _kind, _stream):
        return b""

    def answer_wrong(self, asked, kind, _stream):
        """Another question's answer, with this question's number."""
        other = dnswire.query("other.example.net", kind, int.from_bytes(asked[:2], "big"))
        return self.plain(other, kind, [names.OTHER])

    def answer_slow(self, asked, kind, stream):
        return b"" if stream else dnswire.response(asked, [], flags=0x8780)

    @staticmethod
    def answer_question(asked, _kind, _stream):
        """The question itself, unanswered."""
        return asked

    def answer_huge(self, asked, kind, stream):
        if not stream:
            return dnswire.response(asked, [], flags=0x8780)
        return dnswire.response(asked, [("TXT", 0, b"\xff" + b"x" * 255)] * 230)

    # by TCP only

    def answer_large(self, asked, kind, _stream):
        """Forty, of which one leads somewhere."""
        return self.plain(asked, kind, [*names.NOWHERE[:3], names.WWW, *names.NOWHERE[3:]])

    answer_pieces = answer_large

    def answer_both(self, asked, kind, _stream):
        """More than are tried of the one family, none of which leads anywhere, and of the other."""
        return self.plain(asked, kind, [*names.NOWHERE, names.WWW6])

    @staticmethod
    def answer_chain(asked, kind, _stream, backwards=False):
        """Twelve long names, each an alias of the next."""
        owners = [asked[12:dnswire.question_end(asked) - 4]]
        owners += [dnswire.encode_name(f"{letter * 50}.example.net") for letter in "abcdefghijkl"]
        records = [("CNAME", 0, target, owner) for owner, target in zip(owners, owners[1:])]
        records += [(*record, owners[-1]) for record in dnswire.address_records([names.WWW], kind)]
        return dnswire.response(asked, records[::-1] if backwards else records)

    def answer_backwards(self, asked, kind, stream):
        return self.answer_chain(asked, kind, stream, backwards=True)

    def answer_number(self, asked, kind, _stream):
        """The number of another question."""
        return bytes([asked[0] ^ 1]) + self.plain(asked, kind, [names.WWW])[1:]

    def answer_asked(self, asked, kind, _stream):
        """Another question's answer, with this question's number."""
        other = dnswire.query("other.example.net", kind, int.from_bytes(asked[:2], "big"))
        return self.plain(other, kind, [names.WWW])

    @staticmethod
    def answer_owners(asked, kind, _stream):
        """Records of names that were not asked for, and that no alias leads to."""
        records = dnswire.address_records([names.WWW], kind)
        owners = [dnswire.encode_name(name) for name in (
            "www.example.com", "hostile.example.com", "x.owners.hostile.example.com", "")]
        return dnswire.response(asked, [(*record, owner) for record in records for owner in owners])

    def answer_half(self, asked, kind, _stream):
        """A whole message in which the last address is cut off."""
        return self.plain(asked, kind, [names.WWW] * 40)[:-1]

    @staticmethod
    def answer_noise(asked, _kind, _stream):
        end = dnswire.question_end(asked)
        head = asked[:2] + struct.pack(">5H", 0x8580, 1, 100, 0, 0)
        return head + asked[12:end] + os.urandom(3000)

    @staticmethod
    def answer_again(asked, kind, _stream):
        """Cut, it says, also by TCP."""
        return dnswire.response(asked, dnswire.address_records([names.WWW], kind), flags=0x8780)

    @staticmethod
    def answer_ring(asked, kind, _stream):
        """Aliases that lead round, and addresses of each of them."""
        pair = [asked[12:dnswire.question_end(asked) - 4], dnswire.encode_name("ring.example")]
        records = [("CNAME", 0, pair[1 - at], pair[at]) for at in (0, 1)]
        return dnswire.response(asked, records + [
            (*record, owner) for record in dnswire.address_records([names.WWW], kind)
            for owner in pair])

    @staticmethod
    def answer_failure(asked, kind, _stream):
        return dnswire.response(asked, dnswire.address_records([names.WWW], kind), rcode=2)

    def answer_wide(self, asked, kind, _stream):
        return self.plain(asked, kind, [names.WWW])

    answer_closed = answer_late = answer_wide

    async def stream(self, reader, writer):
        while size := await reader.readexactly(2):
            asked = await reader.readexactly(int.from_bytes(size, "big"))
            answer = self.answer(asked, True)
            name = dnswire.read_question(asked)[1]
            if name.startswith("truncated."):
                writer.write(b"\xff\xff" + asked[:6])
                return
            if name.startswith("slow."):
                await self.drip(writer)
            answer = len(answer).to_bytes(2, "big") + answer
            how = self.how(name)
            if how == "closed":
                writer.write(answer[:-1])
                return
            if how == "late":
                writer.write(answer[:-1])
                await writer.drain()
                await asyncio.sleep(3600)
            if how == "pieces":
                await self.cut(writer, answer)
            else:
                writer.write(answer)

    @staticmethod
    async def cut(writer, answer):
        """In packets of a few bytes."""
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(answer), 7):
            writer.write(answer[at:at + 7])
            await writer.drain()
            await asyncio.sleep(0.001)

    @staticmethod
    async def drip(writer):
        """A long message, a byte a second."""
        writer.write(b"\xff\xff")
        for _ in range(30):
            writer.write(b"\0")
            await writer.drain()
            await asyncio.sleep(1)


class UdpEcho(asyncio.DatagramProtocol):
    def __init__(self, log):
        self.log, self.transport = log, None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.log("udp", size=len(data))
        self.transport.sendto(data, addr)


def guarded(handler):
    """The handler, with whatever the other side may do to it, and a proper end."""
    async def serve(reader, writer):
        with contextlib.suppress(OSError, EOFError, asyncio.IncompleteReadError, ValueError,
                                 asyncio.LimitOverrunError, ssl.SSLError):
            await handler(reader, writer)
        with contextlib.suppress(OSError, ssl.SSLError):
            writer.close()
            await writer.wait_closed()
    return serve


def tls_context(directory):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, "server.crt"),
                            os.path.join(directory, "server.key"))

    def saw(secure, name, _context):
        secure.seen_sni = name
    context.sni_callback = saw
    return context


async def listen(handler, ports, context=None):
    """On every address of the namespace. A wide backlog: the load tests come all at once."""
    for port in ports:
        await asyncio.start_server(guarded(handler), None, port, backlog=4096, limit=MOST_HEAD,
                                   ssl=context, reuse_address=True)


async def datagrams(make, port, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    await asyncio.get_running_loop().create_datagram_endpoint(make, (address, port), family=family)


def start_dnsmasq(directory):
    """Authoritative for every name of the table; whatever else it is asked, there is no such."""
    words = [shutil.which("dnsmasq", path="/usr/sbin:/usr/bin:/sbin"), "--keep-in-foreground",
             "--user=", "--group=", "--no-resolv", "--no-hosts", "--conf-file=/dev/null",
             "--pid-file=", "--address=/#/", "--log-queries", "--bind-interfaces",
             "--log-facility=" + os.path.join(directory, "dns.log"),
             "--listen-address=" + names.DNS, "--local-ttl=1", "--cache-size=0"]
    words += [f"--host-record={name},{address}" for name, listed in names.NAMES.items()
              for address in listed]
    return subprocess.Popen(words)


def start_sshd(directory, ordinary):
    """As an ordinary account: it lets in nobody but that account."""
    words = ordinary + ["/usr/sbin/sshd", "-D", "-e", "-f", os.path.join(directory, "sshd_config")]
    log = open(os.path.join(directory, "sshd.log"), "ab")
    return subprocess.Popen(words, stderr=log)


def configure(words):
    subprocess.run(["ip", *words], check=True)


def set_up_internet():
    """The interface `internet` has been put here by the host's side."""
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w", encoding="ascii") as file:
        file.write("0") # sshd is no root
    configure(["link", "set", "lo", "up"])
    configure(["addr", "add", names.ROUTER + "/24", "dev", "internet"])
    configure(["addr", "add", names.ROUTER6 + "/64", "dev", "internet", "nodad"])
    configure(["link", "set", "internet", "up"])
    for address in names.NOWHERE:
        configure(["route", "add", "blackhole", address])
    for address in names.internet_addresses():
        configure(["addr", "add", address, "dev", "lo"])


async def serve_internet(directory, ordinary, log):
    set_up_internet()
    start_dnsmasq(directory)
    if os.path.exists("/usr/sbin/sshd"):
        start_sshd(directory, ordinary)
    raw, hostile = Raw(log), HostileDns(log)
    await listen(raw, set(raw.by_port) - set(names.HOST_ECHO))
    for port in names.UDP_ECHO:
        for address in (names.WWW, names.WWW6, names.OTHER, names.OTHER6):
            await datagrams(lambda: UdpEcho(log), port, address)
    await datagrams(lambda: hostile, 53, names.HOSTILE_DNS)
    await datagrams(lambda: HostileDns(log), 53, names.DATAGRAM_DNS)
    await asyncio.start_server(guarded(hostile.stream), names.HOSTILE_DNS, 53)


async def serve(role, directory, ordinary):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print("here", flush=True)
    await reader.readline()
    log = Log(os.path.join(directory, role + ".log"))
    web = Web(role, log, directory)
    if role == "internet":
        await serve_internet(directory, ordinary, log)
    else:
        await listen(Raw(log), [names.HOST_ANYWHERE])
        await asyncio.start_server(guarded(Raw(log)), ["127.0.0.1", "::1"], names.HOST_LOOPBACK)
    most = 2 if role == "internet" else 1 # the other ports are for servers of a test's own
    await listen(web, names.HTTPS[:most], tls_context(directory))
    await listen(web, names.HTTP[:most])
    print("ready", flush=True)
    await reader.read()


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    asyncio.run(serve(sys.argv[1], sys.argv[2], sys.argv[3:]))
