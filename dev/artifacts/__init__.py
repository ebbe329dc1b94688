"""What a release consists of: each kind of file is made by a module here, the same from the same commit."""

from __future__ import annotations

import os

from dev import ROOT
from dev.kind.process import output

EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"


def epoch() -> int:
    """Return the time of the sources, in seconds: $SOURCE_DATE_EPOCH, or that of the commit.

    https://reproducible-builds.org/specs/source-date-epoch/
    """
    if asked := os.environ.get(EPOCH_VARIABLE):
        return int(asked)
    return int(output(["git", "-C", ROOT, "log", "-1", "--format=%ct"]))


def revision() -> str:
    """Return the commit."""
    return output(["git", "-C", ROOT, "rev-parse", "HEAD"])
