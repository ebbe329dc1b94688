"""argparse in Traditional Chinese: by a catalogue of gettext, and only where a tool reads its arguments."""

from __future__ import annotations

import argparse
import gettext
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import catalogue
from mcapp import __main__ as tools
from mcapp import cli
from mcapp.catalogue import argparse_translated
from mcapp.errors import UserError
from mcapp.messages import LANGS, choose_language, columns
from mcapp.shell import TOOLS

SOURCE = Path(argparse.__file__).read_text()


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    yield
    choose_language(None)


def test_the_file_is_made_of_the_sentences() -> None:
    assert catalogue.PATH.read_bytes() == catalogue.compiled(), "run `make docs`"


def test_gettext_reads_it() -> None:
    read = gettext.GNUTranslations(io.BytesIO(catalogue.compiled()))
    assert {english: read.gettext(english) for english in catalogue.SENTENCES} == catalogue.SENTENCES


@pytest.mark.parametrize("english", catalogue.SENTENCES)
def test_argparse_says_each_sentence(english: str) -> None:
    assert f"_({english!r})" in SOURCE


@pytest.mark.parametrize("english", catalogue.SENTENCES)
def test_the_translation_has_the_same_parts(english: str) -> None:
    parts = r"%(?:\(\w+\))?[rs]"
    assert sorted(re.findall(parts, english)) == sorted(re.findall(parts, catalogue.SENTENCES[english]))


@pytest.mark.parametrize("was", [None, "de"])
def test_it_leaves_the_process_as_it_was(was: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANGUAGE", raising=False)
    if was:
        monkeypatch.setenv("LANGUAGE", was)
    choose_language("zh-TW")
    domain = gettext.textdomain()
    with argparse_translated():
        assert gettext.gettext("options") == "選項"
    assert (gettext.textdomain(), os.environ.get("LANGUAGE")) == (domain, was)


@pytest.mark.parametrize(
    ("arguments", "lang"),
    [
        (["--lang", "zh-TW"], "zh-TW"),
        (["create", "--lang=en", "-n", "lab"], "en"),
        (["--lang"], None),
        (["--lang", "fr"], None),
        (["--set", "a=--lang"], None),
        ([], None),
    ],
)
def test_the_language_is_known_before_the_arguments_are_read(arguments: list[str], lang: str | None) -> None:
    assert cli.asked_language(arguments) == lang


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("move", [], "下列引數必須指定其中一個：--to --back --discard-old。"),
        ("move", ["--to", "multi", "--back"], "引數 --back：不可與引數 --to 同時使用。"),
        ("move", ["--to"], "引數 --to：需要一個值。"),
        ("genvalues", ["--topology", "no"], "引數 --topology：沒有 'no' 這個選擇（可用的有 "),
        ("genvalues", ["--apply-labels"], "引數 --apply-labels：至少需要一個值。"),
        ("genvalues", ["--output", "no"], "--output 是 text 或 json，不是 no；檔名請以 --file 指定。"),
        ("genvalues", ["--check=1"], "引數 --check：不接受值 '1'。"),
        ("doctor", ["--yes"], "--yes 只能與 --fix 一起使用。"),
        ("doctor", ["--wrong"], "無法辨識的引數：--wrong。"),
        ("backup", ["verify"], "缺少必要的引數：BACKUP。"),
    ],
)
def test_an_error_of_the_arguments(tool: str, arguments: list[str], said: str) -> None:
    with pytest.raises(UserError) as caught:
        tools.call(tool, [*arguments, "--lang=zh-TW"])
    assert str(caught.value).startswith(said)
    assert re.search("。請見 `.* --help`。$", str(caught.value))


def helped(tool: str, lang: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit):
        tools.call(tool, ["--help", "--lang", lang])
    return capsys.readouterr().out


@pytest.mark.parametrize("tool", TOOLS)
def test_help(tool: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that is no name is Chinese, and fits into a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    english, chinese = (helped(tool, lang, capsys) for lang in LANGS)
    assert english.startswith("usage: ")
    assert "options:\n" in english
    assert chinese.startswith("用法：")
    explained = re.findall(r"^ {2,4}(?:-\S|\w+ {2}).* {2}(\S.*)$", chinese, re.MULTILINE)
    assert explained
    assert [line for line in explained if not re.search("[一-鿿]", line)] == []
    _, _, below = chinese.partition("\n\n")
    assert max(map(columns, below.splitlines())) <= 80


@pytest.mark.parametrize("lang", LANGS)
def test_mcapp_itself(lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tools.dispatch(["--help", "--lang", lang])
    shown = capsys.readouterr().out
    assert ("備份資料庫" in shown) is (lang == "zh-TW")
    assert ("show the version and exit" in shown) is (lang == "en")
