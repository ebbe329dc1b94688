"""The lock on a volume, held by real processes as the containers of two pods hold it."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest

from tests.support.render import Objects

Render = Callable[..., Objects]
Start = Callable[..., subprocess.Popen[str]]
# A server whose child outlives it by a little.
SERVER = ("sh", "-c", "echo held; sleep 0.5 & exec sleep 60")


@pytest.fixture(params=["standalone", "ha"])
def start(request: pytest.FixtureRequest, render: Render, tmp_path: Path) -> Iterator[Start]:
    """Start what a container of db does before its program, with `program` in that one's place."""
    command = render({"topology": "multi", "db": {"mode": request.param}}).pod("db")["containers"][0][
        "command"
    ]
    started: list[subprocess.Popen[str]] = []

    def run(*program: str) -> subprocess.Popen[str]:
        # The last word is the chart's program. A shell cannot trap what its parent ignores, as that of
        # a job in the background does; a container's first process has none.
        process = subprocess.Popen(
            ["env", "--default-signal", *command[:-1], *program],
            env={"PATH": "/usr/bin:/bin", "PGDATA": str(tmp_path / "pgdata")},
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def line(stream: IO[str] | None) -> str:
    assert stream
    return stream.readline()


def test_a_second_container_waits_until_the_first_is_gone(start: Start) -> None:
    first = start(*SERVER)
    assert line(first.stdout) == "held\n"
    second = start(*SERVER)
    assert line(second.stdout).startswith("Waiting for the container")
    first.kill()
    assert line(second.stdout) == "held\n"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_container_that_waits_ends_when_it_is_told_to(start: Start, end: signal.Signals) -> None:
    first = start(*SERVER)
    assert line(first.stdout) == "held\n"
    second = start(*SERVER)
    assert line(second.stdout).startswith("Waiting for the container")
    second.send_signal(end)
    assert second.wait(5) == 143


OWN = {"existingSecret": "mine", "keys": {"superuserPassword": "root", "appPassword": "APP"}}
GOOD = {"POSTGRES_PASSWORD": "it's $x", "APP_PASSWORD": "b", "REPLICATION_PASSWORD": "c"}


@pytest.mark.parametrize("mode", ["standalone", "ha"])
@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("POSTGRES_PASSWORD", "root"),
        ("APP_PASSWORD", "APP"),
        ("REPLICATION_PASSWORD", "replication-password"),
    ],
)
def test_a_first_start_refuses_a_password_with_a_line_break(
    render: Render, tmp_path: Path, mode: str, variable: str, key: str
) -> None:
    values = {"topology": "multi", "db": {"mode": mode, "auth": OWN}}
    command = render(values).pod("db")["containers"][0]["command"]
    data = tmp_path / "pgdata"

    def first(**passwords: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": "/usr/bin:/bin", "PGDATA": str(data), **GOOD, **passwords}
        words = [*command[:-1], "sh", "-c", "echo started"]
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=False)

    assert first().stdout == "started\n"
    for end in ("\n", "\r", "\nb"):
        done = first(**{variable: f"a{end}"})
        assert done.returncode == 1
        assert f"the Secret's key {key} holds a line break" in done.stdout
        assert "started" not in done.stdout
    # A server that has its data keeps the passwords that it has.
    data.mkdir()
    (data / "PG_VERSION").write_text("16")
    assert first(**{variable: "a\n"}).stdout == "started\n"


def test_what_the_program_does_with_a_signal_is_its_own_affair(start: Start) -> None:
    server = start(*SERVER)
    assert line(server.stdout) == "held\n"
    server.terminate()
    assert server.wait(5) == -signal.SIGTERM
