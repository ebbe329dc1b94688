#!/usr/bin/env python3
"""Computes from the measured pages how many viewers each part carries, and writes docs/scale.md.

It measures nothing: its points are docs/bench-api.md, docs/bench-hall.md where it is there, and what the
chart sets. The page holds the points, so that a reader, or a test, can compute it again.
"""

from __future__ import annotations

import gzip
import math
import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from bench import scale_text
from dev import ROOT
from dev.load.hall import WATCHING
from mcapp.cli import parser, run
from mcapp.config import CHART
from mcapp.errors import Exit, FailedError

PAGE = ROOT / "docs" / "scale.md"
API, HALL = ROOT / "docs" / "bench-api.md", ROOT / "docs" / "bench-hall.md"
WEB = ROOT / "src" / "web"
# A viewer asks for the topology, and at every third turn for the newest tasks. One in ten adds a task a
# minute, and ticks it (dev/load/hall.py).
PER_TURN = 4 / 3
WRITES = 0.1 * 2 / 60
# Seconds between two questions of a viewer: the least and the most that the api asks for (mcapp_api/pace.py).
LEAST, MOST = 2.0, 30.0
# So much of a core is planned with.
BUSY = 0.6
# The kernel's usual limit of tracked connections, and the seconds for which it remembers a closed one.
TRACKED, CLOSED = 131_072, 120
# A machine for PostgreSQL, and a link, to compute with.
CORES, LINK = 8, 1e9
# For administrators, backups, tests and Patroni, the chart keeps ten of PostgreSQL's hundred connections.
FOR_API = 90
# Beside its pool, a pod of api has a connection that watches the database.
WATCHES = 1
USERS = (100, 1_000, 10_000, 100_000, 1_000_000)


@dataclass(frozen=True)
class Points:
    """What the model is fitted to. `_us` is CPU of a request in microseconds."""

    web_us: float
    api_us: float
    db_us: float
    write_us: float
    page_kb: float
    held: float
    connections: float
    pool: float

    @property
    def pods(self) -> int:
        """The most pods of api for which PostgreSQL has connections: one more runs during an update."""
        return int(FOR_API // (self.pool + WATCHES)) - 1

    @property
    def all_us(self) -> float:
        """The CPU of a request in all tiers."""
        return self.web_us + self.api_us + self.db_us


def main(arguments: Sequence[str]) -> Exit:
    """Read the points, and write the page."""
    parser("python -m bench.scale_model", __doc__ or "", "python -m bench.scale_model").parse_args(arguments)
    text = page(*read_points())
    PAGE.write_text(text)
    print(text)
    return Exit.OK


def page(points: Points, sources: Sequence[str]) -> str:
    """Return the page."""
    return scale_text.page(
        points=_points(points, sources), limits=_limits(points), steps=_steps(points), **_told(points)
    )


def read_points() -> tuple[Points, list[str]]:
    """Return the points, and where each one is from."""
    if HALL.exists():
        costs, held, source = _of_hall(), _held(), HALL.name
    else:
        costs, held, source = _of_processes(), 2.0, API.name
    write = float(_cell(API, "CPU of one request", "add a task", -1))
    pages = (path for path in (WEB / "html").rglob("*") if path.suffix in (".html", ".js", ".css"))
    kilobytes = sum(len(gzip.compress(path.read_bytes(), mtime=0)) for path in pages) / 1000
    connections = _number(r"worker_connections (\d+)", WEB / "nginx.conf")
    pool = _number(r"^  poolSize: (\d+)", CHART / "values.yaml")
    values = (*costs, write, kilobytes, held, connections, pool)
    known = source if HALL.exists() else "assumed"
    sources = [*[source] * 3, API.name, "src/web/html", known, "src/web/nginx.conf", "values.yaml"]
    # As the page shows them, so that it can be computed again from its own figures.
    return Points(*(round(value, 1) for value in values)), sources


def _of_processes() -> tuple[float, ...]:
    """Return what three topologies and a list cost. A topology counts as a read that FastAPI answers."""
    one = float(_cell(API, "CPU of each", "this api, every request through FastAPI", 2))
    many = float(_cell(API, "CPU of each", "this api", 2, table=1))
    rate = float(_cell(API, "cores: nginx", "1", 1).split()[0])
    nginx = float(_cell(API, "cores: nginx", "1", 5))
    database = [
        float(_cell(API, "CPU of one request", what, -1)) for what in ("read one task", "list 20 tasks")
    ]
    return nginx / rate * 1e6, (3 * one + many) / 4, (3 * database[0] + database[1]) / 4


def _of_hall() -> tuple[float, ...]:
    """Return each tier's CPU for one request, in µs: the line through zero that fits all halls best."""
    seconds = _number(r"watch it for\s+(\d+)", HALL)
    kinds, _, cores = _tables(HALL)
    rates: dict[str, float] = {}
    for row in kinds[2:]:
        # These are counted as topologies already.
        if row[1] != WATCHING:
            rates[row[0]] = rates.get(row[0], 0) + float(row[2]) / seconds
    squares = sum(rate * rate for rate in rates.values())
    return tuple(
        1e6 * sum(rates[row[0]] * float(row[column]) for row in cores[2:]) / squares for column in (1, 2, 3)
    )


def _held() -> float:
    """Return the connections of web for each viewer, in the fullest hall."""
    last = _tables(HALL)[1][-1]
    return float(last[2]) / float(last[0])


def _tables(path: Path) -> list[list[list[str]]]:
    """Return the cells of each table of a page, its head and the line under it included."""
    blocks = re.findall(r"(?:^\|.*\n)+", path.read_text(), re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in b.splitlines()] for b in blocks
    ]


def _cell(path: Path, head: str, row: str, column: int, table: int = 0) -> str:
    """Return a cell: of the n-th table with this in its head, in the row that begins so."""
    found = [one for one in _tables(path) if any(head in cell for cell in one[0])]
    cells = next((line for line in found[table][2:] if line[0] == row), None) if len(found) > table else None
    if cells is None:
        raise FailedError(f"{path.name} has no row {row!r} under {head!r}.", "Run `make bench-api` again.")
    return cells[column]


def _number(pattern: str, path: Path) -> float:
    found = re.search(pattern, path.read_text(), re.MULTILINE)
    if not found:
        raise FailedError(f"{path.name} has no {pattern}.")
    return float(found[1])


def _points(points: Points, sources: Sequence[str]) -> str:
    rows = zip(scale_text.ABOUT, astuple(points), sources, strict=True)
    return "\n".join(f"| {about} | {value:,.1f} | {source} |" for about, value, source in rows)


def points_of(text: str) -> tuple[Points, list[str]]:
    """Return the points, and their sources, that a page holds."""
    rows = [
        re.search(rf"^\| {re.escape(about)} \| (.*) \| (.*) \|$", text, re.MULTILINE)
        for about in scale_text.ABOUT
    ]
    found = [row.groups() for row in rows if row]
    return Points(*(float(value.replace(",", "")) for value, _ in found)), [source for _, source in found]


def viewers(rate: float, pace: float) -> float:
    """Return the viewers that ask so many requests a second."""
    return rate * pace / PER_TURN


def _limits(points: Points) -> str:
    def by_rate(what: str, moved: str, cores: float, us: float) -> str:
        rate = cores * BUSY / us * 1e6
        sum_ = f"{cores:g} x {BUSY} / {us:.1f} µs = {rate:,.0f} requests/s"
        return _row(what, sum_, viewers(rate, LEAST), viewers(rate, MOST), moved)

    def tracked(pace: float) -> float:
        return TRACKED / (points.held + CLOSED / pace)

    connected = points.connections / points.held
    opened = LINK / 8 * 60 / (points.page_kb * 1000)
    return "\n".join(
        (
            by_rate("a machine of 2 cores with all tiers", "a second machine", 2, points.all_us),
            by_rate("a pod of api", "`api.replicas`, `api.autoscaling`", 1, points.api_us),
            by_rate("a pod of web, by its CPU", "`web.replicas`, `web.autoscaling`", 1, points.web_us),
            _row(
                "a pod of web, by its connections",
                f"{points.connections:,.0f} / {points.held:g} for each viewer",
                *(connected, connected),
                "`web.replicas`",
            ),
            _row(
                "the tracked connections of a node",
                f"{TRACKED:,} / ({points.held:g} + {CLOSED} s / pace)",
                *(tracked(LEAST), tracked(MOST)),
                "more nodes with a pod of web; `nf_conntrack_max`",
            ),
            by_rate(
                f"{points.pods} pods of api: {FOR_API} connections / {points.pool + WATCHES:g}, less one",
                "a smaller `api.poolSize`; `db.mode: external`",
                *(points.pods, points.api_us),
            ),
            by_rate(f"PostgreSQL on {CORES} cores", "more cores; reads from `db-ro`", CORES, points.db_us),
            _row(
                "a link of 1 Gbit/s, all open the page in one minute",
                f"{LINK / 8 * 60 / 1e6:,.0f} MB / {points.page_kb:.1f} kB",
                *(opened, opened),
                "a CDN for the page",
            ),
        )
    )


def _row(what: str, arithmetic: str, least: float, most: float, moved: str) -> str:
    return f"| {what} | {arithmetic} | {_round(least)} | {_round(most)} | {moved} |"


def _round(number: float) -> str:
    """Return a number with two digits that count."""
    digits = 1 - math.floor(math.log10(number))
    return f"{round(number, digits):,.0f}"


def _steps(points: Points) -> str:
    rows = []
    for users in USERS:
        rate, writes = users * PER_TURN / LEAST, users * WRITES
        web, api = rate * points.web_us / 1e6, rate * points.api_us / 1e6
        db = (rate * points.db_us + writes * points.write_us) / 1e6
        pods = max(math.ceil(web / BUSY), math.ceil(users * points.held / points.connections))
        cells = (
            *(f"{users:,}", f"{rate:,.0f}", f"{writes:,.1f}", f"{web:.2f}", f"{pods:,}", f"{api:.2f}"),
            *(f"{max(math.ceil(api / BUSY), 1):,}", f"{db:.2f}", f"{_slower(points, users):.1f}"),
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def _slower(points: Points, users: float) -> float:
    """Return the seconds between two questions with which the most pods of api suffice."""
    return max(LEAST, users * PER_TURN * points.api_us / 1e6 / (points.pods * BUSY))


def _told(points: Points) -> dict[str, str]:
    """Return the figures that the sentences name."""
    small = viewers(2 * BUSY / points.all_us * 1e6, LEAST)
    most = viewers(points.pods * BUSY / points.api_us * 1e6, LEAST)
    server = viewers(CORES * BUSY / points.db_us * 1e6, LEAST)
    million = USERS[-1]
    rate, writes = million * PER_TURN / MOST, million * WRITES
    pods = math.ceil(rate * points.api_us / 1e6 / BUSY)
    return {
        "busy": f"{BUSY:.0%}",
        "wait": f"{BUSY / (1 - BUSY):.1f}",
        "share": f"{points.api_us / points.all_us:.0%}",
        "small": _round(small),
        "most": _round(most),
        "pods": str(points.pods),
        "half": str(FOR_API // (2 + WATCHES) - 1),
        "cores": str(CORES),
        "server": _round(server),
        "api_us": f"{points.api_us:.1f}",
        "million_rate": f"{rate:,.0f}",
        "million_writes": f"{writes:,.0f}",
        "million_api": f"{pods}",
        "million_pool": f"{(2 + WATCHES) * pods}",
        "million_web": f"{math.ceil(million * points.held / points.connections)}",
        "million_db": f"{(rate * points.db_us + writes * points.write_us) / 1e6:.1f}",
        "million_page": f"{million * points.page_kb / 1e6:,.0f}",
        "million_link": f"{million * points.page_kb * 1000 * 8 / 60 / 1e9:.1f}",
    }


if __name__ == "__main__":
    run(main)
