"""The contenders: each answers the two reads in its own way, from one PostgreSQL."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import httpx

from dev.kind.postgres import installation
from dev.kind.process import output
from dev.local.api_process import ApiProcess
from dev.local.ports import free_port
from dev.local.postgres import PostgresServer
from mcapp import wait
from mcapp.errors import FailedError

from .cores import MEASURED, OTHERS, children_seconds, cpu_seconds, on_core
from .generator import saturate
from .reads import TASKS, Read

_START_SECONDS = 30.0


class Run(NamedTuple):
    """One run: reads per second, and the contender's CPU time for each read, in microseconds."""

    rate: float
    cpu_us: float


class Contender(Protocol):
    """A program whose reads per second are measured."""

    name: str
    what: str

    def run(self, read: Read, seconds: float, warm_up: float) -> Run:
        """Read for `seconds`, after a warm-up."""
        ...


@dataclass
class Http:
    """A server at `url`. `query` is added to every path; `pid` is the measured process."""

    name: str
    what: str
    url: str
    pid: int
    query: str = ""

    def paths(self, read: Read) -> list[str]:
        """Return the paths of a read."""
        return [f"{path}{self.query}" for path in read.paths()]

    def run(self, read: Read, seconds: float, warm_up: float) -> Run:
        """Send the requests from the other core."""
        with on_core(OTHERS):
            saturate(self.url, self.paths(read), seconds=warm_up)
            used = cpu_seconds([self.pid])
            rate = saturate(self.url, self.paths(read), seconds=seconds)
            return Run(rate, (cpu_seconds([self.pid]) - used) / (rate * seconds) * 1e6)


@dataclass
class Pgbench:
    """PostgreSQL's own benchmark, with a client for each connection of a pool."""

    postgres: PostgresServer
    clients: int
    name: str = "pgbench"
    what: str = "the same SQL, prepared; no Python, no HTTP"

    def run(self, read: Read, seconds: float, warm_up: float) -> Run:  # noqa: ARG002
        """Run pgbench; the CPU time is pgbench's own, without PostgreSQL's."""
        used = children_seconds()
        variables = [rf"\set {name} {value}" for name, value in read.parameters.items()]
        lines = variables or [rf"\set id random(1, {TASKS})"]
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script, on_core(MEASURED):
            script.write("\n".join([*lines, f"{read.placeholders(':{name}')};"]))
            script.flush()
            said = output(
                [
                    *(installation() / "bin" / "pgbench", "--no-vacuum", "--protocol=prepared", "--jobs=1"),
                    *(f"--client={self.clients}", f"--time={seconds:.0f}", f"--file={script.name}"),
                    self.postgres.url,
                ],
                env=self.postgres.environment,
            )
        match = re.search(r"tps = ([\d.]+)", said)
        if not match:
            raise FailedError(f"The output of pgbench has no rate: {said}")
        rate = float(match[1])
        return Run(rate, (children_seconds() - used) / (rate * seconds) * 1e6)


@dataclass
class Loop:
    """rivals/psycopg_loop.py."""

    postgres: PostgresServer
    name: str = "bare psycopg loop"
    what: str = "the same SQL through the same pool; no HTTP"

    def run(self, read: Read, seconds: float, warm_up: float) -> Run:
        """Run the loop."""
        command = [sys.executable, "-m", "bench.rivals.psycopg_loop", read.name, str(seconds), str(warm_up)]
        with on_core(MEASURED):
            said = output(command, env=self.postgres.environment)
        return Run(*map(float, said.split()))


@contextmanager
def api(postgres: PostgresServer, **environment: str) -> Iterator[ApiProcess]:
    """Run one replica on the measured core, with the chart's settings."""
    with on_core(MEASURED):
        process = ApiProcess({**postgres.environment, **environment})
    with process:
        process.wait_for("/readyz")
        yield process


@contextmanager
def uvicorn(postgres: PostgresServer, app: str, name: str, what: str, *options: str) -> Iterator[Http]:
    """Run one of bench.rivals on the measured core."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", f"bench.rivals.{app}", f"--port={port}", *options]
    with on_core(MEASURED):
        process = subprocess.Popen(
            command,
            env={**os.environ, **postgres.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    made = Http(name, what, f"http://127.0.0.1:{port}", process.pid)
    try:
        _wait(made.url, process)
        yield made
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    def answered() -> bool:
        if process.poll() is not None:
            raise FailedError(f"The app at {url} ended with exit code {process.returncode}.")
        try:
            return httpx.get(f"{url}/api/tasks").is_success
        except httpx.TransportError:
            return False

    if not wait.until(answered, _START_SECONDS, pause=0.05):
        raise FailedError(f"The app at {url} does not answer.")
