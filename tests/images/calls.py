"""Calls of the tool, and what they leave."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcapp import __main__ as tools
from mcapp.errors import Exit, UserError
from tests.support.ssh_machine import Machine

LAB = "lab@127.0.0.1"


def images(machine: Machine, *words: str, ssh: str = "", lang: str = "en") -> None:
    code = tools.call("images", [*words, "--ssh", ssh or machine.ssh(), "--lang", lang])
    assert code is Exit.OK


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def refused(machine: Machine, *words: str, ssh: str = "") -> UserError:
    with pytest.raises(UserError) as caught:
        images(machine, *words, ssh=ssh)
    return caught.value


def listed(machine: Machine, place: str = "far") -> set[str]:
    return {line.split()[0] for line in machine.ctr(place, "images", "ls").splitlines()[1:]}
