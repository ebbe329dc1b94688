"""Which role needs which port, and the messages between preflight and its listener."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcapp.preflight import ports, protocol
from mcapp.preflight.ports import Port, Role
from mcapp.preflight.protocol import SIZE, Answer, Request

RUN, NONCE = "0" * 32, "f" * 32


@pytest.mark.parametrize(
    ("source", "target", "etcd", "expected"),
    [
        ("agent", "server", False, "6443/tcp 10250/tcp 8472/udp"),
        ("server", "agent", False, "10250/tcp 8472/udp"),
        ("agent", "server", True, "6443/tcp 10250/tcp 8472/udp"),
        ("server", "agent", True, "10250/tcp 8472/udp"),
        ("server", "server", True, "6443/tcp 10250/tcp 8472/udp 2379/tcp 2380/tcp"),
    ],
)
def test_required_ports(source: Role, target: Role, etcd: bool, expected: str) -> None:
    assert " ".join(map(str, ports.required(source, target, etcd))) == expected


@pytest.mark.parametrize("port", [*ports.listened(etcd=True)])
def test_every_port_has_a_reason(port: Port) -> None:
    assert port in ports.REASONS


@pytest.mark.parametrize(
    ("role", "etcd"), [("server", False), ("server", True), ("agent", False), ("agent", True)]
)
def test_bound_ports(role: Role, etcd: bool) -> None:
    numbers = {port.number for port in ports.bound(role, etcd)}
    assert {8472, 10250, 30080} <= numbers
    assert (6443 in numbers) == (role == "server")
    assert (2379 in numbers) == (role == "server" and etcd)


def test_a_request_survives_its_frame() -> None:
    request = Request(RUN, NONCE, "back")
    packed = protocol.pack_request(request)
    assert len(packed) == SIZE
    assert protocol.unpack_request(packed) == request


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"preflight": 1, "run": RUN, "nonce": NONCE},
        {"preflight": 2, "run": RUN, "nonce": NONCE, "ask": "echo"},
        {"preflight": 1, "run": RUN, "nonce": NONCE, "ask": "echo", "more": 1},
        {"preflight": 1, "run": RUN, "nonce": NONCE[1:], "ask": "echo"},
        {"preflight": 1, "run": RUN, "nonce": 7, "ask": "echo"},
        {"preflight": 1, "run": RUN, "nonce": NONCE, "ask": "shell"},
        {"preflight": 1, "run": RUN, "nonce": NONCE, "ask": ["echo"]},
        [],
        None,
    ],
)
def test_no_requests(fields: Any) -> None:
    assert protocol.unpack_request(json.dumps(fields).encode().ljust(SIZE)) is None


@pytest.mark.parametrize("data", [b"", b"[" * SIZE, b"\xff" * SIZE, b" " * SIZE, b"{" * SIZE * 100])
def test_bytes_that_are_nothing(data: bytes) -> None:
    assert protocol.unpack_request(data) is None
    assert protocol.unpack_answer(data) is None


def test_the_longest_answer_is_no_longer_than_a_request() -> None:
    every = tuple(map(str, ports.listened(etcd=True)))
    answer = Answer(NONCE, "h" * 300, 1795470000.1234567, "f" * 80, every, every, "filtered")
    packed = protocol.pack_answer(answer)
    assert len(packed) <= SIZE
    assert protocol.unpack_answer(packed) == answer._replace(host="h" * 64)


@pytest.mark.parametrize(
    "change",
    [{"time": "now"}, {"host": 1}, {"got": "8472/udp"}, {"got": [1]}, {"back": "eaten"}, {"nonce": ""}],
)
def test_no_answers(change: dict[str, object]) -> None:
    sound = json.loads(protocol.pack_answer(Answer(NONCE, "h", 1.0, "none", (), (), "")))
    assert protocol.unpack_answer(json.dumps(sound).encode()) is not None
    assert protocol.unpack_answer(json.dumps(sound | change).encode()) is None
