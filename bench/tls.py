#!/usr/bin/env python3
"""Measures what TLS between api and PostgreSQL costs, side by side; writes docs/bench-tls.md.

It needs no cluster: one PostgreSQL takes connections of both kinds, and two apis ask it in turns. The api has
one core for itself; PostgreSQL and the load share the other.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.measured import setting, spread
from bench.speed import generator
from bench.speed.contenders import api
from bench.speed.cores import OTHERS, cpu_seconds, on_core
from bench.speed.reads import READS, TASKS
from dev import ROOT
from dev.kind import host
from dev.local.api_process import ApiProcess
from dev.local.authority import Authority, server_settings
from dev.local.installation import UNPRIVILEGED
from dev.local.postgres import PostgresServer
from mcapp.cli import parser, run
from mcapp.errors import Exit, UserError
from mcapp.messages import announce

PAGE = ROOT / "docs" / "bench-tls.md"
WARM_UP_SECONDS = 1.0
PLAIN, ENCRYPTED = "plain", "TLS, verify-full"
WRITE = "one task written"
NEW = '{"title": "Water the plants"}'
# Of what, and by whom: requests a second, and the api's CPU time for each in microseconds.
Figures = dict[tuple[str, str], list[tuple[float, float]]]


def main(arguments: Sequence[str]) -> Exit:
    """Measure both, and write the page."""
    options = parser("python -m bench.tls", __doc__ or "", "python -m bench.tls --rounds 7 --seconds 4")
    options.add_argument("--rounds", type=int, default=7, help="turns of each (default: 7)")
    options.add_argument("--seconds", type=int, default=4, help="length of each run (default: 4)")
    chosen = options.parse_args(arguments)
    if (os.cpu_count() or 1) < 2:
        raise UserError("This machine has one core.", "The api and the load need one each.")
    host.install(generator.PACKAGES)

    figures: Figures = defaultdict(list)
    asked = {**{read.title: read.paths() for read in READS.values()}, WRITE: ["/api/tasks"]}
    with _apis() as apis:
        for number in range(chosen.rounds):
            # Alternating, so that no noise of the machine meets one of them alone.
            for name in (PLAIN, ENCRYPTED) if number % 2 else (ENCRYPTED, PLAIN):
                for what, paths in asked.items():
                    figures[what, name].append(_measured(apis[name], paths, what, chosen.seconds))
            announce(f"round {number + 1} of {chosen.rounds}")
    text = _page(figures, chosen.rounds, chosen.seconds)
    PAGE.write_text(text)
    print(text)
    return Exit.OK


@contextmanager
def _apis() -> Iterator[dict[str, ApiProcess]]:
    """Start PostgreSQL with a certificate and some tasks, and an api for each kind of connection."""
    # PostgreSQL's user reads nothing in a folder of root's.
    folder = Path(tempfile.mkdtemp(prefix="mcapp-tls-"))
    folder.chmod(0o755)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        authority = Authority(folder / "ca")
        with on_core(OTHERS):
            settings = server_settings(authority.issue("localhost"), UNPRIVILEGED)
            server = stack.enter_context(PostgresServer(settings))
        checks = f"sslmode=verify-full&sslrootcert={authority.certificate}"
        apis = {}
        for name, query in ((PLAIN, "sslmode=disable"), (ENCRYPTED, checks)):
            url = f"postgresql://localhost:{server.port}/{server.database}?{query}"
            apis[name] = stack.enter_context(api(server, DATABASE_URL=url))
        titles = "INSERT INTO app.tasks (title) SELECT 'Task ' || n FROM generate_series(1, %s) n"
        server.sql(titles, [TASKS])
        yield apis


def _measured(replica: ApiProcess, paths: Sequence[str], what: str, seconds: float) -> tuple[float, float]:
    posting = NEW if what == WRITE else ""
    with on_core(OTHERS):
        generator.saturate(replica.url, paths, seconds=WARM_UP_SECONDS, posting=posting)
        used = cpu_seconds([replica.process.pid])
        rate = generator.saturate(replica.url, paths, seconds=seconds, posting=posting)
    return rate, (cpu_seconds([replica.process.pid]) - used) / (rate * seconds) * 1e6


def _page(figures: Figures, rounds: int, seconds: int) -> str:
    rows = []
    for what in dict.fromkeys(key[0] for key in figures):
        plain, encrypted = figures[what, PLAIN], figures[what, ENCRYPTED]
        ratios = [ours[0] / theirs[0] for ours, theirs in zip(encrypted, plain, strict=True)]
        cells = [spread([one[0] for one in kind], 0) for kind in (plain, encrypted)]
        cells += [spread([one[1] for one in kind], 0) for kind in (plain, encrypted)]
        rows.append(f"| {what} | {' | '.join(cells)} | {statistics.median(ratios):.2f} |")
    table = "\n".join(rows)
    return f"""# What TLS between api and PostgreSQL costs

Made by `python -m bench.tls`: {rounds} alternating rounds of {seconds} s, {generator.CONNECTIONS}
connections, one core for the api, the other for PostgreSQL and the load. {setting()}.

| what | requests/s, plain | requests/s, TLS | CPU of api each, plain (µs) | TLS (µs) | TLS / plain |
| --- | ---: | ---: | ---: | ---: | ---: |
{table}

Medians, with the least and the greatest value in brackets; the last column is the median of the rounds'
ratios. The api keeps its connections, so a handshake is rare: the cost is that of each answer's records.
"""


if __name__ == "__main__":
    run(main)
