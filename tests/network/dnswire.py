"""DNS messages as bytes (RFC 1035), both ways; for the capture, the hostile server and the probes.

Reads only what it needs and raises ValueError on anything else: what it is given may be hostile.
"""

import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "NULL": 10, "PTR": 12, "MX": 15, "TXT": 16,
         "AAAA": 28, "SRV": 33, "SVCB": 64, "HTTPS": 65, "ANY": 255}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
NXDOMAIN = 3


def encode_name(name):
    """Labels of any length up to 255 bytes: a test may want one that is too long."""
    labels = [label.encode("latin-1") for label in name.rstrip(".").split(".") if label]
    return b"".join(struct.pack("B", len(label)) + label for label in labels) + b"\0"


def query(name, kind="A", ident=0x4321, extra=b""):
    """A question with the recursion bit; `extra` is put behind it and counted nowhere."""
    number = TYPES.get(kind, kind)
    return (struct.pack(">6H", ident, 0x0100, 1, 0, 0, 0) + encode_name(name)
            + struct.pack(">2H", number, 1) + extra)


def read_name(data, at):
    """(name, offset behind it); at most 64 jumps."""
    labels, end = [], None
    for _ in range(192):
        if at >= len(data):
            raise ValueError("a name runs out of the message")
        size = data[at]
        if size >= 0xc0:
            if at + 1 >= len(data):
                raise ValueError("a pointer runs out of the message")
            end = end or at + 2
            at = (size & 0x3f) << 8 | data[at + 1]
        elif size == 0:
            return ".".join(labels), end or at + 1
        else:
            labels.append(data[at + 1:at + 1 + size].decode("latin-1"))
            at += 1 + size
    raise ValueError("a name without an end")


def read_question(data):
    """(ident, name, kind) of a message with one question or more."""
    if len(data) < 12:
        raise ValueError("shorter than a header")
    ident, _, questions = struct.unpack(">3H", data[:6])
    if questions < 1:
        raise ValueError("no question")
    name, at = read_name(data, 12)
    if at + 4 > len(data):
        raise ValueError("half a question")
    number = struct.unpack(">H", data[at:at + 2])[0]
    return ident, name, TYPE_NAMES.get(number, str(number))


def question_end(data):
    return read_name(data, 12)[1] + 4


def response(asked, records, rcode=0, flags=0x8580):
    """An answer to the message `asked`; a record is (kind, ttl, data) about the asked name, or has
    its owner's name in wire form as well."""
    head = asked[:2] + struct.pack(">5H", flags | rcode, 1, len(records), 0, 0)
    body = b"".join((*owner, b"\xc0\x0c")[0]
                    + struct.pack(">2HIH", TYPES[kind], 1, ttl, len(data)) + data
                    for kind, ttl, data, *owner in records)
    return head + asked[12:question_end(asked)] + body


def address_records(addresses, kind, ttl=0):
    """Those of `addresses` that are of this kind, A or AAAA."""
    family = {"A": socket.AF_INET, "AAAA": socket.AF_INET6}.get(kind)
    return [(kind, ttl, socket.inet_pton(family, address)) for address in addresses
            if family and (":" in address) == (kind == "AAAA")]


def read_response(data):
    """{"rcode", "answers": [[kind, text or hex], ...]} of an answer."""
    if len(data) < 12:
        raise ValueError("shorter than a header")
    _, flags, questions, answers = struct.unpack(">4H", data[:8])
    at, found = 12, []
    for _ in range(questions):
        at = read_name(data, at)[1] + 4
    for _ in range(answers):
        at = read_name(data, at)[1]
        if at + 10 > len(data):
            raise ValueError("half a record")
        number, _, ttl, size = struct.unpack(">2HIH", data[at:at + 10])
        kind, value = TYPE_NAMES.get(number, str(number)), data[at + 10:at + 10 + size]
        found.append([kind, text_of(kind, value, data, at + 10), ttl])
        at += 10 + size
    return {"rcode": flags & 15, "truncated": bool(flags & 0x200), "answers": found}


def text_of(kind, value, data, at):
    if kind == "A" and len(value) == 4:
        return socket.inet_ntop(socket.AF_INET, value)
    if kind == "AAAA" and len(value) == 16:
        return socket.inet_ntop(socket.AF_INET6, value)
    if kind in ("PTR", "CNAME", "NS"):
        return read_name(data, at)[0]
    return value.hex()
