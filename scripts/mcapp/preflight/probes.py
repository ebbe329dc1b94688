"""Sends one packet and tells what became of it, with the ICMP error behind a socket's error."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from typing import NamedTuple

from mcapp.preflight import family
from mcapp.preflight.checks import Outcome
from mcapp.preflight.ports import Port
from mcapp.preflight.protocol import SIZE, Answer, Request, pack_request, unpack_answer


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
    with closing(family.of(address).open(socket.SOCK_DGRAM)) as unsent:
        try:
            # Connecting a datagram socket sends nothing.
            unsent.connect((address, 9))
        except OSError:
            return None
        own: str = unsent.getsockname()[0]
    return own


def tcp(address: str, port: Port, request: Request, *, timeout: float, source: str) -> Probe:
    """Connect, and send the request to the program that accepts."""
    kind = family.of(address)
    with closing(kind.open(socket.SOCK_STREAM)) as connection:
        kind.explain_errors(connection)
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


def explained(failed: socket.socket, error: OSError, source: str) -> Probe:
    """Tell what is behind a socket's error; ``source`` is this machine's own address there."""
    if isinstance(error, TimeoutError):
        return Probe(Outcome.TIMEOUT)
    kind = family.of(source)
    icmp = kind.icmp_error(failed)
    if icmp is None and isinstance(error, PermissionError):
        return Probe(Outcome.FILTERED, sender=source)
    if icmp is None:
        refused = isinstance(error, ConnectionRefusedError)
        return Probe(Outcome.REFUSED if refused else Outcome.UNREACHABLE)
    if icmp.sender == source and icmp.code in kind.gone:
        # The kernel sends it to itself where no machine answers ARP, or its counterpart of IPv6.
        return Probe(Outcome.UNREACHABLE)
    # A closed TCP port answers with a reset: an ICMP message instead comes from a firewall.
    closed = icmp.code == kind.closed and failed.type == socket.SOCK_DGRAM and icmp.sender != source
    return Probe(Outcome.REFUSED if closed else Outcome.FILTERED, icmp.named, icmp.sender)
