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


def test_what_the_program_does_with_a_signal_is_its_own_affair(start: Start) -> None:
    server = start(*SERVER)
    assert line(server.stdout) == "held\n"
    server.terminate()
    assert server.wait(5) == -signal.SIGTERM
