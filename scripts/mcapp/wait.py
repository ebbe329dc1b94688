"""The one polling loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")
PAUSE_SECONDS = 0.3


def until(
    look: Callable[[], Seen],
    seconds: float,
    pause: float = PAUSE_SECONDS,
    forgive: tuple[type[Exception], ...] = (),
) -> Seen:
    """Look again and again until what is seen is true, or the time is over; return what was seen last.

    It looks at least once. What `look` raises ends the wait, but for the errors to forgive: such an error
    only means to look again, and is raised when the time is over.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            if (seen := look()) or time.monotonic() >= end:
                return seen
        except forgive:
            if time.monotonic() >= end:
                raise
        time.sleep(pause)
