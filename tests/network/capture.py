"""Every packet of the host's namespace, so that "no packet left" can be asserted.

The socket keeps the packets until it is asked: there is no thread, and nothing is missed, for the
kernel queues a packet here before it goes on its way. What was lost for want of room is counted.
"""

import socket
import struct

import dnswire

ETH_P_ALL = 3
SOL_PACKET, PACKET_STATISTICS = 263, 6
OUTGOING = 4
# neighbour discovery and multicast listener reports: the kernel's own housekeeping
HOUSEKEEPING = {130, 131, 132, 133, 134, 135, 136, 143}


class Packet:
    """One packet that left: to where, and the DNS name in it, if any."""

    def __init__(self, device, ethertype, data):
        self.device, self.protocol, self.port = device, "?", 0
        self.target, self.payload, self.flags = "?", b"", 0
        self.name = None
        if ethertype == 0x0800 and len(data) >= 20:
            self.target = socket.inet_ntop(socket.AF_INET, data[16:20])
            self.transport(data[9], data[(data[0] & 15) * 4:])
        elif ethertype == 0x86dd and len(data) >= 40:
            self.target = socket.inet_ntop(socket.AF_INET6, data[24:40])
            self.transport(data[6], data[40:])
        else:
            self.protocol = f"ethertype {ethertype:#06x}"

    def transport(self, number, data):
        names = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6", 0: "hopopts"}
        self.protocol = names.get(number, f"protocol {number}")
        if number == 58 and data and data[0] in HOUSEKEEPING or number == 0:
            self.protocol = "housekeeping"
        if number in (6, 17) and len(data) >= 8:
            self.port = struct.unpack(">H", data[2:4])[0]
            if number == 6 and len(data) >= 20:
                self.flags, self.payload = data[13], data[(data[12] >> 4) * 4:]
            else:
                self.payload = data[8:]
        if self.port == 53:
            self.name = self.dns_name(number == 6)

    def dns_name(self, stream):
        try:
            return dnswire.read_question(self.payload[2:] if stream else self.payload)[1]
        except ValueError:
            return None

    @property
    def bare(self):
        """Only acknowledges or ends a connection: it may belong to what was there before."""
        return self.protocol == "tcp" and not self.payload and not self.flags & 0x02

    @property
    def syn(self):
        return self.protocol == "tcp" and self.flags & 0x12 == 0x02

    def __repr__(self):
        what = f" asks {self.name!r}" if self.name is not None else ""
        return (f"{self.protocol} to {self.target} port {self.port} by {self.device}, "
                f"{len(self.payload)} bytes{what}")


class Capture:
    """Context: what leaves between entering and `packets()`."""

    def __init__(self):
        self.socket, self.seen, self.lost = None, [], 0

    def __enter__(self):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        for option in (socket.SO_RCVBUF, 33):  # 33: SO_RCVBUFFORCE, where it is allowed
            try:
                self.socket.setsockopt(socket.SOL_SOCKET, option, 64 << 20)
            except OSError:
                pass
        self.socket.setblocking(False)
        return self

    def __exit__(self, *_):
        self.packets()
        self.socket.close()

    def packets(self):
        """All that left so far."""
        while self.socket.fileno() >= 0:
            try:
                data, (device, ethertype, kind, _, _) = self.socket.recvfrom(65536)
            except BlockingIOError:
                counted = self.socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
                self.lost += struct.unpack("II", counted)[1]
                break
            if kind == OUTGOING:
                packet = Packet(device, ethertype, data[14:])
                if packet.protocol != "housekeeping" and not packet.bare:
                    self.seen.append(packet)
        if self.lost:
            raise RuntimeError(f"the capture lost {self.lost} packets")
        return self.seen

    def names(self):
        return [packet.name for packet in self.packets() if packet.name is not None]
