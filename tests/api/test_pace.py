"""How long viewers are asked to wait."""

from __future__ import annotations

from itertools import count

import pytest

from mcapp_api.pace import LEAST, MOST, RISE, UNDER_WAY, WINDOW, Pace


class Viewers:
    """So many viewers, who ask as often as they are told to, and whose answers take so long."""

    def __init__(self) -> None:
        self.clock = 0.0
        self.pace = Pace(lambda: self.clock)
        self.wait = LEAST

    def watch(self, viewers: int, seconds: float, *, windows: int = 60) -> float:
        """Let them ask for a while, and return the wait at its end in seconds."""
        ends = self.clock + windows * WINDOW
        while self.clock < ends:
            self.clock += self.wait / viewers
            self.wait = self.pace.answered(seconds)
        return self.wait


@pytest.mark.parametrize(("viewers", "seconds"), [(1, 0.01), (300, 0.005), (1, 1.9)])
def test_few_viewers_or_quick_answers_need_no_wait(viewers: int, seconds: float) -> None:
    assert Viewers().watch(viewers, seconds) == LEAST


def test_so_many_are_under_way_as_may_be() -> None:
    hall = Viewers()
    wait = hall.watch(1000, 0.05)
    assert 1000 * 0.05 / wait == pytest.approx(UNDER_WAY, rel=0.05)
    assert hall.watch(10, 0.05) == LEAST, "they have gone"


def test_the_longest_wait_is_never_passed() -> None:
    assert Viewers().watch(100_000, 1.0, windows=20) == MOST


def test_a_single_slow_moment_makes_it_half_as_long_again() -> None:
    now = count(0.0, WINDOW)
    pace = Pace(lambda: next(now))
    assert pace.answered(1000.0) == RISE * LEAST
