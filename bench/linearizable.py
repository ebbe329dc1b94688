#!/usr/bin/env python3
"""Causes random faults for minutes while clients read and change rows; writes docs/linearizable-MODE.md.

It uses the cluster of `make up`, or of `make up DB_NODES=3` for mode ha. Ten clients change a few rows, each
change on condition of the row's version. A checker then searches an order that explains every answer.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence

from bench.measured import setting
from dev import ROOT
from dev.kind.cluster import existing
from dev.kind.release import Release
from dev.kind.versions import CLUSTER
from dev.load import failover, faults
from dev.load.registers import CLIENTS, LIFE_OPERATIONS, READ_SHARE, Registers, Verdict, check
from dev.load.round import wait_whole
from mcapp.cli import parser, run
from mcapp.errors import Exit
from mcapp.progress import step

# So long all is well between two faults, at random.
QUIET_SECONDS = (2.0, 10.0)
# So long a fault lasts before what does not heal by itself is repaired, at random.
FAULT_SECONDS = (1.0, 30.0)


def main(arguments: Sequence[str]) -> Exit:
    """Run the clients and the faults, write the page, and fail if a row's history has no explanation."""
    options = parser(
        "python -m bench.linearizable", __doc__ or "", "python -m bench.linearizable --minutes 20"
    )
    options.add_argument("--cluster", default=CLUSTER, help="name of the kind cluster")
    options.add_argument("--minutes", type=float, default=20, help="how long (default: 20)")
    chosen = options.parse_args(arguments)
    cluster = existing(chosen.cluster)
    release = Release(cluster)
    mode = "ha" if release.is_ha() else "standalone"
    wanted = failover.FAULTS if mode == "ha" else faults.FAULTS
    # The laptop's port: it stays when a machine of the database stops.
    registers = Registers(cluster.urls()[0])
    done: Counter[str] = Counter()
    ends = time.monotonic() + 60 * chosen.minutes
    try:
        with registers:
            while time.monotonic() < ends:
                time.sleep(random.uniform(*QUIET_SECONDS))  # noqa: S311 - no secret
                name = random.choice(list(wanted))  # noqa: S311 - no secret
                with step(f"Fault {done.total() + 1}: {name}"):
                    with wanted[name].rig(release), wanted[name].happen(release):
                        time.sleep(random.uniform(*FAULT_SECONDS))  # noqa: S311 - no secret
                    wait_whole(release)
                done[name] += 1
        with step(f"Checking {len(registers.history)} operations"):
            verdict = check(registers.history)
    finally:
        release.sql(f"DELETE FROM app.tasks WHERE starts_with(title, '{registers.prefix.strip()}')")  # noqa: S608
    text = _page(mode, chosen.minutes, registers, done, verdict)
    (ROOT / "docs" / f"linearizable-{mode}.md").write_text(text)
    print(text)
    return Exit.FAILED if verdict.illegal or verdict.undecided else Exit.OK


def _page(mode: str, minutes: float, registers: Registers, done: Counter[str], verdict: Verdict) -> str:
    outcomes = registers.outcomes
    rows = "\n".join(f"| {name} | {count} |" for name, count in sorted(done.items()))
    count = len({one.register for one in registers.history})
    if verdict.illegal:
        found = f"**{len(verdict.illegal)} of {count} histories have no explanation: {verdict.illegal}.**"
    elif verdict.undecided:
        found = f"**The search took too long for {len(verdict.undecided)} of {count} histories.**"
    else:
        found = f"**Each of the {count} histories is linearizable.**"
    return f"""# Whether reads and changes fit one order, in mode {mode}

Made by `python -m bench.linearizable --minutes {minutes:g}`: a kind cluster (`db.mode` {mode}, its defaults),
{setting()}.

{found}

- {CLIENTS} clients use three rows at a time, and others after {LIFE_OPERATIONS} operations on one. Of the
  operations {READ_SHARE:.0%} read a row, the others change it on condition of its version (`If-Match`). No
  client tries again.
- A history is linearizable if one order of its operations explains every answer, where each operation takes
  effect once between its request and its answer. A change without an answer may take effect at any later
  time, or never. porcupine searches the order.
- What would show: a read of an older version, a change that is lost, and two servers that take changes.

| operation | count |
| --- | ---: |
| read | {outcomes["read"]} |
| change | {outcomes["set"]} |
| change refused, since the version was another | {outcomes["refused"]} |
| change without a sure answer | {outcomes["unknown"]} |

| fault, at random, each for 1 to 30 s | times |
| --- | ---: |
{rows}
"""


if __name__ == "__main__":
    run(main)
