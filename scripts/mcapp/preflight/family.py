"""What differs between IPv4 and IPv6: sockets, their ancillary messages, and the kernel's errors."""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections.abc import Sequence
from typing import NamedTuple

# linux/in.h, linux/in6.h and linux/errqueue.h; the socket module does not name all of them.
_IP_PKTINFO, _IP_RECVERR, _IPV6_RECVERR = 8, 11, 25
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_FROM_ICMP, _FROM_ICMP6 = 2, 3

Note = tuple[int, int, bytes]
_NOTE_BYTES = 512


class IcmpError(NamedTuple):
    """A "destination unreachable": its code, what that says, and the sender."""

    code: int
    named: str
    sender: str


class Family(NamedTuple):
    """One IP version, and what the kernel calls its parts.

    `gone` are the codes of "destination unreachable" by which the kernel says that no machine answers;
    `closed` is that of a port where no program listens.
    """

    version: int
    sockets: socket.AddressFamily
    level: int
    error_option: int
    origin: int
    destination_option: int
    destination: int
    address_at: int
    address_bytes: int
    unreachable: int
    codes: dict[int, str]
    gone: frozenset[int]
    closed: int

    def open(self, kind: socket.SocketKind) -> socket.socket:
        """Return a new socket of this version alone."""
        made = socket.socket(self.sockets, kind)
        if self.version == 6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        return made

    def explain_errors(self, sending: socket.socket) -> None:
        """Have the kernel keep the ICMP messages that come back for this socket."""
        sending.setsockopt(self.level, self.error_option, 1)

    def icmp_error(self, failed: socket.socket) -> IcmpError | None:
        """Return the ICMP message behind a socket's error, None if there was none."""
        try:
            _, notes, _, _ = failed.recvmsg(
                _NOTE_BYTES, _NOTE_BYTES, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT
            )
        except OSError:
            return None
        for level, kind, data in notes:
            start = _EXTENDED_ERROR.size + self.address_at
            if (level, kind) != (self.level, self.error_option) or len(data) < start + self.address_bytes:
                continue
            _, origin, icmp, code, _, _, _ = _EXTENDED_ERROR.unpack_from(data)
            if origin == self.origin and icmp == self.unreachable:
                sender = socket.inet_ntop(self.sockets, data[start : start + self.address_bytes])
                return IcmpError(code, self.codes.get(code, f"code {code}"), sender)
        return None

    def tell_destination(self, bound: socket.socket) -> None:
        """Have the kernel tell the address to which a datagram was sent."""
        bound.setsockopt(self.level, self.destination_option, 1)

    def destination_of(self, notes: Sequence[Note]) -> str:
        """Return the address to which a datagram was sent, "" if the kernel did not tell."""
        for level, kind, data in notes:
            if (level, kind) == (self.level, self.destination):
                # IPv4: interface, local address, header's address. IPv6: address, interface.
                start = 4 if self.version == 4 else 0
                return socket.inet_ntop(self.sockets, data[start : start + self.address_bytes])
        return ""

    def sent_from(self, address: str) -> list[Note]:
        """Return what has a datagram leave with this source address."""
        if not address:
            return []
        packed = socket.inet_pton(self.sockets, address)
        data = (
            struct.pack("=I4s4s", 0, packed, bytes(4))
            if self.version == 4
            else struct.pack("=16sI", packed, 0)
        )
        return [(self.level, self.destination, data)]


IPV4 = Family(
    version=4,
    sockets=socket.AF_INET,
    level=socket.IPPROTO_IP,
    error_option=_IP_RECVERR,
    origin=_FROM_ICMP,
    destination_option=_IP_PKTINFO,
    destination=_IP_PKTINFO,
    address_at=4,
    address_bytes=4,
    unreachable=3,
    codes={
        0: "network unreachable",
        1: "host unreachable",
        3: "port unreachable",
        9: "network prohibited",
        10: "host prohibited",
        13: "administratively prohibited",
    },
    gone=frozenset({0, 1}),
    closed=3,
)
IPV6 = Family(
    version=6,
    sockets=socket.AF_INET6,
    level=socket.IPPROTO_IPV6,
    error_option=_IPV6_RECVERR,
    origin=_FROM_ICMP6,
    destination_option=socket.IPV6_RECVPKTINFO,
    destination=socket.IPV6_PKTINFO,
    address_at=8,
    address_bytes=16,
    unreachable=1,
    codes={
        0: "no route",
        1: "administratively prohibited",
        2: "beyond the scope of the source",
        3: "address unreachable",
        4: "port unreachable",
        5: "source prohibited",
        6: "route rejected",
    },
    gone=frozenset({0, 3}),
    closed=4,
)


def of(address: str) -> Family:
    """Return the family of an address."""
    return IPV6 if ":" in address else IPV4


def present() -> list[Family]:
    """Return the families that this kernel has."""
    found = [IPV4]
    try:
        with IPV6.open(socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return found
    return [*found, IPV6]


def parse(text: str) -> str | None:
    """Return a machine's address in its canonical form, None if it is none; IPv6 may stand in brackets."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") and ":" in text else text
    try:
        read = ipaddress.ip_address(bare)
    except ValueError:
        return None
    if isinstance(read, ipaddress.IPv6Address) and read.ipv4_mapped:
        read = read.ipv4_mapped
    nobody = read.is_loopback or read.is_multicast or read.is_unspecified or read.is_link_local
    return None if nobody or str(read) == "255.255.255.255" or "%" in bare else str(read)


def in_url(address: str) -> str:
    """Return the address as a URL or scp has it: IPv6 stands in brackets."""
    return f"[{address}]" if ":" in address else address
