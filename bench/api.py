#!/usr/bin/env python3
"""Measures how fast the api reads beside its parts and other apps; writes docs/bench-api.md and its picture.

It needs no cluster: PostgreSQL, the api, the other apps and nginx are processes of this machine. The measured
process has one core for itself; PostgreSQL and the load share the other.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from bench.speed import bars, generator, page
from bench.speed.contenders import Contender, Http, Loop, Pgbench, api, uvicorn
from bench.speed.cores import (
    MEASURED,
    OTHERS,
    Busy,
    cpu_seconds,
    kernel_seconds,
    on_core,
    resident_mib,
)
from bench.speed.figures import API, LONG, NGINX, Cost, Figures, Sample
from bench.speed.profile import profile
from bench.speed.reads import LIST, ONE, READS, TASKS
from bench.speed.replicas import scale
from dev import ROOT
from dev.kind import host
from dev.kind.process import logged
from dev.local.nginx import Web
from dev.local.postgres import PostgresServer
from mcapp.cli import parser, run
from mcapp.errors import Exit, FailedError, UserError
from mcapp.messages import announce
from mcapp.progress import step
from mcapp_api.settings import Settings

DOCS = ROOT / "docs"
WARM_UP_SECONDS = 1.0
NICE = -10
NEW = '{"title": "Water the plants"}'
FAST = ("--loop=uvloop", "--http=httptools", "--no-access-log", "--log-level=error")


def main(arguments: Sequence[str]) -> Exit:
    """Measure everything, and write the page and the picture."""
    options = parser("python -m bench.api", __doc__ or "", "python -m bench.api --rounds 5 --seconds 4")
    options.add_argument("--rounds", type=int, default=5, help="turns of each contender (default: 5)")
    options.add_argument("--seconds", type=int, default=4, help="length of each run (default: 4)")
    options.add_argument("--folder", type=Path, default=DOCS, help="where to write (default: docs)")
    chosen = options.parse_args(arguments)
    if (os.cpu_count() or 1) < 2:
        raise UserError("This machine has one core.", "The api and the load need one each.")
    host.install(generator.PACKAGES)
    logged("pip", [sys.executable, "-m", "pip", "install", "--group", f"{ROOT}/pyproject.toml:bench"])

    figures = Figures(chosen.rounds, chosen.seconds, idle=_idle())
    with _first(), ExitStack() as stack:
        with on_core(OTHERS):
            postgres = stack.enter_context(PostgresServer())
        with ExitStack() as running:
            _alone(figures, postgres, running)
        with step("More replicas"):
            figures.scaled = scale(
                postgres, rounds=chosen.rounds, seconds=chosen.seconds, warm_up=WARM_UP_SECONDS
            )
    for name, text in (("bench-api.svg", bars.draw(figures)), ("bench-api.md", page.write(figures))):
        (chosen.folder / name).write_text(text, encoding="utf-8")
    print(page.write(figures))
    return Exit.OK


@contextmanager
def _first() -> Iterator[None]:
    """Give this session, with every process that the block starts, priority over the rest of the machine.

    The kernel shares the cores among sessions first; a process's nice value counts only within its session.
    https://man7.org/linux/man-pages/man7/sched.7.html, "The autogroup feature"
    """
    host.require_root("This bench")
    os.setpriority(os.PRIO_PROCESS, 0, NICE)
    session = Path("/proc/self/autogroup")
    before = session.read_text().split()[-1] if session.exists() else None
    if before:
        session.write_text(str(NICE))
    try:
        yield
    finally:
        if before:
            session.write_text(before)


def _idle() -> list[float]:
    """Return the busy share of each core before the measurement starts."""
    with Busy() as busy:
        time.sleep(5)
    return busy.shares


def _alone(figures: Figures, postgres: PostgresServer, stack: ExitStack) -> None:
    """Measure every contender that has one core."""
    contenders = _start(postgres, stack)
    figures.what = {one.name: one.what for one in contenders}
    servers = {one.name: one for one in contenders if isinstance(one, Http)}
    ours = servers[API]
    _same_answers(servers)
    with step("Before any load: memory; then each contender in turn"):
        before = {name: resident_mib(one.pid) for name, one in servers.items()}
        _rounds(figures, contenders)
        figures.memory = {name: (mib, resident_mib(servers[name].pid)) for name, mib in before.items()}
    with step("Half of what saturates"):
        _half(figures, [ours, servers[NGINX]])
    with step("The generator's own limit"), on_core(MEASURED):
        web = stack.enter_context(Web("127.0.0.1:1"))
        with on_core(OTHERS):
            figures.ceiling = generator.saturate(web.url, ["/healthz"], seconds=figures.seconds)
    with step("A profile of the busy api"):
        for read in READS.values():
            figures.profiles[read.name] = {}
            for one in (ours, servers[LONG]):
                with ThreadPoolExecutor(1) as pool, on_core(OTHERS):
                    pool.submit(one.run, read, figures.seconds + 2, WARM_UP_SECONDS)
                    time.sleep(WARM_UP_SECONDS)
                    figures.profiles[read.name][one.name] = profile(ours.pid, figures.seconds)
    # Last: it adds tasks.
    with step("The kernel's part, PostgreSQL's, and a write"):
        _costs(figures, ours, postgres)


def _costs(figures: Figures, one: Http, postgres: PostgresServer) -> None:
    """Measure the kernel's part of the api's CPU time, and PostgreSQL's, for reads and a write."""
    kinds = [(read.title, one.paths(read), "") for read in READS.values()]
    for title, paths, document in (*kinds, ("add a task", ["/api/tasks"], NEW)):
        runs = figures.costs[title] = []
        for _ in range(figures.rounds):
            before = _spent(one, postgres)
            with on_core(OTHERS):
                rate = generator.saturate(one.url, paths, seconds=figures.seconds, posting=document)
            used = [now - then for now, then in zip(_spent(one, postgres), before, strict=True)]
            runs.append(Cost(rate, *(seconds / (rate * figures.seconds) * 1e6 for seconds in used)))


def _spent(one: Http, postgres: PostgresServer) -> tuple[float, float, float]:
    """Return CPU time, in seconds: the api's, the part of it in the kernel, and PostgreSQL's."""
    return cpu_seconds([one.pid]), kernel_seconds([one.pid]), cpu_seconds([postgres.pid])


def _start(postgres: PostgresServer, stack: ExitStack) -> list[Contender]:
    replica = stack.enter_context(api(postgres))
    postgres.sql("TRUNCATE app.tasks, app.idempotency_keys RESTART IDENTITY")
    postgres.sql(
        "INSERT INTO app.tasks (title, done)"
        " SELECT 'Water the plants in room ' || i, i %% 3 = 0 FROM generate_series(1, %s) AS i",
        [TASKS],
    )
    postgres.sql("VACUUM ANALYZE app.tasks")
    with on_core(OTHERS):
        web = stack.enter_context(Web(f"127.0.0.1:{replica.port}"))
    pool = Settings.from_environment(postgres.environment).pool_size
    pid = replica.process.pid
    return [
        Pgbench(postgres, pool),
        Loop(postgres),
        stack.enter_context(
            uvicorn(postgres, "hello_app:app", "uvicorn alone", "no application, no database", *FAST)
        ),
        Http(API, "as the chart runs it", replica.url, pid),
        Http(LONG, "the same process; the reads go through FastAPI", replica.url, pid, query="?any=1"),
        Http(NGINX, "the web tier in front of it, keep-alive on both sides", web.url, pid),
        stack.enter_context(
            uvicorn(
                postgres,
                "asyncpg_app:app",
                "FastAPI + asyncpg",
                "the minimum: the same SQL, its JSON passed on; no log, no metrics, no time limits",
                *FAST,
            )
        ),
        stack.enter_context(
            uvicorn(
                postgres,
                "default_app:app",
                "the usual style",
                "SQLAlchemy's async session on asyncpg, response models, uvicorn with h11 and asyncio",
                *("--loop=asyncio", "--http=h11"),
            )
        ),
    ]


def _same_answers(servers: dict[str, Http]) -> None:
    """Check that every contender gives the same answers.

    Raises:
        UserError: one differs.

    """
    for read in (ONE, LIST):
        seen = {}
        for name, one in servers.items():
            answer = httpx.get(one.url + one.paths(read)[0])
            if name != "uvicorn alone":
                body = answer.json()
                seen[name] = [(task["id"], task["title"], task["done"]) for task in body.get("items", [body])]
        if len({str(tasks) for tasks in seen.values()}) != 1:
            raise FailedError(f"The answers differ: {seen}")


def _rounds(figures: Figures, contenders: list[Contender]) -> None:
    for read in READS.values():
        samples = figures.samples[read.name] = {one.name: [] for one in contenders}
        for number in range(figures.rounds):
            # The last of a round is the first of the next.
            for one in contenders if number % 2 else reversed(contenders):
                with Busy() as busy:
                    done = one.run(read, figures.seconds, WARM_UP_SECONDS)
                samples[one.name].append(Sample(*done, busy.shares[MEASURED], busy.shares[OTHERS]))
                announce(
                    f"{read.title}, round {number + 1}: {one.name} {done.rate:.0f}/s, {done.cpu_us:.0f} µs"
                )


def _half(figures: Figures, servers: list[Http]) -> None:
    for read in READS.values():
        rate = figures.paced[read.name] = round(statistics.median(figures.rates(read.name, API)) / 2)
        taken = figures.latencies[read.name] = {one.name: [] for one in servers}
        for number in range(figures.rounds):
            for one in servers if number % 2 else reversed(servers):
                with on_core(OTHERS):
                    latency = generator.paced(one.url, read.paths(), rate=rate, seconds=figures.seconds)
                taken[one.name].append(latency)


if __name__ == "__main__":
    run(main)
