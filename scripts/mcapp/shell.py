"""Commands as a user types them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from mcapp.config import SHOWN_CHART

COMMAND = "mcapp"
# Each tool, and the name of its script in scripts/.
TOOLS = {
    "genvalues": "genvalues",
    "preflight": "preflight",
    "doctor": "doctor",
    "backup": "backup",
    "move": "movedb",
}


class Shell(str):
    """A command line, or a piece of one, that is quoted already."""

    __slots__ = ()


def joined(words: Iterable[str]) -> Shell:
    """Return the command line of these words, quoted for a shell."""
    return Shell(shlex.join(words))


def called(tool: str) -> Shell:
    """Return how the user of this process calls a tool: through `mcapp`, or by its script in a checkout."""
    program = Path(sys.argv[0])
    if COMMAND in (program.stem, program.parent.name if program.stem == "__main__" else ""):
        return Shell(f"{COMMAND} {tool}")
    return Shell(f"python3 scripts/{TOOLS[tool]}.py")


def chart() -> Shell:
    """Return the chart as a user gives it to helm."""
    return joined([str(SHOWN_CHART)])
