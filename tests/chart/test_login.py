"""The script of the Job test-database: what it lets pass on a real PostgreSQL, and what it must not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from dev.local.ports import free_port
from dev.local.postgres import PostgresServer
from mcapp.config import CHART

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as started:
        yield started


def tried(server: PostgresServer, *names: str, **changed: str) -> tuple[int, str]:
    """Run the script with what api would be told; its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, str(CHART / "files" / "tests" / "login.py"), *names],
        env={**os.environ, **server.environment, **changed},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_server_that_asks_for_the_password_passes(server: PostgresServer) -> None:
    code, told = tried(server, "localhost")
    assert code == 0, told
    lines = [line.rpartition(" (")[0] for line in told.splitlines()]
    assert lines[0].startswith("ok   localhost is ")
    assert lines[1:] == [
        f"ok   127.0.0.1:{server.port} accepts the right password of app",
        "ok   a wrong password is refused",
    ]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"PGPASSWORD": "other"}, "FAIL the Secret's password does not open the database"),
        ({"PGPASSWORD": "other\n"}, "It holds a line break: `echo` adds one"),
        # The script asks for 20 s before it gives up.
        pytest.param(
            {"DATABASE_URL": "postgresql://127.0.0.1:{free}/appdb"},
            "Connection refused",
            marks=pytest.mark.thorough,
        ),
    ],
    ids=["password", "line break", "refused"],
)
def test_the_right_password_must_open_it(server: PostgresServer, changed: dict[str, str], said: str) -> None:
    # What stays shut is told after a while.
    free = free_port()
    code, told = tried(server, **{name: value.format(free=free) for name, value in changed.items()})
    assert code == 1
    assert said in told
    assert "Traceback" not in told


def test_every_name_must_resolve(server: PostgresServer) -> None:
    code, told = tried(server, "localhost", "db-0.nowhere.invalid")
    assert code == 1
    assert "FAIL the name db-0.nowhere.invalid does not resolve" in told


def test_a_server_that_trusts_everybody_fails() -> None:
    with PostgresServer() as server:
        server.admit("local all all trust", "host all all all trust")
        code, told = tried(server)
    assert code == 1
    assert "ok   127.0.0.1" in told
    assert "FAIL a wrong password is accepted: whoever reaches the database gets in." in told
    assert "`trust`" in told
