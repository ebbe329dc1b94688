"""The exporter as a process: `python -m mcapp_exporter` on a free port of this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from dev import ROOT
from dev.local import plain_http
from dev.local.ports import free_port
from dev.local.postgres import PostgresServer
from mcapp import wait

_START_SECONDS = 60.0


class Exporter:
    """One exporter that runs, with what it tells."""

    def __init__(self, url: str) -> None:
        self.url = url

    def samples(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Scrape it once; return the values of each metric by those of its labels."""
        answer = plain_http.get(f"{self.url}/metrics", timeout=20)
        assert answer.status_code == 200, answer.text
        found: dict[str, dict[tuple[str, ...], float]] = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sample.labels.values())] = sample.value
        return found

    def value(self, name: str) -> float:
        """Scrape it once; return the value of a metric without labels."""
        return self.samples()[name][()]


@contextmanager
def running(tier: str, **environment: str) -> Iterator[Exporter]:
    """Run an exporter of one tier, with the variables that the chart gives it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "mcapp_exporter", tier],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT / "src/api"),
            "MCAPP_METRICS_PORT": str(port),
            **environment,
        },
    )
    exporter = Exporter(f"http://127.0.0.1:{port}")

    def answers() -> bool:
        assert process.poll() is None
        try:
            return plain_http.get(f"{exporter.url}/metrics", timeout=20).is_success
        except httpx.TransportError:
            return False

    try:
        assert wait.until(answers, _START_SECONDS, pause=0.05)
        yield exporter
    finally:
        process.terminate()
        assert process.wait(_START_SECONDS) == 0


@contextmanager
def beside(server: PostgresServer, password: Path) -> Iterator[Exporter]:
    """Run an exporter of db for a server. `password` is the file that it reads, made if it is not there."""
    if not password.exists():
        password.write_text(server.app_password)
    where = {"DATABASE_URL": server.url, "PGUSER": "app", "MCAPP_PASSWORD_FILE": str(password)}
    with running("db", MCAPP_VOLUME=str(server.folder), **where) as exporter:
        yield exporter
