"""How the benches' pages tell of a machine and of a row of figures."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime

from dev import ROOT
from dev.kind.process import output


def setting() -> str:
    """Return the machine, the day and the revision in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    revision = output(["git", "-C", ROOT, "describe", "--always", "--dirty"])
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB; "
        f"{datetime.now(UTC).date().isoformat()}, revision {revision}"
    )


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Return the median, and the least and the greatest in brackets."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"
