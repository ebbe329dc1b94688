"""The one tree of errors, and the exit codes of every command."""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from mcapp.messages import Text, translate


class Exit(IntEnum):
    """Exit codes, the same for every command."""

    OK = 0
    DIFFERS = 1
    USAGE = 2
    UNREACHABLE = 3
    NO_PLACEMENT = 4
    FAILED = 5
    # A fault of the command's own code.
    INTERNAL = 6


class UserError(Exception):
    """An error that the user can fix: what is wrong, and what to do.

    This class itself means wrong input: an option, a file, a value. `cli.run` says it in the user's language.
    """

    code: ClassVar[Exit] = Exit.USAGE

    def __init__(self, problem: Text | str, remedy: Text | str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        problem, remedy = translate(self.problem), translate(self.remedy)
        # A Chinese full stop brings its own blank.
        return f"{problem}{'' if problem.endswith('。') else ' '}{remedy}".strip()


class DifferenceError(UserError):
    """What was checked is not as it should be."""

    code = Exit.DIFFERS


class UnreachableError(UserError):
    """No cluster or machine answers, its answer cannot be read, or the program that asks it is not there."""

    code = Exit.UNREACHABLE


class PlacementError(UserError):
    """No node can run a tier."""

    code = Exit.NO_PLACEMENT


class FailedError(UserError):
    """The command started, and failed."""

    code = Exit.FAILED
