"""Says what is being done, that it goes on, and how long it took."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from mcapp import words
from mcapp.messages import Text, announce, translate

HEARTBEAT_SECONDS = 30.0
# With a meter there is something new to say each time.
METER_SECONDS = 2.0
# The step that the last line was about. A line of another one, which runs at the same time, names it.
_last: list[object] = [None]


class Meter:
    """Counts the bytes of a stream, of `total` where that is known."""

    def __init__(self, total: int = 0) -> None:
        self.done = 0
        self._total = total

    def add(self, size: int) -> None:
        """Count `size` more bytes."""
        self.done += size

    @property
    def text(self) -> Text:
        """The count in words."""
        done, total = f"{self.done / 1e6:.1f}", f"{self._total / 1e6:.1f}"
        return words.BYTES_OF(done=done, total=total) if self._total else words.BYTES(done=done)


@contextmanager
def step(what: Text | str, meter: Meter | None = None) -> Iterator[None]:
    """Announce a piece of work, say now and then that it goes on, and at the end how long it took."""
    started = time.monotonic()
    finished = threading.Event()
    title = translate(what)

    def tell(text: str) -> None:
        announce(text if _last[0] is finished else f"{text}: {title}")
        _last[0] = finished

    def beat() -> None:
        while not finished.wait(METER_SECONDS if meter else HEARTBEAT_SECONDS):
            tell(f"    ... {translate(_since(started, meter))}")

    announce(f"==> {title}")
    _last[0] = finished
    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        finished.set()
    tell(f"    {translate(words.DONE_IN(since=_since(started, meter, digits=1)))}")


def _since(started: float, meter: Meter | None, digits: int = 0) -> Text:
    seconds = words.SECONDS(seconds=f"{time.monotonic() - started:.{digits}f}")
    return words.METERED(seconds=seconds, bytes=meter.text) if meter else seconds
