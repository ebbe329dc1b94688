"""How long a viewer waits before it asks again: longer for all alike, the more of their questions pile up."""

from __future__ import annotations

import time
from collections.abc import Callable

# Seconds. With few viewers the picture follows what happens; with any number it follows in the end.
LEAST, MOST = 2.0, 30.0
# So many questions may be under way at once, on average, in one replica. More would only wait for each other.
UNDER_WAY = 8.0
# The average is over this time, in seconds. No change between two of them is steeper than these factors:
# those who open the page at one moment are no crowd for long.
WINDOW = 2.0
FALL, RISE = 0.8, 1.5


class Pace:
    """Counts the questions of viewers, and says when the next one is welcome.

    By Little's law the mean number under way is the time spent on answers, divided by the time that passed.
    It grows with the number of viewers and with the time that an answer takes, whichever tier takes it.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._since = now()
        self._spent = 0.0
        self._wait = LEAST

    def answered(self, seconds: float) -> float:
        """Count an answer that took this long, and return the seconds until the viewer should ask again."""
        self._spent += seconds
        passed = self._now() - self._since
        if passed >= WINDOW:
            steep = self._spent / passed / UNDER_WAY
            self._wait = min(max(self._wait * min(max(steep, FALL), RISE), LEAST), MOST)
            self._since, self._spent = self._now(), 0.0
        return self._wait
