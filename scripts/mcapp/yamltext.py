"""YAML into plain data and back. PyYAML's C library does it where it is there; the results are the same."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def load(text: bytes | str) -> Any:
    """Return a document as plain data; yaml.YAMLError, ValueError or RecursionError where it is none."""
    try:
        return yaml.load(text, _LOADER)  # noqa: S506 - a safe one
    except yaml.YAMLError:
        # The two loaders word an error differently: every machine says what the one in Python says.
        return yaml.load(text, yaml.SafeLoader)


def why(error: Exception) -> str:
    """Return what is wrong and where, on one line, without the text itself: it may hold a password."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return " ".join(str(error).split())
    parts = ((error.context, error.context_mark), (error.problem, error.problem_mark))
    return ", ".join(
        f"{text} (line {mark.line + 1}, column {mark.column + 1})" if mark else str(text)
        for text, mark in parts
        if text
    )


def emit(events: Iterable[yaml.Event]) -> str:
    """Return the text of a stream of events, each value on one line."""
    text: str = yaml.emit(events, Dumper=_DUMPER, allow_unicode=True, width=1 << 30)
    return text
