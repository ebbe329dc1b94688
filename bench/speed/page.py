"""The page of one measurement, in Markdown."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable

from bench.measured import setting, spread

from . import generator
from .figures import AIMS, API, LONG, NGINX, Aim, Figures
from .reads import READS, TASKS
from .replicas import COUNTS


def write(figures: Figures) -> str:
    """Return the page."""
    return f"""# How fast the api reads

Made by `python -m bench.api`: {figures.rounds} rounds, each contender {figures.seconds} s in turn after a
second of warm-up, on {setting()}.

- Processes on the loopback address of one machine, no cluster, no container; {TASKS:,} tasks in PostgreSQL.
- The measured process has core 0 for itself, by its CPU affinity, and no other CPU limit. PostgreSQL, nginx
  and the load share core 1. All run at nice -10, so before the other programs of the machine. Those kept the
  cores {_percent(figures.idle)} busy before the start.
- The load: {generator.described()}. h2load alone
  gets {figures.ceiling:,.0f} answers/s out of core 1, when nginx sends it a fixed answer.
- A pool has 4 connections, so pgbench has 4 clients and the bare loop 4 coroutines. The api writes its log
  line for each request.
- Figures are medians over the rounds, with the least and the greatest value in brackets. A ratio compares two
  contenders in one round: by reads per second, and by CPU time for a read. On an idle machine both would be
  the same. The one-minute load of this machine was
  {os.getloadavg()[0]:.0f} at the end.

![Reads per second, as bars](bench-api.svg)

## Against its parts

{_ratios(figures)}

{"".join(_contenders(figures, name) for name in READS)}
## At half of saturation

{_latencies(figures)}

The requests come at a steady rate, however long the answers take. The time for which a request waits for one
of the {generator.CONNECTIONS} connections is part of its time. The longest times come from the other programs
on the same cores.

## Memory of one replica

{_memory(figures)}

## More replicas

Reads of one task through nginx; every process may use both cores.

{_scaled(figures)}

{_limit(figures)}

{_whose(figures)}

[api-speed.md](api-speed.md) lists the changes that made the api faster, and those that did not.
[measured.md](measured.md) has the time from `helm install` to the first row.
"""


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    names = list(head)
    lines = [names, ["---", *["---:"] * (len(names) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _percent(shares: Iterable[float]) -> str:
    return " and ".join(f"{share:.0%}" for share in shares)


def _ratios(figures: Figures) -> str:
    return _table(
        ["ratio", *(f"{read.title}{by}" for read in READS.values() for by in ("", ", by CPU time")), "aim"],
        ([f"{aim.one} / {aim.other}", *_cells(figures, aim), _least(aim)] for aim in AIMS),
    )


def _cells(figures: Figures, aim: Aim) -> list[str]:
    cells = []
    for name in READS:
        ratios = figures.ratios(name, aim)
        missed = aim.least is not None and statistics.median(ratios) < aim.least
        cells.append(spread(ratios, 2) + (", missed" if missed else ""))
        # pgbench leaves the work to PostgreSQL, and behind nginx is the same api.
        alike = aim.other != "pgbench" and aim.one != NGINX
        cells.append(spread(figures.cpu_ratios(name, aim), 2) if alike else "")
    return cells


def _least(aim: Aim) -> str:
    return "" if aim.least is None else f"at least {aim.least:.2f}"


def _contenders(figures: Figures, name: str) -> str:
    rows = [
        (
            contender,
            spread(figures.rates(name, contender), 0),
            f"{figures.cpu_us(name, contender):.0f}",
            f"{statistics.median(sample.measured for sample in samples):.0%}",
            f"{statistics.median(sample.others for sample in samples):.0%}",
            what,
        )
        for contender, what in figures.what.items()
        if (samples := figures.samples[name][contender])
    ]
    head = ["", "reads/s", "CPU of each (µs)", "core 0 busy", "core 1 busy", "what it is"]
    return f"### {READS[name].title.capitalize()}\n\n{_table(head, rows)}\n\n"


def _latencies(figures: Figures) -> str:
    return _table(
        ["", "requests/s", "p50 (ms)", "p99 (ms)"],
        (
            (
                f"{READS[name].title}, {contender}",
                f"{figures.paced[name]}",
                spread([one.median for one in taken], 2),
                spread([one.p99 for one in taken], 2),
            )
            for name, contenders in figures.latencies.items()
            for contender, taken in contenders.items()
        ),
    )


def _memory(figures: Figures) -> str:
    return _table(
        ["", "before any load (MiB)", "after all of it (MiB)"],
        (
            (name, f"{before:.0f}", f"{after:.0f}")
            for name, (before, after) in figures.memory.items()
            if name not in (LONG, NGINX)
        ),
    )


def _scaled(figures: Figures) -> str:
    parts = list(figures.scaled[1][0].cores)
    rows = []
    for count in COUNTS:
        runs = figures.scaled[count]
        growth = [run.rate / one.rate for run, one in zip(runs, figures.scaled[1], strict=True)]
        cores = [f"{statistics.median(run.cores[part] for run in runs):.2f}" for part in parts]
        rows.append((count, spread([run.rate for run in runs], 0), spread(growth, 2), *cores))
    return _table(
        ["replicas", "requests/s", "ratio to one replica", *(f"cores: {part}" for part in parts)], rows
    )


def _limit(figures: Figures) -> str:
    """Return what limits the growth, as far as the figures show it."""
    runs = figures.scaled[COUNTS[-1]]
    used = statistics.median(sum(run.cores.values()) for run in runs)
    api = statistics.median(run.cores["api"] for run in runs)
    cores = len(figures.idle)
    use = f"With {COUNTS[-1]} replicas {used:.2f} of {cores} cores are in use, {api:.2f} of them by the api"
    if used < 0.9 * cores:
        return f"{use}: the cores do not limit the growth."
    return (
        f"{use}: the cores limit the growth.\n"
        "The rest goes to the other parts of a request: PostgreSQL, nginx and, here, the load."
    )


def _whose(figures: Figures) -> str:
    return f"""## CPU time of a request by part

Samples of the busy api by py-spy, in microseconds of CPU time for each request. A part includes its calls
into the standard library and C.

{_profiles(figures)}

What no sample of Python shows, in runs of their own: how much of the api's time the kernel takes, in system
calls and on the network; and PostgreSQL's own time, on the other core.

{_costs(figures)}"""


def _profiles(figures: Figures) -> str:
    columns = [(name, contender) for name, profiles in figures.profiles.items() for contender in profiles]
    spent = {
        (name, contender): {
            part: share * figures.cpu_us(name, contender)
            for part, share in figures.profiles[name][contender].items()
        }
        for name, contender in columns
    }
    parts = sorted(
        {part for column in spent.values() for part in column},
        key=lambda part: -max(column.get(part, 0) for column in spent.values()),
    )
    rows = [(part, *(f"{spent[column].get(part, 0):.0f}" for column in columns)) for part in parts]
    total = ("all", *(f"{sum(spent[column].values()):.0f}" for column in columns))
    head = [
        f"{READS[name].title}{', through FastAPI' if contender != API else ''}" for name, contender in columns
    ]
    return _table(["part", *head], [*rows, total])


def _costs(figures: Figures) -> str:
    head = ["CPU of one request (µs)", "requests/s", "this api", "of it in the kernel", "PostgreSQL"]
    return _table(head, ((what, *(f"{one:.0f}" for one in figures.cost(what))) for what in figures.costs))
