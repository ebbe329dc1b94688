"""Tests a UDP port both ways: by a nonce to the peer, and by a packet of a new flow back to the same port."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from mcapp.preflight import family, protocol
from mcapp.preflight.checks import Outcome
from mcapp.preflight.ports import Port
from mcapp.preflight.probes import Probe, explained
from mcapp.preflight.protocol import SIZE, Answer, Ask, Request

# How often a packet is sent before the time is over: one lost packet proves nothing.
_TRIES = 4

# Asks the listener over another port to send a packet back.
AskBack = Callable[[Request], None]


class Exchange(NamedTuple):
    """Both directions of the port: ``back`` is None where this machine cannot tell."""

    forward: Probe
    back: bool | None


class _Nonces:
    """The nonces sent, by what they ask for."""

    def __init__(self, run: str) -> None:
        self._run = run
        self._sent: dict[str, Ask] = {}

    def request(self, ask: Ask) -> Request:
        made = Request(self._run, protocol.token(), ask)
        self._sent[made.nonce] = ask
        return made

    def answered(self, data: bytes, ask: Ask) -> Answer | None:
        answer = protocol.unpack_answer(data)
        return answer if answer and self._sent.get(answer.nonce) == ask else None


def exchange(
    address: str, port: Port, run: str, *, timeout: float, source: str, ask_back: AskBack | None
) -> Exchange:
    """Send to this port of the peer and wait for both answers, at most ``timeout`` seconds.

    Where another port answers, it carries the request for the packet back: each direction is tested alone.
    """
    nonces = _Nonces(run)
    forward = Probe(Outcome.TIMEOUT)
    back = False
    with _sockets(address, port) as (there, here):

        def send(ask: Ask) -> Probe:
            return _better(forward, _send(there, nonces.request(ask), source))

        def settled() -> bool:
            if forward.outcome is Outcome.TIMEOUT:
                return False
            hopeless = forward.outcome is not Outcome.CONNECTED and ask_back is None
            return back or here is None or hopeless

        for pause in _pauses(timeout):
            # It goes on after a success: a later answer reports what became of the packet back.
            if forward.outcome in (Outcome.TIMEOUT, Outcome.CONNECTED):
                forward = send("echo")
            if here and not back and ask_back:
                ask_back(nonces.request("back"))
            elif here and not back:
                forward = send("back")
            while not settled() and (ready := _readable(there, here, pause)):
                if there in ready:
                    forward = _better(forward, _heard(there, nonces, source))
                if here in ready:
                    back = back or _received(here, nonces)
            if settled():
                break
        return Exchange(forward, back if here else None)


def _better(known: Probe, new: Probe | None) -> Probe:
    """Return the better of two results: no later error replaces an answer."""
    if new is None or (known.outcome is Outcome.CONNECTED and new.outcome is not Outcome.CONNECTED):
        return known
    return new


def _readable(there: socket.socket, here: socket.socket | None, until: float) -> list[socket.socket]:
    waiting = [there, here] if here else [there]
    return select.select(waiting, [], [], max(0.0, until - time.monotonic()))[0]


@contextmanager
def _sockets(address: str, port: Port) -> Iterator[tuple[socket.socket, socket.socket | None]]:
    with ExitStack() as stack:
        kind = family.of(address)
        there = stack.enter_context(kind.open(socket.SOCK_DGRAM))
        kind.explain_errors(there)
        there.connect((address, port.number))
        there.setblocking(False)
        here = stack.enter_context(kind.open(socket.SOCK_DGRAM))
        try:
            here.bind(("", port.number))
        except OSError:
            yield there, None
        else:
            here.setblocking(False)
            yield there, here


def _pauses(timeout: float) -> Iterator[float]:
    """Yield the time until which to wait after each try."""
    start = time.monotonic()
    for number in range(1, _TRIES + 1):
        yield start + timeout * number / _TRIES


def _send(there: socket.socket, request: Request, source: str) -> Probe | None:
    try:
        there.send(protocol.pack_request(request))
    except OSError as error:
        return explained(there, error, source)
    return None


def _heard(there: socket.socket, nonces: _Nonces, source: str) -> Probe | None:
    try:
        answer = nonces.answered(there.recv(SIZE + 1), "echo")
    except BlockingIOError:
        return None
    except OSError as error:
        return explained(there, error, source)
    return Probe(Outcome.CONNECTED, answer=answer, at=time.time()) if answer else None


def _received(here: socket.socket, nonces: _Nonces) -> bool:
    try:
        return nonces.answered(here.recv(SIZE + 1), "back") is not None
    except BlockingIOError:
        return False
