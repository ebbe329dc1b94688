"""Commands as a user types them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from mcapp.config import SHOWN_CHART

COMMAND = "mcapp"
# kubectl runs what has this name for `kubectl mcapp`.
PLUGIN = f"kubectl-{COMMAND}"
# Each tool, and the name of its script in scripts/.
TOOLS = {
    "genvalues": "genvalues",
    "preflight": "preflight",
    "images": "images",
    "up": "up",
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
    if program := installed():
        return Shell(f"{program} {tool}")
    return Shell(f"python3 scripts/{TOOLS[tool]}.py")


def installed() -> str:
    """Return how the user of this process calls `mcapp` itself, "" for a script of a checkout."""
    program = Path(sys.argv[0])
    if program.stem == PLUGIN:
        return f"kubectl {COMMAND}"
    return (
        COMMAND
        if COMMAND in (program.stem, program.parent.name if program.stem == "__main__" else "")
        else ""
    )


def chart() -> Shell:
    """Return the chart as a user gives it to helm."""
    return joined([str(SHOWN_CHART)])
