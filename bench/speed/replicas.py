"""How the rate grows with the replicas, and who uses the machine's cores meanwhile."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from typing import NamedTuple

from mcapp.messages import announce
from tests.page.nginx import Web
from tests.support.api_process import ApiProcess
from tests.support.postgres import PostgresServer

from .cores import Busy, children_seconds, cpu_seconds
from .generator import saturate
from .reads import ONE

COUNTS = (1, 2, 4)


class Scaled(NamedTuple):
    """Requests per second, and how many cores each part kept busy."""

    rate: float
    cores: dict[str, float]


def scale(
    postgres: PostgresServer, *, rounds: int, seconds: float, warm_up: float
) -> dict[int, list[Scaled]]:
    """Read one task through nginx from 1, 2 and 4 replicas, in turn; nobody has a core of their own."""
    found: dict[int, list[Scaled]] = {count: [] for count in COUNTS}
    with ExitStack() as stack:
        replicas = [stack.enter_context(ApiProcess(postgres.environment)) for _ in range(max(COUNTS))]
        for replica in replicas:
            replica.wait_for("/readyz")
        webs = {count: stack.enter_context(Web(f"127.0.0.1:{replicas[0].port}")) for count in COUNTS}
        for count, web in webs.items():
            _spread(web, replicas[:count])
        for number in range(rounds):
            for count in COUNTS if number % 2 else reversed(COUNTS):
                parts = {
                    "api": [replica.process.pid for replica in replicas[:count]],
                    "PostgreSQL": [postgres.pid],
                    "nginx": [webs[count].pid],
                }
                found[count].append(_measure(webs[count].url, parts, seconds, warm_up))
                announce(f"round {number + 1}: {count} replicas {found[count][-1].rate:.0f}/s")
    return found


def _spread(web: Web, replicas: list[ApiProcess]) -> None:
    """Do what kube-proxy would, which spreads the connections: name every replica."""
    servers = (f"server 127.0.0.1:{replica.port} max_fails=0;\n" for replica in replicas)
    (web.run_dir / "api.conf").write_text("".join(servers), encoding="ascii")
    web.signal(signal.SIGHUP)


def _measure(url: str, parts: dict[str, list[int]], seconds: float, warm_up: float) -> Scaled:
    paths = ONE.paths()
    saturate(url, paths, seconds=warm_up)
    used = {part: cpu_seconds(pids) for part, pids in parts.items()}
    children = children_seconds()
    began = time.monotonic()
    with Busy() as busy:
        rate = saturate(url, paths, seconds=seconds)
    took = time.monotonic() - began
    cores = {part: (cpu_seconds(pids) - used[part]) / took for part, pids in parts.items()}
    cores["h2load"] = (children_seconds() - children) / took
    cores["all else on the machine"] = max(sum(busy.shares) - sum(cores.values()), 0.0)
    return Scaled(rate, cores)
