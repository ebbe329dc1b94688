"""Sends one packet and tells what became of it, with the ICMP error behind a socket's error."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import closing
from typing import NamedTuple

from mcapp.preflight.checks import Outcome
from mcapp.preflight.ports import Port
from mcapp.preflight.protocol import SIZE, Answer, Request, pack_request, unpack_answer

# linux/in.h and linux/errqueue.h; the socket module does not name them.
_IP_RECVERR = 11
_FROM_ICMP = 2
_EXTENDED_ERROR = struct.Struct("=IBBBBII")
_HOST_GONE = {0: "network unreachable", 1: "host unreachable"}
_PORT_UNREACHABLE = 3
_ICMP = {
    **_HOST_GONE,
    _PORT_UNREACHABLE: "port unreachable",
    9: "network prohibited",
    10: "host prohibited",
    13: "administratively prohibited",
}


class Probe(NamedTuple):
    """What became of a packet: the ICMP message and its sender if one came, the listener's answer if any.

    ``at`` is this machine's clock when the answer came, in seconds since 1970.
    """

    outcome: Outcome
    icmp: str = ""
    sender: str = ""
    answer: Answer | None = None
    at: float = 0.0


def source_towards(address: str) -> str | None:
    """Return this machine's own address on the way to another, None if there is no route."""
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as unsent:
        try:
            # Connecting a datagram socket sends nothing.
            unsent.connect((address, 9))
        except OSError:
            return None
        own: str = unsent.getsockname()[0]
    return own


def tcp(address: str, port: Port, request: Request, *, timeout: float, source: str) -> Probe:
    """Connect, and send the request to the program that accepts."""
    with closing(socket.socket()) as connection:
        explain_errors(connection)
        connection.settimeout(timeout)
        try:
            connection.connect((address, port.number))
        except OSError as error:
            return explained(connection, error, source)
        answer = _asked(connection, request, timeout)
        return Probe(Outcome.CONNECTED, answer=answer, at=time.time())


def _asked(connection: socket.socket, request: Request, timeout: float) -> Answer | None:
    received = b""
    deadline = time.monotonic() + timeout
    try:
        connection.sendall(pack_request(request))
        while part := connection.recv(SIZE + 1 - len(received)):
            received += part
            connection.settimeout(max(0.001, deadline - time.monotonic()))
    except OSError:
        return None
    answer = unpack_answer(received)
    return answer if answer and answer.nonce == request.nonce else None


def explain_errors(sending: socket.socket) -> None:
    """Have the kernel keep the ICMP messages that come back for this socket."""
    sending.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)


def explained(failed: socket.socket, error: OSError, source: str) -> Probe:
    """Tell what is behind a socket's error; ``source`` is this machine's own address there."""
    if isinstance(error, TimeoutError):
        return Probe(Outcome.TIMEOUT)
    if isinstance(error, PermissionError):
        return Probe(Outcome.FILTERED, sender=source)
    code, sender = _icmp(failed)
    if code is None:
        refused = isinstance(error, ConnectionRefusedError)
        return Probe(Outcome.REFUSED if refused else Outcome.UNREACHABLE)
    if sender == source and code in _HOST_GONE:
        # The kernel sends it to itself where no machine answers ARP.
        return Probe(Outcome.UNREACHABLE)
    # A closed TCP port answers with a reset: an ICMP message instead comes from a firewall.
    closed = code == _PORT_UNREACHABLE and failed.type == socket.SOCK_DGRAM and sender != source
    named = _ICMP.get(code, f"code {code}")
    return Probe(Outcome.REFUSED if closed else Outcome.FILTERED, named, sender)


def _icmp(failed: socket.socket) -> tuple[int | None, str]:
    try:
        _, notes, _, _ = failed.recvmsg(SIZE, SIZE, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
    except OSError:
        return None, ""
    for level, kind, data in notes:
        if (level, kind) == (socket.IPPROTO_IP, _IP_RECVERR) and len(data) >= _EXTENDED_ERROR.size + 8:
            _, origin, _, code, _, _, _ = _EXTENDED_ERROR.unpack_from(data)
            if origin == _FROM_ICMP:
                return code, socket.inet_ntoa(data[_EXTENDED_ERROR.size + 4 :][:4])
    return None, ""
