"""The one polling loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")
PAUSE_SECONDS = 0.3


def until(look: Callable[[], Seen], seconds: float, pause: float = PAUSE_SECONDS) -> Seen:
    """Look again and again until what is seen is true, or the time is over; return what was seen last.

    It looks at least once. What `look` raises ends the wait.
    """
    end = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < end:
        time.sleep(pause)
    return seen
