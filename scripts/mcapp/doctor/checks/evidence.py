"""The lines of the logs that belong to the present fault: since it began, and of its code."""

from __future__ import annotations

import re
from collections.abc import Iterable

SHOWN = 4
_TIME = re.compile(r'"time": ?"([^"]+)"|(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) UTC')
# Each ends whatever fault of the database there was before it.
_HEALED = re.compile(r'"message": ?"database connected"|database system is ready to accept connections')
_CODE = re.compile(r'"code": ?"([^"]+)"')


def of_now(lines: Iterable[str], pattern: re.Pattern[str], code: str) -> list[str]:
    """Return the last lines that match, but those from before the fault or of another code."""
    timed = [(_time(line), line) for line in lines]
    healed = max((time for time, line in timed if _HEALED.search(line)), default="")
    found = [line for time, line in timed if pattern.search(line) and (not time or time > healed)]
    return [line for line in found if _code(line) in ("", code)][-SHOWN:]


def _time(line: str) -> str:
    """Return a line's time in one form, which sorts; "" where it has none."""
    match = _TIME.search(line)
    if match is None:
        return ""
    # Up to the second and its thousandths, as both write them.
    return re.sub(r"[TZ]", " ", match[1] or match[2])[:23].strip()


def _code(line: str) -> str:
    match = _CODE.search(line)
    return match[1] if match else ""
