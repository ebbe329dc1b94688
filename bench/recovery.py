#!/usr/bin/env python3
"""Stops the database under load, and writes docs/bench-recovery.md.

Everything runs on this machine. The api and a minimal app on psycopg_pool with default settings share one
PostgreSQL, which stops for half a minute. Both get reads and writes all the time.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from bench.measured import setting, spread
from bench.speed.contenders import uvicorn
from dev import ROOT
from dev.load.client import TIMEOUT_SECONDS, Load, Request
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp import wait
from mcapp.cli import parser, run
from mcapp.errors import Exit
from mcapp.messages import announce
from mcapp.progress import step

PAGE = ROOT / "docs" / "bench-recovery.md"
AIM_SECONDS = 1.5
ERROR_AIM_SECONDS = 3.0
# Longer than the longest pause of a default pool's back-off.
PATIENCE_SECONDS = 90.0
WARM_UP_REQUESTS = 50
OURS, STOCK = "this api", "stock pool"
AFTERWARDS_SECONDS = 2


class Round(NamedTuple):
    """One outage of one app: seconds, and the number of each answer meanwhile."""

    first_success: float
    slowest: float
    answers: Counter[str]
    agrees: bool


def main(arguments: Sequence[str]) -> Exit:
    """Measure, write the page, and fail where the api misses an aim."""
    options = parser("python -m bench.recovery", __doc__ or "", "python -m bench.recovery --rounds 3")
    options.add_argument("--rounds", type=int, default=3, help="outages (default: 3)")
    options.add_argument("--outage", type=float, default=30, help="seconds of each (default: 30)")
    options.add_argument("--rate", type=float, default=20, help="requests/s to each (default: 20)")
    chosen = options.parse_args(arguments)
    rounds: dict[str, list[Round]] = {OURS: [], STOCK: []}
    with (
        PostgresServer() as postgres,
        ApiProcess(postgres.environment) as ours,
        uvicorn(postgres, "stock_pool_app:app", STOCK, "", "--log-level=critical") as stock,
    ):
        for number in range(chosen.rounds):
            with step(f"Outage {number + 1} of {chosen.rounds}"):
                results = _outage(postgres, {OURS: ours.url, STOCK: stock.url}, chosen.outage, chosen.rate)
            for name, one in results.items():
                rounds[name].append(one)
                announce(f"{name}: first success {one.first_success:.2f} s after, {dict(one.answers)}")
        ended = ours.process.poll() is not None
    text = _page(rounds, chosen.outage, chosen.rate, ended=ended)
    PAGE.write_text(text, encoding="utf-8")
    print(text)
    return Exit.OK if _good(rounds[OURS]) and not ended else Exit.FAILED


def _outage(postgres: PostgresServer, urls: dict[str, str], seconds: float, rate: float) -> dict[str, Round]:
    loads = {name: Load(url, rate=rate, kinds=("write", "read")) for name, url in urls.items()}
    with loads[OURS], loads[STOCK]:
        for load in loads.values():
            load.at_least(WARM_UP_REQUESTS)
        away = time.monotonic()
        postgres.stop()
        time.sleep(seconds)
        postgres.start()
        accepts = time.monotonic()
        wait.until(
            lambda: all(_first_success(load, accepts) < inf for load in loads.values()), PATIENCE_SECONDS
        )
        for load in loads.values():
            load.at_least(len(load.requests) + int(rate * AFTERWARDS_SECONDS))
    titles = [title for (title,) in postgres.sql("SELECT title FROM app.tasks")]
    return {name: _round(load, away, accepts, titles) for name, load in loads.items()}


def _round(load: Load, away: float, accepts: float, titles: list[str]) -> Round:
    meanwhile = [one for one in load.requests if one.problem and one.ended + load.began > away]
    return Round(
        _first_success(load, accepts),
        max((one.seconds for one in meanwhile), default=0.0),
        Counter(_answer(one) for one in meanwhile),
        load.ledger.compare(iter(titles)).agrees,
    )


def _first_success(load: Load, accepts: float) -> float:
    ends = (one.ended + load.began for one in list(load.requests) if not one.problem)
    return min((end for end in ends if end > accepts), default=inf) - accepts


def _answer(request: Request) -> str:
    if request.status:
        return str(request.status)
    return f"no answer in {TIMEOUT_SECONDS:.0f} s" if "Timeout" in request.problem else request.problem


def _good(rounds: list[Round]) -> bool:
    return all(
        one.first_success <= AIM_SECONDS
        and one.slowest <= ERROR_AIM_SECONDS
        and set(one.answers) == {"503"}
        and one.agrees
        for one in rounds
    )


def _page(rounds: dict[str, list[Round]], outage: float, rate: float, *, ended: bool) -> str:
    rows = "\n".join(_row(name, each) for name, each in rounds.items())
    agree = sum(one.agrees for one in rounds[OURS])
    return f"""# The database away under load

Made by `python -m bench.recovery`: PostgreSQL stops {len(rounds[OURS])} times for {outage:g} s. The api and,
in the same runs, a minimal FastAPI app on psycopg_pool with its default settings get {rate:g} requests/s
each, half of them writes. Processes on the loopback address, {setting()}.

| | first success after PostgreSQL accepts (s) | slowest failure (s) | failures, all rounds |
| --- | ---: | ---: | --- |
{rows}

Aims for the api, column by column: at most {AIM_SECONDS} s, at most {ERROR_AIM_SECONDS:.0f} s, 503 only. \
Its process {"ended" if ended else "ran all the time"}, and in {agree} of \
{len(rounds[OURS])} rounds the table agrees with every answer: no row is missing, none is there twice.

A pool with default settings tries to connect again after 1 s, then 2 s, 4 s and so on: the longer the outage,
the longer it can take until the pool sees its end. The api tries four times a second, and opens a new pool as
soon as PostgreSQL accepts a connection.
"""


def _row(name: str, rounds: list[Round]) -> str:
    answers: Counter[str] = sum((one.answers for one in rounds), Counter())
    answered = ", ".join(f"{count} x {answer}" for answer, count in answers.most_common())
    first = spread([one.first_success for one in rounds], 2)
    return f"| {name} | {first} | {max(one.slowest for one in rounds):.2f} | {answered} |"


if __name__ == "__main__":
    run(main)
