"""The result of a call of genvalues.py in a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from dev.local.kube_objects import Object
from mcapp.errors import Exit


class Outcome(NamedTuple):
    """One call: its exit code, standard output and standard error, and the values it wrote."""

    code: Exit
    out: str
    err: str
    values: dict[str, Any]


Run = Callable[..., Outcome]
Render = Callable[[str], dict[str, Object]]
