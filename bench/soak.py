#!/usr/bin/env python3
"""Causes random faults on a release for an hour, and writes docs/soak.md.

It uses the cluster of `make up`. A seed decides the order of the faults. A client keeps a ledger of the
answer to each write. The memory of api and web is read after each fault.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence

from bench.measured import setting, spread
from dev import ROOT
from dev.kind.cluster import existing
from dev.kind.release import Release
from dev.kind.versions import CLUSTER
from dev.load.client import RATE
from dev.load.round import verdict, wrong_answers
from dev.load.soak import TIERS, Turn, of_tier, soak
from mcapp.cli import parser, run
from mcapp.errors import Exit, UserError
from mcapp.messages import announce

PAGE = ROOT / "docs" / "soak.md"
SLICES = 6


def main(arguments: Sequence[str]) -> Exit:
    """Soak, write the page, and fail if the table contradicts an answer."""
    options = parser("python -m bench.soak", __doc__ or "", "python -m bench.soak --minutes 60 --seed 1")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--minutes", type=float, default=60, help="how long (default: 60)")
    options.add_argument("--seed", type=int, default=1, help="decides the order of the faults (default: 1)")
    chosen = options.parse_args(arguments)
    cluster = existing(chosen.cluster)
    url = cluster.urls()[0]

    turns: list[Turn] = []
    stop = ""
    try:
        for turn in soak(Release(cluster), url, seconds=chosen.minutes * 60, seed=chosen.seed):
            turns.append(turn)
            kept = "kept" if turn.round.comparison.agrees else "BROKEN"
            announce(f"{turn.ended / 60:5.1f} min: {turn.fault}: {kept}, gap {turn.round.gap:.1f} s")
    except UserError as error:
        if not turns:
            raise
        # The page still shows the faults before the one that failed.
        stop = f"\n**It stopped before its time: {error}**\n"
    text = _page(turns, chosen.seed, stop)
    PAGE.write_text(text)
    print(text)
    kept_all = all(turn.round.comparison.agrees for turn in turns)
    return Exit.OK if kept_all and not stop else Exit.FAILED


def _page(turns: list[Turn], seed: int, stop: str) -> str:
    rounds = [turn.round for turn in turns]
    faults = "\n".join(
        f"| {name} | {count} |" for name, count in sorted(Counter(turn.fault for turn in turns).items())
    )
    memory = "\n".join(_slice(turns, number) for number in range(SLICES))
    return f"""# A soak

Made by `python -m bench.soak --seed {seed}`: {turns[-1].ended / 60:.0f} minutes on a kind cluster in topology
multi with one database, {RATE:g} requests/s, half of them writes. {setting()}.

{verdict(rounds)}
Failed requests: {wrong_answers(rounds)}.
{stop}
| what happened | times |
| --- | ---: |
{faults}

## Memory

Resident memory of each pod in MiB, read after each fault. Some faults replace the pods.

| minutes | web | api |
| --- | ---: | ---: |
{memory}

Medians, with the least and the greatest value in brackets. The median of the last third, divided by that of
the first, is {", ".join(f"{_growth(turns, tier):.2f} for {tier}" for tier in TIERS)}.
"""


def _slice(turns: list[Turn], number: int) -> str:
    whole = turns[-1].ended
    begin, end = whole * number / SLICES, whole * (number + 1) / SLICES
    here = [turn for turn in turns if begin < turn.ended <= end]
    cells = [spread(mib) if (mib := of_tier(here, tier)) else "-" for tier in TIERS]
    return f"| {begin / 60:.0f}-{end / 60:.0f} | {' | '.join(cells)} |"


def _growth(turns: list[Turn], tier: str) -> float:
    third = max(1, len(turns) // 3)
    return statistics.median(of_tier(turns[-third:], tier)) / statistics.median(of_tier(turns[:third], tier))


if __name__ == "__main__":
    run(main)
