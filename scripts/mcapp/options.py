"""Types of options that several tools have: each refuses what makes no sense, and says what it may be."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from mcapp import words
from mcapp.errors import UserError

_NAME = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")


def number(option: str, least: float, most: float) -> Callable[[str], float]:
    """Return the type of a number in this range."""

    def read(given: str) -> float:
        try:
            found = float(given)
        except ValueError:
            found = float("nan")
        # It is not true of what is no number.
        if not least <= found <= most:
            span = {"least": f"{least:g}", "most": f"{most:g}"}
            raise UserError(words.OUT_OF_RANGE(option=option, given=repr(given), **span))
        return found

    return read


def whole(option: str, least: int, most: int) -> Callable[[str], int]:
    """Return the type of a whole number in this range."""

    def read(given: str) -> int:
        try:
            found = int(given)
        except ValueError:
            found = least - 1
        if not least <= found <= most:
            raise UserError(
                words.OUT_OF_RANGE_WHOLE(option=option, given=repr(given), least=least, most=most)
            )
        return found

    return read


def name(option: str, most: int) -> Callable[[str], str]:
    """Return the type of the name of a namespace, or of a release, as Kubernetes and Helm take it."""

    def read(given: str) -> str:
        if len(given) > most or not _NAME.fullmatch(given):
            raise UserError(words.NO_NAME(option=option, given=repr(given), most=most))
        return given

    return read


def command(option: str) -> Callable[[str], str]:
    """Return the type of a command: one word or several."""

    def read(given: str) -> str:
        try:
            found = shlex.split(given)
        except ValueError:
            found = []
        if not found:
            raise UserError(words.NO_COMMAND(option=option, given=repr(given)))
        return given

    return read
