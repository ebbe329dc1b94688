"""Prometheus as a process, over processes of this machine, with the labels that the chart's monitors give."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import yaml

from dev.kind.programs import program
from dev.local import plain_http
from dev.local.ports import free_port
from mcapp import wait

_START_SECONDS = 60.0
# How each target is scraped, and each rule evaluated.
INTERVAL = "1s"


class Prometheus:
    """A server that runs; `ask` gives the samples of a query."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ready(self) -> bool:
        try:
            return plain_http.get(f"{self._url}/-/ready", timeout=5).is_success
        except httpx.TransportError:
            return False

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples of an instant query; a query that Prometheus refuses fails."""
        query = urlencode({"query": expression})
        answer = json.loads(plain_http.get(f"{self._url}/api/v1/query?{query}", timeout=20).text)
        assert answer["status"] == "success", (expression, answer)
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def alerts(self) -> set[str]:
        """Return the alerts whose expression holds now; one about a tier is `McappTierDown/web`."""
        labels = [one["metric"] for one in self.ask("ALERTS")]
        return {"/".join(one.get(key, "") for key in ("alertname", "tier")).strip("/") for one in labels}


@contextmanager
def running(targets: Mapping[str, str], groups: list[dict[str, Any]], folder: Path) -> Iterator[Prometheus]:
    """Run Prometheus for a block. `targets` has an address (`127.0.0.1:80`) for each job."""
    rules, config = folder / "rules.yaml", folder / "prometheus.yaml"
    rules.write_text(yaml.safe_dump({"groups": groups}))
    jobs = [
        {
            "job_name": job,
            "static_configs": [{"targets": [address], "labels": {"namespace": "mcapp", "pod": f"{job}-0"}}],
        }
        for job, address in targets.items()
    ]
    every = {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL}
    config.write_text(yaml.safe_dump({"global": every, "rule_files": [str(rules)], "scrape_configs": jobs}))
    port = free_port()
    command = [
        str(program("prometheus") / "prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    made = Prometheus(f"http://127.0.0.1:{port}")
    try:
        assert wait.until(made.ready, _START_SECONDS, pause=0.1), (folder / "log").read_text()
        yield made
    finally:
        process.terminate()
        process.wait(_START_SECONDS)
