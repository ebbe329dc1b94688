#!/usr/bin/env python3
"""Loses the leader of a database on several nodes in each way, round by round, and writes docs/failover.md.

On the cluster of `make up DB_NODES=3`: a client keeps a ledger of what each write was promised; after each
fault it is held against the table. The rows of the load are removed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from mcapp import engine  # noqa: E402
from mcapp.cli import Exit, UserError, parser, run  # noqa: E402
from mcapp.cluster import Cluster, exists  # noqa: E402
from mcapp.config import CLUSTER, NODE_PORT  # noqa: E402
from mcapp.load.failover import FAULTS, RATE, fail_over  # noqa: E402
from mcapp.load.faults import Round, acknowledged  # noqa: E402
from mcapp.measured import setting, spread  # noqa: E402
from mcapp.progress import say, step  # noqa: E402
from mcapp.release import Release  # noqa: E402

PAGE = ROOT / "docs" / "failover.md"


def main(arguments: Sequence[str]) -> Exit:
    """Measure, write the page, and fail if a promise was broken."""
    options = parser("failover.py", __doc__ or "", "python bench/failover.py --rounds 10")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--rounds", type=int, default=10, help="rounds of each fault (default: 10)")
    chosen = options.parse_args(arguments)
    engine.ensure()
    cluster = Cluster(chosen.cluster)
    if not exists(cluster) or not Release(cluster).has_members():
        raise UserError(
            f"Cluster {cluster.name} has no database with members.", "Run `make up DB_NODES=3` first."
        )
    release = Release(cluster)
    # The laptop's port: it stays when a machine of the database goes.
    url = f"http://{cluster.addresses()[0]}:{NODE_PORT}"

    found: dict[str, list[Round]] = {fault: [] for fault in FAULTS}
    for number in range(chosen.rounds):
        for fault, rounds in found.items():
            with step(f"Round {number + 1} of {chosen.rounds}: {fault}"):
                rounds.append(fail_over(release, url, fault))
            compared = rounds[-1].comparison
            lost, twice = len(compared.lost), len(compared.duplicates)
            say(f"    {lost} lost, {twice} twice, gap {rounds[-1].gap:.1f} s")
    text = _page(found)
    PAGE.write_text(text)
    print(text)
    kept = all(one.comparison.agrees for rounds in found.values() for one in rounds)
    return Exit.OK if kept else Exit.FAILED


def _page(found: dict[str, list[Round]]) -> str:
    every = [one for rounds in found.values() for one in rounds]
    lost, twice = (
        sum(len(getattr(one.comparison, name)) for one in every) for name in ("lost", "duplicates")
    )
    rows = "\n".join(_row(fault, rounds) for fault, rounds in found.items())
    return f"""# How long writes stop when the leader is lost

Made by `python bench/failover.py`: a kind cluster of four nodes, three for the database (`db.mode` ha, its
defaults), {setting()}. The load is {RATE:g} writes/s whatever the answers take; none is sent twice.

**{lost} of {acknowledged(every)} acknowledged writes were lost, {twice} are there twice.**

| fault | rounds kept | acknowledged | lost | twice | longest gap between writes (s) |
| --- | ---: | ---: | ---: | ---: | ---: |
{rows}

The aim where the leader is lost or cut off is a gap below 10 s at the median and 15 s at the worst. Median,
with the least and the greatest in brackets.
"""


def _row(fault: str, rounds: list[Round]) -> str:
    cells = (
        fault,
        f"{sum(one.comparison.agrees for one in rounds)} of {len(rounds)}",
        acknowledged(rounds),
        sum(len(one.comparison.lost) for one in rounds),
        sum(len(one.comparison.duplicates) for one in rounds),
        spread([one.gap for one in rounds]),
    )
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    run(main)
