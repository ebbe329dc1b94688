"""The rate for each number of replicas, and the use of the machine's cores meanwhile."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from typing import NamedTuple

from dev.local.api_process import ApiProcess
from dev.local.nginx import Web
from dev.local.postgres import PostgresServer
from mcapp.messages import announce

from .cores import Busy, children_seconds, cpu_seconds
from .generator import saturate
from .reads import ONE

COUNTS = (1, 2, 4)


class Scaled(NamedTuple):
    """Requests per second, and the number of cores that each part used."""

    rate: float
    cores: dict[str, float]


def scale(
    postgres: PostgresServer, *, rounds: int, seconds: float, warm_up: float
) -> dict[int, list[Scaled]]:
    """Read one task through nginx from 1, 2 and 4 replicas, in turn; every process may use every core."""
    runs: dict[int, list[Scaled]] = {count: [] for count in COUNTS}
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
                runs[count].append(_measure(webs[count].url, parts, seconds, warm_up))
                announce(f"round {number + 1}: {count} replicas {runs[count][-1].rate:.0f}/s")
    return runs


def _spread(web: Web, replicas: list[ApiProcess]) -> None:
    """Spread the connections over every replica, as kube-proxy does."""
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
