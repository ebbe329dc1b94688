"""The load: h2load sends as fast as it gets answers, vegeta at a steady rate."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from dev.kind.process import output
from dev.kind.programs import command
from dev.kind.versions import versions
from mcapp.errors import FailedError

PACKAGES = ("nghttp2-client",)
CONNECTIONS = 32


class Latency(NamedTuple):
    """Milliseconds from the time at which a request was due to its answer."""

    median: float
    p99: float


def saturate(url: str, paths: Sequence[str], *, seconds: float, posting: str = "") -> float:
    """Return the answers per second on CONNECTIONS connections, each with one open request.

    `posting` is a JSON document, which each request posts; without it all are reads.

    Raises:
        UserError: an answer was no success.

    """
    with _file(f"{url}{path}" for path in paths) as addresses, _file([posting]) as document:
        body = (f"--data={document}", "--header=content-type: application/json") if posting else ()
        said = output(
            [
                *("h2load", "--h1", "--threads=1", f"--clients={CONNECTIONS}", f"--input-file={addresses}"),
                *(f"--duration={seconds * 1000:.0f}ms", *body),
            ]
        )
    done = re.search(r"requests: .* (\d+) done, (\d+) succeeded", said)
    if not done or done[1] != done[2] or int(done[1]) == 0:
        raise FailedError(f"Not every answer of {url} was a success: {said}")
    return int(done[1]) / seconds


def paced(url: str, paths: Sequence[str], *, rate: float, seconds: float) -> Latency:
    """Return the latency at `rate` requests per second.

    Raises:
        UserError: an answer was no success.

    """
    vegeta = command("vegeta")
    with _file(f"GET {url}{path}" for path in paths) as targets, tempfile.TemporaryFile() as results:
        attack = [str(vegeta), "attack", f"-targets={targets}", f"-rate={rate:.0f}", f"-duration={seconds}s"]
        # A request that finds every connection busy waits, and that time counts.
        attack += [f"-connections={CONNECTIONS}", f"-max-connections={CONNECTIONS}"]
        subprocess.run(attack, stdout=results, check=True)
        results.seek(0)
        done = subprocess.run(
            [vegeta, "report", "-type=json"], stdin=results, capture_output=True, check=True
        )
    report = json.loads(done.stdout)
    if report["success"] != 1:
        raise FailedError(f"Not every answer of {url} was a success: {report}")
    return Latency(report["latencies"]["50th"] / 1e6, report["latencies"]["99th"] / 1e6)


def described() -> str:
    """Return the names and versions of both generators."""
    h2load = output(["h2load", "--version"]).split("/")[1]
    vegeta = versions()["programs"]["vegeta"]["module"].split("@")[1]
    return f"h2load of nghttp2 {h2load} (one thread, {CONNECTIONS} connections), vegeta {vegeta}"


@contextmanager
def _file(lines: Iterable[str]) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        yield file.name
