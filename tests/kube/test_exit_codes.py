"""A fault of the program itself is a sentence and an exit code of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from mcapp import cli
from mcapp.errors import Exit
from mcapp.messages import LANGS, Lang, choose_language


def broken(arguments: Sequence[str]) -> Exit:
    given: dict[str, Exit] = {}
    return given[arguments[0] if arguments[:1] == ["ports"] else "ports"]


@pytest.mark.parametrize("lang", LANGS)
def test_a_fault_of_the_program(lang: Lang, capsys: pytest.CaptureFixture[str]) -> None:
    choose_language(lang)
    try:
        with pytest.raises(SystemExit) as caught:
            cli.run(broken)
    finally:
        choose_language(None)
    assert caught.value.code == 6
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(r"(error: |錯誤：).*KeyError: 'ports'.*test_exit_codes\.py:\d+", line)


def test_the_traceback_is_there_for_those_who_ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(cli.DEBUG, "1")
    with pytest.raises(SystemExit):
        cli.run(broken)
    assert "Traceback" in capsys.readouterr().err


def test_help_lists_it() -> None:
    assert "6 internal" in str(cli.style("x", "y")["epilog"])
