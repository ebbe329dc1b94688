#!/usr/bin/env python3
"""Causes faults under load, round by round; writes docs/reliability.md or, in mode ha, docs/failover.md.

It uses the cluster of `make up`, or of `make up DB_NODES=3`. A client keeps a ledger of the answer to each
write, and compares it with the table after each round. It deletes its rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from bench.measured import setting, spread
from dev import ROOT
from dev.kind.cluster import existing
from dev.kind.release import Release
from dev.kind.versions import CLUSTER
from dev.load import disks, failover, faults, members
from dev.load.attempts import AFTER_SECONDS
from dev.load.client import RATE
from dev.load.round import Fault, Round, acknowledged, run_fault, verdict, wrong_answers
from mcapp.cli import parser, run
from mcapp.errors import Exit, UserError
from mcapp.messages import announce
from mcapp.progress import step

DOCS = ROOT / "docs"
# Read in November 2026.
_CNPG, _ISSUES = "https://cloudnative-pg.io/docs", "https://github.com/{}/issues/{}"
OTHERS = f"""\
| CloudNativePG | less than 10 (aim of its [tests]({_CNPG}/1.28/e2e/)) | 40 to 80 (a \
[user]({_ISSUES.format("cloudnative-pg/cloudnative-pg", 6154)})) | less than 20 (aim of its tests) |
| Zalando's operator | - | 30 to 40 until it is noticed, by default (a \
[maintainer]({_ISSUES.format("zalando/postgres-operator", 721)})) | - |
| Crunchy's operator | - | more than 600 where the restore command waits for the lost node, too (a \
[user]({_ISSUES.format("CrunchyData/postgres-operator", 3108)})) | - |
| Percona's operator, built on Crunchy's | 5 to 13 | 30 for the lease, by default | 8 ([its \
documentation](https://docs.percona.com/percona-operator-for-postgresql/3.1.0/debug-failover.html)) |"""


def main(arguments: Sequence[str]) -> Exit:
    """Measure, write the page, and fail if the table contradicts an answer."""
    options = parser("python -m bench.reliability", __doc__ or "", "python -m bench.reliability --rounds 10")
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--rounds", type=int, default=10, help="rounds of each fault (default: 10)")
    others = "rounds of what is planned, and of what else happens to members or machines (default: 3)"
    options.add_argument("--others", type=int, default=3, help=others)
    chosen = options.parse_args(arguments)
    cluster = existing(chosen.cluster)
    release = Release(cluster)
    # The laptop's port: it stays when a machine of the database stops.
    url = cluster.urls()[0]

    is_ha = release.is_ha()
    often = failover.LEADER_LOST if is_ha else faults.FAULTS
    seldom = {**failover.PLANNED, **members.faults()} if is_ha else disks.MACHINE_FAULTS
    results: dict[str, list[Round]] = {}
    stop = ""
    try:
        _break(release, url, often, chosen.rounds, results)
        _break(release, url, seldom, chosen.others, results)
    except UserError as error:
        if not results:
            raise
        # The page still shows the rounds before the one that failed.
        stop = f"\n**It stopped before its time: {error}**\n"
    text = (_failover if is_ha else _reliability)(_table(results, stop))
    (DOCS / ("failover.md" if is_ha else "reliability.md")).write_text(text)
    print(text)
    kept = all(one.comparison.agrees for rounds in results.values() for one in rounds)
    return Exit.OK if kept and not stop else Exit.FAILED


def _break(
    release: Release, url: str, wanted: dict[str, Fault], count: int, results: dict[str, list[Round]]
) -> None:
    for number in range(count):
        for name, fault in wanted.items():
            with step(f"Round {number + 1} of {count}: {name}"):
                results.setdefault(name, []).append(run_fault(release, url, fault))
            announce(f"    {_line(results[name][-1])}")


def _line(one: Round) -> str:
    lost, twice = len(one.comparison.lost), len(one.comparison.duplicates)
    again = "" if one.recovery is None else f", right again {one.recovery:.2f} s after it accepts"
    return f"{lost} lost, {twice} twice, gap {one.gap:.1f} s{again}"


def _table(results: dict[str, list[Round]], stop: str) -> str:
    every = [one for rounds in results.values() for one in rounds]
    rows = "\n".join(_row(fault, rounds) for fault, rounds in results.items())
    return f"""\
- The load: {RATE:g} requests/s however long the answers take, half of them writes with an idempotency key,
  half reads of acknowledged rows. The client never retries, and shares the cluster's cores.
- The client keeps a ledger. It notes each write as acknowledged, as failed (the answer said that nothing was
  written) or as unknown. After each round the ledger is compared with the table.
- **Lost** is a write that was acknowledged and is missing in the table. **Twice** is a write that is there
  more than once. **Written although refused** is a write that is there although the answer said otherwise.
- **Rounds that agree**: in these the table contradicts no answer.

{verdict(every)}
{stop}
| what happened | rounds that agree | acknowledged | lost | twice | failed requests | longest gap (s) | \
first right answer, after PostgreSQL accepts connections (s) |
| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |
{rows}

The gap is the longest time without an acknowledged write. Times are medians, with the least and the greatest
value in brackets."""


def _row(fault: str, rounds: list[Round]) -> str:
    recoveries = [one.recovery for one in rounds if one.recovery is not None]
    cells = (
        fault,
        f"{sum(one.comparison.agrees for one in rounds)} of {len(rounds)}",
        acknowledged(rounds),
        sum(len(one.comparison.lost) for one in rounds),
        sum(len(one.comparison.duplicates) for one in rounds),
        wrong_answers(rounds),
        spread([one.gap for one in rounds]),
        spread(recoveries, 2) if recoveries else "-",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _reliability(table: str) -> str:
    return f"""# What is promised for a write, and what the table then holds

Made by `python -m bench.reliability`: a kind cluster in topology multi with one database (`db.mode`
standalone), {setting()}.

{table}

The aim for the last column is 1.5 s. A killed machine starts again after {faults.NODE_AWAY_SECONDS} s. Then
its kubelet starts, and then the pod.

The faults of disk and clock last {disks.HOLD_SECONDS} s. For these the last column counts from the end of the
fault or, where PostgreSQL crashed, from its return. PostgreSQL crashes when the disk for the WAL is full.
Kubernetes starts it again after 10 s, 20 s, 40 s and so on, at most 5 minutes: it can stay away that long
after the disk has space again. After each of these rounds pg_checksums found no damaged block, and pg_amcheck
no damaged table or index.

## What is promised, and what is not

- A write that was answered with 201 is on the disk of db's machine (`synchronous_commit` and `fsync` are on).
- A write that was answered with 503 was not made, unless the answer says `maybe_done`.
- There is one disk: when it is lost, the data are lost too. `scripts/backup.py` keeps a copy elsewhere.
"""


def _failover(table: str) -> str:
    return f"""# How long writes stop when the leader is lost

Made by `python -m bench.reliability`: a kind cluster of four nodes, three for the database (`db.mode` ha, its
defaults), {setting()}.

{table}

The aims for the gap, at the median and at the worst: 10 s and 13 s where the leader is killed and its machine
stays, 25 s and 30 s where its node or its network is lost, 4 s and 6 s for a planned change. A silent leader
keeps its lease (`db.ha.ttl`) for 20 s, and nobody may take over before.

What happens to members lasts {members.HOLD_SECONDS} s each. While the leader was frozen or cut off, and for
{AFTER_SECONDS} s after that, writes were tried on it, in its own container. A round agrees only where it took
none of them.

## What others publish, or their users report

Seconds without writes. They were measured on other machines, with other loads, and mostly with replication
that does not wait for a replica.

| operator | leader's pod or process lost | leader's node lost | planned change |
| --- | --- | --- | --- |
{OTHERS}
"""


if __name__ == "__main__":
    run(main)
