"""Kubernetes quantities ("250m", "1.5Gi", "2e3") as whole numbers."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import ceil

_FORM = re.compile(r"([+-]?[0-9]*\.?[0-9]*)([eE][+-]?[0-9]{1,2}|[numkMGTPE]|[KMGTPE]i)?")
_SCALE = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate("kMGTPE", 1)},
    **{f"{unit}i": Decimal(1024) ** power for power, unit in enumerate("KMGTPE", 1)},
}
# Kubernetes counts in 63 bits, and caps what is more.
LARGEST = 2**63 - 1


@lru_cache(maxsize=4096)
def _exact(quantity: str) -> Decimal:
    match = _FORM.fullmatch(quantity)
    if match is None:
        raise ValueError(quantity)
    number, unit = match.groups()
    try:
        if unit and unit not in _SCALE:
            return Decimal(number + unit)
        return Decimal(number) * _SCALE.get(unit, Decimal(1))
    except InvalidOperation as error:
        raise ValueError(quantity) from error


def whole(quantity: object) -> int:
    """Return a quantity (bytes, pods), rounded up; ValueError if it is none."""
    return ceil(_exact(str(quantity)))


def millis(quantity: object) -> int:
    """Return a quantity in thousandths (CPU: millicores), rounded up; ValueError if it is none."""
    return ceil(_exact(str(quantity)) * 1000)


def exact(quantity: object) -> Decimal | None:
    """Return a quantity as it is; None if it is none, or has more than two digits of an exponent."""
    try:
        return _exact(str(quantity))
    except ValueError:
        return None
