#!/usr/bin/env python3
"""Replaces web and api under load, and writes docs/bench-rollout.md.

On the cluster of `make up`: each round does every change of mcapp.load.rollout. At the end once more with
pods that stop at once, to show that the load sees what a drain prevents. The rows of the load are removed.
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
from mcapp.config import CHART, NODE_PORT, RELEASE
from mcapp.errors import Exit
from mcapp.progress import step

PAGE = ROOT / "docs" / "bench-rollout.md"
REQUESTS = 5000
AT_ONCE = ("--set", "web.drainSeconds=0,api.drainSeconds=0")


def main(arguments: Sequence[str]) -> Exit:
    """Measure, write the page, and fail if a request failed that should not have."""
    options = parser("python -m bench.rollout", __doc__ or "", "python -m bench.rollout --rounds 5")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--rounds", type=int, default=3, help="rounds, each of 5,000 requests or more")
    options.add_argument("--rate", type=float, default=RATE, help="requests per second")
    chosen = options.parse_args(arguments)
    cluster = existing(chosen.cluster)
    release = Release(cluster)
    url = f"http://{cluster.addresses()[-1]}:{NODE_PORT}"

    rounds, comparisons = [], []
    for number in range(chosen.rounds):
        with step(f"Round {number + 1} of {chosen.rounds}"):
            rounds.append(roll(release, url, requests=REQUESTS, rate=chosen.rate))
        comparisons.append(_compare(release, rounds[-1]))
    with step("The same with pods that stop at once"):
        release.helm("upgrade", RELEASE, CHART, "--reset-then-reuse-values", *AT_ONCE, "--wait")
        release.wait_gone()
        control = roll(release, url, requests=REQUESTS, rate=chosen.rate)
        release.helm("rollback", RELEASE, "--wait")
    _compare(release, control)
    text = _page(rounds, comparisons, control, chosen.rate)
    PAGE.write_text(text)
    print(text)
    return Exit.FAILED if any(one.load.problems for one in rounds) else Exit.OK


def _compare(release: Release, rolled: Rolled) -> Comparison:
    """Hold the ledger against the table, then take the load's rows out of it."""
    found = rolled.load.ledger.compare(release.sql("SELECT title FROM app.tasks"))
    release.sql(f"DELETE FROM app.tasks WHERE starts_with(title, '{rolled.load.ledger.prefix}')")  # noqa: S608
    return found


def _page(rounds: list[Rolled], comparisons: list[Comparison], control: Rolled, rate: float) -> str:
    total = sum(len(one.load.requests) for one in rounds)
    failed = sum(len(one.load.problems) for one in rounds)
    acknowledged = sum(one.states[State.ACKNOWLEDGED] for one in comparisons)
    lost, twice = (sum(len(getattr(one, name)) for one in comparisons) for name in ("lost", "duplicates"))
    rows = "\n".join(_row(change, rounds) for change in CHANGES)
    kinds = sorted({_kind(request) for request in control.load.problems})
    return f"""# Rolling updates under load

Made by `python -m bench.rollout`: {len(rounds)} rounds on a kind cluster in topology multi, {setting()}.

- The load: {rate:g} requests/s whatever the answers take, through the NodePort of the node where web does not
  run. Two of five write, two read back a row that was acknowledged, one loads the page; {FRESH_SHARE:.0%}
  over a connection of their own, the others over connections that are kept. The client sends none twice.
- The load generator, both nodes and PostgreSQL share the machine's cores.
- Failed is everything but the right answer within 10 s.

**{failed} of {total} requests failed.** Of {acknowledged} acknowledged writes {lost} were lost, and {twice}
are there twice.

| change | requests meanwhile | failed | median (ms) | 99 % (ms) | slowest (ms) | took, median (s) |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}

A change begins with its command and ends when the last old pod is gone.

## What the drain is for

The same once with `web.drainSeconds=0` and `api.drainSeconds=0`: **{len(control.load.problems)} of \
{len(control.load.requests)} requests failed** ({", ".join(kinds) or "none"}). kube-proxy on every node learns
of a pod's end only after the pod does; whoever stops listening at once turns away what is still sent to it.
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
