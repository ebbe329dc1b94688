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


class UserError(Exception):
    """What keeps a command from its result and a user can mend: what is wrong, and what to do.

    Raised itself, it means wrong input: an option, a file, a value. `cli.run` says it in the user's language.
    """

    code: ClassVar[Exit] = Exit.USAGE

    def __init__(self, problem: Text | str, remedy: Text | str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{translate(self.problem)} {translate(self.remedy)}".strip()


class DifferenceError(UserError):
    """Something was looked at, and is not as it should be."""

    code = Exit.DIFFERS


class UnreachableError(UserError):
    """No cluster or machine answers, or its answer makes no sense."""

    code = Exit.UNREACHABLE


class PlacementError(UserError):
    """No node can run a tier."""

    code = Exit.NO_PLACEMENT


class FailedError(UserError):
    """The command began, and could not do what was asked."""

    code = Exit.FAILED
