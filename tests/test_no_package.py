"""Without the packages that scripts/ needs, a tool says in one line what to install."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from dev import ROOT
from mcapp import __main__ as tools
from mcapp import cli
from mcapp.errors import Exit
from mcapp.shell import TOOLS

# A Python with nothing but its standard library.
BARE = [sys.executable, "-S", "-E"]
INSTALL = "pip install pyyaml jsonschema"
# The others need none: preflight and images run where nothing is installed yet.
NEEDY = ("genvalues", "doctor", "move", "up")


def refused(command: list[str], locale: str = "C.UTF-8") -> str:
    """Return the one line that the command says."""
    done = subprocess.run(
        command,
        cwd=ROOT / "scripts",
        env={**os.environ, "LC_ALL": locale},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert f"`{INSTALL}`" in line
    return line


@pytest.mark.parametrize("tool", NEEDY)
def test_a_script(tool: str) -> None:
    said = refused([*BARE, f"{TOOLS[tool]}.py", "--help"])
    assert said.startswith("error: The Python package yaml is not installed. Run ")


@pytest.mark.parametrize("tool", NEEDY)
def test_the_package(tool: str) -> None:
    assert refused([*BARE, "-m", "mcapp", tool], "zh_TW.UTF-8").startswith(
        "錯誤：尚未安裝 Python 套件 yaml。"
    )


@pytest.mark.parametrize("tool", sorted(TOOLS.keys() - set(NEEDY)))
def test_the_others_need_none(tool: str) -> None:
    done = subprocess.run(
        [*BARE, ROOT / "scripts" / f"{tool}.py", "--help"], capture_output=True, check=False
    )
    assert done.returncode == 0


def test_a_package_that_is_imported_late(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    monkeypatch.setattr(sys, "argv", ["mcapp", "genvalues", "--set", "api.replicas=1", "--lang", "en"])
    with pytest.raises(SystemExit) as caught:
        cli.run(tools.dispatch)
    assert caught.value.code == 2
    assert "The Python package jsonschema is not installed." in capsys.readouterr().err


def test_a_missing_part_of_the_program_itself_is_a_fault(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(_: Sequence[str]) -> Exit:
        raise ModuleNotFoundError("No module named 'mcapp.nothing'", name="mcapp.nothing")

    with pytest.raises(SystemExit) as caught:
        cli.run(broken)
    assert caught.value.code == 6
    assert INSTALL not in capsys.readouterr().err
