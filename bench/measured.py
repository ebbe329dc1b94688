"""The line about the machine, and the form of a row of figures, on the benches' pages."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime

from dev import ROOT
from dev.kind.process import output


def setting() -> str:
    """Return the machine, the date and the revision in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    revision = output(["git", "-C", ROOT, "describe", "--always", "--dirty"])
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB; "
        f"{datetime.now(UTC).date().isoformat()}, revision {revision}"
    )


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Return the median, with the least and the greatest value in brackets."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
