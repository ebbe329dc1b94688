"""Commands as a user types them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

COMMAND = "mcapp"
TOOLS = ("genvalues", "preflight", "doctor", "backup", "move")
# Where a tool's script in scripts/ has another name than the tool.
_SCRIPTS = {"move": "movedb"}


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
    return Shell(f"python3 scripts/{_SCRIPTS.get(tool, tool)}.py")
