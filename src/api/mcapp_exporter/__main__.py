"""Serves the figures of one tier: `python -m mcapp_exporter web` or `python -m mcapp_exporter db`.

The environment: `MCAPP_METRICS_PORT`, where it listens (9113 for web, 9187 for db). For web `MCAPP_WEB_PORT`,
where nginx listens (8080). For db `DATABASE_URL`, `MCAPP_PASSWORD_FILE`, the file with the password, and
`MCAPP_VOLUME`, the path of the data's volume.
"""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from .db import DatabaseCollector
from .web import WebCollector

PORTS = {"web": 9113, "db": 9187}


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser("python -m mcapp_exporter", description=__doc__)
    parser.add_argument("tier", choices=PORTS)
    tier: str = parser.parse_args().tier

    stops = (signal.SIGTERM, signal.SIGINT)
    # Blocked before the server's thread starts, which inherits it: so that only sigwait takes them.
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    registry = CollectorRegistry()
    registry.register(_collector(tier))
    # "::" takes IPv4 too, but a node may have no IPv6.
    address = "::" if Path("/proc/net/if_inet6").exists() else "0.0.0.0"  # noqa: S104 - a NetworkPolicy is before it
    start_http_server(int(os.environ.get("MCAPP_METRICS_PORT", PORTS[tier])), addr=address, registry=registry)
    signal.sigwait(stops)


def _collector(tier: str) -> Collector:
    if tier == "web":
        return WebCollector(Path("/proc/net"), int(os.environ.get("MCAPP_WEB_PORT", "8080")))
    password = Path(os.environ["MCAPP_PASSWORD_FILE"])
    return DatabaseCollector(os.environ["DATABASE_URL"], password, Path(os.environ["MCAPP_VOLUME"]))


if __name__ == "__main__":
    main()
