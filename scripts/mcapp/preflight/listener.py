"""Waits at the ports of k3s, answers well-formed probes and remembers which machine reached which port."""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from mcapp.preflight import family, protocol
from mcapp.preflight.checks import Outcome
from mcapp.preflight.family import Family
from mcapp.preflight.ports import Backend, Port, overlay
from mcapp.preflight.probes import Probe, explained
from mcapp.preflight.protocol import SIZE, Answer, Back, Request

# Limits: what a stranger can make the listener do.
_ANSWERS_EACH = 2048
_SOURCES = 1024
_OPEN = 64
_PATIENCE = 3.0

# Called once for each port a machine reaches.
Heard = Callable[[str, str], None]


class _Run(NamedTuple):
    """One run of preflight: the address it comes from, and its id."""

    source: str
    run: str


@dataclass
class _Seen:
    """What arrived from one run, and what became of the packet sent back."""

    got: list[str] = field(default_factory=list)
    back: Back = ""


class Listener:
    """Answers at ``ports`` until its time is up; only ``peers`` where some are named.

    ``firewalls`` are the descriptions of this machine's, by IP version.
    """

    def __init__(
        self,
        ports: Iterable[Port],
        peers: Collection[str],
        host: str,
        firewalls: Mapping[int, str],
        heard: Heard,
        backend: Backend = "vxlan",
    ) -> None:
        self.listening: list[Port] = []
        self.taken: list[Port] = []
        self.received: dict[str, list[str]] = {}
        self.ignored: Counter[str] = Counter()
        self._ports = ports
        self._peers = frozenset(peers)
        self._host = host
        self._firewalls = firewalls
        self._heard = heard
        self._backend = backend
        self._runs: dict[_Run, _Seen] = {}
        self._answered: Counter[str] = Counter()
        # Open sockets towards peers, and until when each may stay open.
        self._guests: dict[socket.socket, float] = {}
        self._selector = selectors.DefaultSelector()
        self._stack = ExitStack()

    def __enter__(self) -> Listener:
        self._stack.callback(self._selector.close)
        self._stack.callback(self._close_guests)
        for port in self._ports:
            try:
                self._listen(port)
            except OSError:
                self.taken.append(port)
            else:
                self.listening.append(port)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _listen(self, port: Port) -> None:
        """Wait at the port in each IP version that the kernel has; OSError if another program holds one."""
        datagrams = port.proto == "udp"
        ready: list[tuple[socket.socket, Callable[[socket.socket], None]]] = []
        with ExitStack() as opened:
            for kind in family.present():
                bound = opened.enter_context(
                    kind.open(socket.SOCK_DGRAM if datagrams else socket.SOCK_STREAM)
                )
                bound.setblocking(False)
                if datagrams:
                    kind.tell_destination(bound)
                    bound.bind(("", port.number))
                    ready.append((bound, partial(self._datagram, kind, port)))
                else:
                    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    bound.bind(("", port.number))
                    bound.listen(_OPEN)
                    ready.append((bound, self._accept))
            self._stack.push(opened.pop_all())
        for bound, read in ready:
            self._selector.register(bound, selectors.EVENT_READ, read)

    def serve(self, seconds: float) -> None:
        """Answer for this long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for key, _ in self._selector.select(min(left, 0.5)):
                # One event of a batch may have closed the socket of the next.
                if isinstance(key.fileobj, socket.socket) and key.fileobj.fileno() >= 0:
                    key.data(key.fileobj)
            now = time.monotonic()
            for guest in [guest for guest, until in self._guests.items() if until < now]:
                self._leave(guest)

    # -- what arrives ----------------------------------------------------------------------------------

    def _datagram(self, kind: Family, port: Port, bound: socket.socket) -> None:
        try:
            data, notes, _, (source, number, *_) = bound.recvmsg(SIZE + 1, SIZE)
        except OSError:
            return
        request = self._accepted(source, data, port)
        if request is None:
            return
        # It answers from the address that was asked.
        own = kind.destination_of(notes)
        if request.ask == "back":
            self._send_back(own, source, request)
            return
        with suppress(OSError):
            bound.sendmsg([self._answer(source, request)], kind.sent_from(own), 0, (source, number))

    def _accept(self, bound: socket.socket) -> None:
        try:
            connection, (source, *_) = bound.accept()
        except OSError:
            return
        if self._peers and source not in self._peers:
            self.ignored[source] += 1
            connection.close()
            return
        port = Port(bound.getsockname()[1], "tcp")
        self._note(source, port)
        data = bytearray()

        def read(ready: socket.socket) -> None:
            try:
                part = ready.recv(SIZE + 1 - len(data))
            except OSError:
                part = b""
            data.extend(part)
            if len(data) < SIZE and part:
                return
            self._put(ready, source, bytes(data), port)
            self._leave(ready)

        self._admit(connection, read)

    def _put(self, connection: socket.socket, source: str, data: bytes, port: Port) -> None:
        request = self._accepted(source, data, port)
        if request is None:
            return
        if request.ask == "back":
            self._send_back(connection.getsockname()[0], source, request)
        with suppress(OSError):
            connection.sendall(self._answer(source, request))

    def _accepted(self, source: str, data: bytes, port: Port) -> Request | None:
        request = protocol.unpack_request(data)
        stranger = bool(self._peers) and source not in self._peers
        spent = self._answered[source] >= _ANSWERS_EACH or len(self._answered) > _SOURCES
        if request is None or stranger or spent:
            if len(self.ignored) < _SOURCES:
                self.ignored[source] += 1
            return None
        self._answered[source] += 1
        self._note(source, port)
        got = self._seen(source, request).got
        if str(port) not in got:
            got.append(str(port))
        return request

    def _note(self, source: str, port: Port) -> None:
        if len(self.received) >= _SOURCES and source not in self.received:
            return
        known = self.received.setdefault(source, [])
        if str(port) not in known:
            known.append(str(port))
            self._heard(source, str(port))

    def _seen(self, source: str, request: Request) -> _Seen:
        return self._runs.setdefault(_Run(source, request.run), _Seen())

    # -- what is sent ----------------------------------------------------------------------------------

    def _answer(self, source: str, request: Request) -> bytes:
        seen = self._seen(source, request)
        answer = Answer(
            request.nonce,
            self._host,
            time.time(),
            self._firewalls[family.of(source).version],
            tuple(map(str, self.listening)),
            tuple(seen.got),
            seen.back,
        )
        return protocol.pack_answer(answer)

    def _send_back(self, own: str, source: str, request: Request) -> None:
        """Send the answer as a new flow, as flannel does, and remember what becomes of it."""
        seen = self._seen(source, request)
        kind = family.of(source)
        back = kind.open(socket.SOCK_DGRAM)

        def failed(error: OSError) -> Back:
            probe: Probe = explained(back, error, own)
            if probe.outcome is Outcome.REFUSED:
                return "refused"
            return "blocked" if probe.sender == own else "filtered"

        def read(ready: socket.socket) -> None:
            try:
                ready.recv(SIZE)
            except OSError as error:
                seen.back = failed(error)
            self._leave(ready)

        back.setblocking(False)
        try:
            kind.explain_errors(back)
            back.bind((own, 0))
            back.connect((source, overlay(self._backend, source).number))
            back.send(self._answer(source, request))
        except OSError as error:
            seen.back = failed(error)
            back.close()
            return
        seen.back = seen.back or "sent"
        self._admit(back, read)

    # -- what stays open for a while -------------------------------------------------------------------

    def _admit(self, guest: socket.socket, read: Callable[[socket.socket], None]) -> None:
        guest.setblocking(False)
        if len(self._guests) >= _OPEN:
            self._leave(next(iter(self._guests)))
        self._guests[guest] = time.monotonic() + _PATIENCE
        self._selector.register(guest, selectors.EVENT_READ, read)

    def _leave(self, guest: socket.socket) -> None:
        self._guests.pop(guest, None)
        self._selector.unregister(guest)
        guest.close()

    def _close_guests(self) -> None:
        for guest in list(self._guests):
            self._leave(guest)
