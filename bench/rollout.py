#!/usr/bin/env python3
"""Replaces web and api under load, and writes docs/bench-rollout.md.

It uses the cluster of `make up`. Each round makes every change of dev.load.rollout. In a last round pods stop
at once, to show that the load sees what a drain prevents. The bench deletes the rows of the load.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.measured import setting, spread
from dev import ROOT
from dev.kind.cluster import existing
from dev.kind.release import Release
from dev.kind.versions import CLUSTER
from dev.load.client import FRESH_SHARE, RATE, Request
from dev.load.ledger import Comparison, State
from dev.load.rollout import CHANGES, Rolled, roll
from mcapp.cli import parser, run
from mcapp.errors import Exit
from mcapp.progress import step

PAGE = ROOT / "docs" / "bench-rollout.md"
REQUESTS = 5000
AT_ONCE = "web.drainSeconds=0,api.drainSeconds=0"


def main(arguments: Sequence[str]) -> Exit:
    """Measure, write the page, and fail if a request of the rounds failed."""
    options = parser("python -m bench.rollout", __doc__ or "", "python -m bench.rollout --rounds 5")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--rounds", type=int, default=3, help="rounds, each of 5,000 requests or more")
    options.add_argument("--rate", type=float, default=RATE, help="requests per second")
    chosen = options.parse_args(arguments)
    cluster = existing(chosen.cluster)
    release = Release(cluster)
    url = cluster.urls()[-1]

    rounds, comparisons = [], []
    for number in range(chosen.rounds):
        with step(f"Round {number + 1} of {chosen.rounds}"):
            rounds.append(roll(release, url, requests=REQUESTS, rate=chosen.rate))
        comparisons.append(_compare(release, rounds[-1]))
    with step("The same with pods that stop at once"):
        release.upgrade(AT_ONCE, flags=("--wait",))
        release.wait_gone()
        control = roll(release, url, requests=REQUESTS, rate=chosen.rate)
        release.helm("rollback", "--wait")
    _compare(release, control)
    text = _page(rounds, comparisons, control, chosen.rate)
    PAGE.write_text(text)
    print(text)
    return Exit.FAILED if any(one.load.problems for one in rounds) else Exit.OK


def _compare(release: Release, rolled: Rolled) -> Comparison:
    """Compare the ledger with the table, then delete the load's rows."""
    comparison = rolled.load.ledger.compare(release.sql("SELECT title FROM app.tasks"))
    release.sql(f"DELETE FROM app.tasks WHERE starts_with(title, '{rolled.load.ledger.prefix}')")  # noqa: S608
    return comparison


def _page(rounds: list[Rolled], comparisons: list[Comparison], control: Rolled, rate: float) -> str:
    total = sum(len(one.load.requests) for one in rounds)
    failed = sum(len(one.load.problems) for one in rounds)
    acknowledged = sum(one.states[State.ACKNOWLEDGED] for one in comparisons)
    lost, twice = (sum(len(getattr(one, name)) for one in comparisons) for name in ("lost", "duplicates"))
    rows = "\n".join(_row(change, rounds) for change in CHANGES)
    kinds = sorted({_kind(request) for request in control.load.problems})
    return f"""# Rolling updates under load

Made by `python -m bench.rollout`: {len(rounds)} rounds on a kind cluster in topology multi, {setting()}.

- The load: {rate:g} requests/s however long the answers take, through the NodePort of the node where web does
  not run. Two of five write, two read an acknowledged row back, one loads the page; {FRESH_SHARE:.0%} open a
  connection each, the others use connections that are kept. The client never retries.
- The load generator, both nodes and PostgreSQL share the machine's cores.
- A request failed if it did not get the right answer within 10 s.

**{failed} of {total} requests failed.** Of {acknowledged} acknowledged writes {lost} were lost, and {twice}
are there twice.

| change | requests meanwhile | failed | median (ms) | 99 % (ms) | slowest (ms) | took, median (s) |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

A change begins with its command and ends when the last old pod is gone.

## What the drain is for

The same once with `web.drainSeconds=0` and `api.drainSeconds=0`: **{len(control.load.problems)} of \
{len(control.load.requests)} requests failed** ({", ".join(kinds) or "none"}). kube-proxy on every node hears
later than the pod itself that the pod ends. A pod that stops listening at once refuses the connections that
still come.
"""


def _row(change: str, rounds: list[Rolled]) -> str:
    requests = [request for one in rounds for request in one.during(change)]
    times = sorted(request.seconds * 1000 for request in requests)
    cells = (
        f"`{change}`" if change.startswith("kubectl") else change,
        len(requests),
        sum(1 for request in requests if request.problem),
        f"{statistics.median(times):.1f}",
        f"{times[int(len(times) * 0.99)]:.0f}",
        f"{times[-1]:.0f}",
        spread([one.spans[change][1] - one.spans[change][0] for one in rounds]),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _kind(request: Request) -> str:
    return str(request.status) if request.status else request.problem.split()[0]


if __name__ == "__main__":
    run(main)
