#!/usr/bin/env python3
"""Breaks the database under load, round by round, and writes docs/reliability.md.

On the cluster of `make up`: a client keeps a ledger of what each write was promised; after each fault it is
held against the table. The rows of the load are removed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))

from mcapp import engine  # noqa: E402
from mcapp.cli import Exit, UserError, parser, run  # noqa: E402
from mcapp.cluster import Cluster, exists  # noqa: E402
from mcapp.config import CLUSTER, NODE_PORT  # noqa: E402
from mcapp.load.client import RATE  # noqa: E402
from mcapp.load.faults import FAULTS, NODE_AWAY_SECONDS, Round, acknowledged, suffer  # noqa: E402
from mcapp.measured import setting, spread  # noqa: E402
from mcapp.progress import say, step  # noqa: E402
from mcapp.release import Release  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
AIM_SECONDS = 1.5


def main(arguments: Sequence[str]) -> Exit:
    """Measure, write the page, and fail if a promise was broken."""
    options = parser("reliability.py", __doc__ or "", "python bench/reliability.py --rounds 10")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--rounds", type=int, default=10, help="rounds of each fault (default: 10)")
    chosen = options.parse_args(arguments)
    engine.ensure()
    cluster = Cluster(chosen.cluster)
    if not exists(cluster):
        raise UserError(f"There is no cluster {cluster.name}.", "Run `make up` first.")
    release = Release(cluster)
    # The laptop's port: it stays when db's machine goes.
    url = f"http://{cluster.addresses()[0]}:{NODE_PORT}"

    found: dict[str, list[Round]] = {fault: [] for fault in FAULTS}
    for number in range(chosen.rounds):
        for fault, rounds in found.items():
            with step(f"Round {number + 1} of {chosen.rounds}: {fault}"):
                rounds.append(suffer(release, url, fault))
            say(f"    {_said(rounds[-1])}")
    text = _page(found)
    PAGE.write_text(text)
    print(text)
    kept = all(one.comparison.agrees for rounds in found.values() for one in rounds)
    return Exit.OK if kept else Exit.FAILED


def _said(one: Round) -> str:
    lost, twice = len(one.comparison.lost), len(one.comparison.duplicates)
    return (
        f"{lost} lost, {twice} twice, gap {one.gap:.1f} s, right again {one.recovery:.2f} s after it accepts"
    )


def _page(found: dict[str, list[Round]]) -> str:
    every = [one for rounds in found.values() for one in rounds]
    lost, twice, undead = (
        sum(len(getattr(one.comparison, name)) for one in every) for name in ("lost", "duplicates", "undead")
    )
    rows = "\n".join(_row(fault, rounds) for fault, rounds in found.items())
    return f"""# What a write is promised, and what the table holds

Made by `python bench/reliability.py`: a kind cluster in topology multi with one database (`db.mode`
standalone), {setting()}.

- The load: {RATE:g} requests/s whatever the answers take, half of them writes with an idempotency key, half
  reads of rows that were acknowledged. The client sends none twice, and shares the cluster's cores.
- The ledger holds each write as acknowledged, failed (its client was told that nothing was done) or unknown.
  After each round it is held against the table: **lost** was acknowledged and is not there, **twice** is
  there more than once, **undead** is there although its client was told that it is not.
- A machine that is killed comes back after {NODE_AWAY_SECONDS} s, and its kubelet and the pod after that.

**{lost} of {acknowledged(every)} acknowledged writes were lost, {twice} are there twice, {undead} undead.**

| fault | rounds kept | acknowledged | lost | twice | wrong answers | longest gap between writes (s) | \
right answer after PostgreSQL accepts (s) |
| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |
{rows}

The aim for the last column is {AIM_SECONDS} s. Median, with the least and the greatest in brackets.

## What is promised, and what is not

- A write that was answered with 201 is on the disk of db's machine (`synchronous_commit` and `fsync` are on).
- A write that was answered with 503 was not made, unless the answer says `maybe_done`.
- There is one disk: when it is lost, so are the data. `scripts/backup.py` keeps a copy elsewhere.
"""


def _row(fault: str, rounds: list[Round]) -> str:
    refusals: Counter[str] = Counter()
    for one in rounds:
        refusals.update(one.refusals)
    cells = (
        fault,
        f"{sum(one.comparison.agrees for one in rounds)} of {len(rounds)}",
        acknowledged(rounds),
        sum(len(one.comparison.lost) for one in rounds),
        sum(len(one.comparison.duplicates) for one in rounds),
        ", ".join(f"{count} × {name}" for name, count in sorted(refusals.items())) or "none",
        spread([one.gap for one in rounds]),
        spread([one.recovery for one in rounds], 2),
    )
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    run(main)
