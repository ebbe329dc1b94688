"""The check that histories are linearizable: what it refuses, and a real history through a kill."""

from __future__ import annotations

from functools import partial

import pytest

from dev.load.registers import CLIENTS, GONE, Operation, Outcome, Registers, Verdict, check
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp import wait

ENOUGH_SECONDS = 60


def _done(
    call: int, outcome: Outcome, version: int = 0, value: str = "", expected: int = 0, back: int | None = None
) -> Operation:
    ended = call + 1 if back is None else back
    return Operation(1, call, call, ended, outcome, expected, version, value)


SET = _done(1, "set", 2, "a", expected=1)
UNSURE = _done(1, "unknown", value="a", expected=1, back=0)


@pytest.mark.parametrize(
    ("history", "right"),
    [
        ([SET, _done(3, "read", 2, "a")], True),
        ([SET, _done(3, "read", 1)], False),
        ([SET, _done(3, "read", 2, "b")], False),
        ([SET, _done(3, "set", 2, "b", expected=1)], False),
        ([SET, _done(3, "refused", expected=1)], True),
        ([SET, _done(3, "refused", expected=2)], False),
        ([UNSURE, _done(3, "read", 1), _done(5, "read", 2, "a")], True),
        ([UNSURE, _done(3, "read", 2, "a"), _done(5, "read", 1)], False),
        ([UNSURE, _done(3, "read", 1), _done(5, "read", 1)], True),
        ([SET, _done(3, "read", GONE)], False),
    ],
    ids=[
        "in order",
        "stale read",
        "another value",
        "two leaders",
        "refused rightly",
        "refused wrongly",
        "done late",
        "undone",
        "never done",
        "lost",
    ],
)
def test_what_fits_one_order(history: list[Operation], right: bool) -> None:
    assert check(history) == Verdict(() if right else (1,), ())


def test_a_server_that_is_killed_keeps_one_order(breakable: PostgresServer, replica: ApiProcess) -> None:
    with Registers(replica.url) as registers:

        def changed(more_than: int) -> bool:
            return registers.outcomes["set"] > more_than + CLIENTS

        for _ in range(2):
            assert wait.until(partial(changed, registers.outcomes["set"]), ENOUGH_SECONDS)
            breakable.kill()
            breakable.start()
            replica.wait_for("/readyz")
    assert check(registers.history) == Verdict((), ())
    assert registers.outcomes["read"]
    assert registers.outcomes["refused"]
