"""Packets of every size between two network namespaces, one of which loses the large ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dev import ROOT
from dev.local.postgres import PostgresServer
from mcapp.doctor.read.reader import probe
from tests.support.preflight_machines import Machine, Pair, apply, two_machines, why_not

PORT = 5432
# Passes connections to PostgreSQL's socket: the server itself listens in another namespace.
RELAY = """
import socket, sys, threading
def move(one, other):
    while data := one.recv(65536):
        other.sendall(data)
    other.shutdown(socket.SHUT_WR)
def serve(client):
    server = socket.socket(socket.AF_UNIX)
    server.connect(sys.argv[2])
    threading.Thread(target=move, args=(client, server), daemon=True).start()
    threading.Thread(target=move, args=(server, client), daemon=True).start()
listener = socket.create_server((sys.argv[1], int(sys.argv[3])))
print("listening", flush=True)
while True:
    serve(listener.accept()[0])
"""


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as made:
        yield made


@contextmanager
def relayed(server: PostgresServer, there: Machine) -> Iterator[None]:
    """Let the server answer at the machine's address."""
    with subprocess.Popen(
        there.command(sys.executable, "-c", RELAY, there.address, server.socket, str(PORT)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "listening\n"
            yield
        finally:
            process.terminate()


def asked(server: PostgresServer, pair: Pair) -> dict[str, Any]:
    """Return what the probe on the one machine finds out about the way to the other."""
    to = (pair.there.address, PORT)
    ask: dict[str, Any] = {
        "names": [],
        "tcp": {"pod/db-0": to},
        "http": {},
        "wide": {"pod/db-0": to},
        "login": None,
    }
    url = f"postgresql://{pair.there.address}:{PORT}/{server.database}"
    env = {**os.environ, **server.environment, "DATABASE_URL": url, "PYTHONPATH": str(ROOT / "src" / "api")}
    command = pair.here.command(sys.executable, "-c", probe(), json.dumps(ask))
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["tcp"]["pod/db-0"]["outcome"] == "connected", "a small packet gets through"
    wide: dict[str, Any] = found["wide"]["pod/db-0"]
    return wide


@pytest.mark.skipif(bool(why_not()), reason=why_not())
@pytest.mark.parametrize(
    ("rule", "outcome", "way"),
    [
        ("", "connected", None),
        (f"there -A INPUT -p tcp --dport {PORT} -m length --length 1401:65535 -j DROP", "lost", "to"),
        (f"here -A INPUT -p tcp --sport {PORT} -m length --length 1401:65535 -j DROP", "lost", "from"),
    ],
    ids=["nothing is lost", "lost there", "lost on the way back"],
)
def test_both_figures(server: PostgresServer, rule: str, outcome: str, way: str | None) -> None:
    with two_machines() as pair, relayed(server, pair.there):
        apply(pair, [rule] if rule else [])
        began = time.monotonic()
        found = asked(server, pair)
        assert time.monotonic() - began < 5
    assert (found["outcome"], found.get("way"), found["mtu"]) == (outcome, way, 1500), found
    if way:
        assert found["arrives"] == 1400
