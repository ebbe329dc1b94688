"""What the chart's templates refuse beyond its schema: quantities, and when backups are made.

The same rules are in `chart/mcapp/templates/checks`; a test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from mcapp.genvalues import words
from mcapp.kube.quantity import LARGEST, exact
from mcapp.messages import Text

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# The least and the greatest number of each field of a schedule, and the names that stand for them.
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NAMED = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)"
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_KNOWN_ZONE = "Asia/Taipei"


def broken(values: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    """Yield each key that a template refuses, with the reason. The values fit the schema, without nulls."""
    for part in ("db", "backup"):
        if part in values:
            yield from _quantity((part, "persistence", "size"), values[part]["persistence"]["size"])
    for tier in ("web", "api", "db", "backup"):
        part = values.get(tier, {})
        for kind, quantities in part.get("resources", {}).items():
            for name, quantity in quantities.items():
                yield from _quantity((tier, "resources", kind, name), quantity)
        for number, volume in enumerate(part.get("extraVolumes", ())):
            limit = (volume.get("emptyDir") or {}).get("sizeLimit", 0)
            yield from _quantity((tier, "extraVolumes", str(number), "emptyDir", "sizeLimit"), limit)
    backup = values.get("backup")
    if backup and not _comes(backup["schedule"]):
        yield "backup.schedule", words.SCHEDULE_WRONG(given=backup["schedule"])
    if backup and not _is_zone(backup["timeZone"]):
        yield "backup.timeZone", words.ZONE_WRONG(given=backup["timeZone"])


def _quantity(path: tuple[str, ...], quantity: object) -> Iterator[tuple[str, Text]]:
    amount = exact(quantity)
    if path[-1] == "cpu":
        if amount is None or amount * 1000 > LARGEST or amount * 1000 % 1:
            yield ".".join(path), words.CORES_WRONG(given=str(quantity))
    elif amount is None or amount > LARGEST or amount % 1:
        yield ".".join(path), words.BYTES_WRONG(given=str(quantity))


def _comes(schedule: str) -> bool:
    """Whether Kubernetes takes the schedule (robfig/cron, ParseStandard) and it comes at all."""
    if schedule.startswith("@every "):
        return _is_interval(schedule.removeprefix("@every "))
    if schedule.startswith("@") or "TZ" in schedule:
        return schedule in _NAMED
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return False
    read = [_numbers(field, *bounds) for field, bounds in zip(fields, _FIELDS, strict=True)]
    if not all(read):
        return False
    _minutes, _hours, days, months, _weekdays = read
    # With a day of the week as well, either of the two days is enough.
    either = not any(re.fullmatch(r"[*?](/\+?0*1)?", part) for part in fields[4].split(","))
    return either or min(days) <= max(_LONGEST[month - 1] for month in months)


def _numbers(field: str, low: int, high: int, names: tuple[str, ...]) -> list[int]:
    """Return what a field stands for; nothing if it is wrong or empty."""
    value = "|".join([r"\+?[0-9]{1,9}", *names])
    form = re.compile(
        rf"(?:([*?])|({value})(?:-({value}))?)(?:/(\+?[0-9]{{1,9}}))?", re.ASCII | re.IGNORECASE
    )

    def number(text: str) -> int:
        return names.index(text.lower()) + low if text.lower() in names else int(text)

    found: list[range] = []
    for part in filter(None, field.split(",")):
        match = form.fullmatch(part)
        if match is None:
            return []
        every, first, last, step = match.groups()
        start = low if every else number(first)
        end = high if every or (step and not last) else number(last or first)
        if not low <= start <= end <= high or (step and int(step) == 0):
            return []
        found.append(range(start, end + 1, int(step or 1)))
    return list(chain(*found))


def _is_interval(duration: str) -> bool:
    """Whether this is a duration of Go's, of a second or more."""
    parts = re.findall(rf"({_NUMBER})(h|ms|m|s|us|µs|μs|ns)", duration.removeprefix("+"))
    whole = "".join(number + unit for number, unit in parts) == duration.removeprefix("+")
    return whole and 1.0 <= sum(float(number) * _UNITS[unit] for number, unit in parts) < 9e9


def _is_zone(name: str) -> bool:
    """Whether this is a time zone, as far as this machine has a list of them; empty is the cluster's."""
    if name.lower() == "local":
        return False
    return not name or not _exists(_KNOWN_ZONE) or _exists(name)


def _exists(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):
        return False
    return True
