"""Says what is being done, that it still goes on, and how long it took."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mcapp.messages import announce

HEARTBEAT_SECONDS = 30.0
# Where there is more to say than that it goes on.
METER_SECONDS = 2.0


def say(text: str) -> None:
    """Print one line of progress to standard error, so that standard output stays for results."""
    print(text, file=sys.stderr, flush=True)


class Meter:
    """Counts the bytes of a stream, of `total` where that is known."""

    def __init__(self, total: int = 0) -> None:
        self.done = 0
        self._total = total

    def add(self, size: int) -> None:
        """Count `size` more bytes."""
        self.done += size

    def __str__(self) -> str:
        of = f" of {self._total / 1e6:.1f}" if self._total else ""
        return f"{self.done / 1e6:.1f}{of} MB"


@contextmanager
def step(what: str, meter: Meter | None = None) -> Iterator[None]:
    """Announce a piece of work, show a sign of life now and then, and say how long it took."""
    announce(f"==> {what}")
    started = time.monotonic()
    finished = threading.Event()

    def beat() -> None:
        while not finished.wait(METER_SECONDS if meter else HEARTBEAT_SECONDS):
            announce(f"    ... {_since(started, meter)}")

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        finished.set()
    announce(f"    done in {_since(started, meter, digits=1)}")


def _since(started: float, meter: Meter | None, digits: int = 0) -> str:
    seconds = f"{time.monotonic() - started:.{digits}f} s"
    return f"{seconds}, {meter}" if meter else seconds
