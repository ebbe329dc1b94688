"""The language by the locale, what fills a sentence, and Kubernetes' quantities."""

from __future__ import annotations

import re

import pytest

from mcapp.errors import UserError
from mcapp.kube import words
from mcapp.kube.quantity import millis, whole
from mcapp.messages import Part, Words, choose_language, comment, from_environment, plain, translate, wrapped


@pytest.mark.parametrize(
    ("environment", "lang"),
    [
        ({}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_TW.UTF-8"}, "zh-TW"),
        ({"LANG": "zh_CN.UTF-8"}, "en"),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "zh_TW"}, "zh-TW"),
        ({"LANG": "zh_TW.UTF-8", "LC_ALL": ""}, "zh-TW"),
    ],
)
def test_language_by_locale(environment: dict[str, str], lang: str) -> None:
    assert from_environment(environment) == lang


def test_long_lists_are_cut() -> None:
    told = translate(words.INPUT_OTHER(file="f", kinds=list("abcdefg")), "en")
    assert told == "f holds a, b, c, d, e and 2 more and no node."


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (["lab"], "lab is"),
        (["lab", "attic"], "lab, attic are"),
        ([], " are"),
        ("lab", "lab is"),
        (1, "1 is"),
        (0, "0 are"),
        (None, " is"),
        (words.INPUT_OTHER(file="f", kinds=["a", "b"]), "f holds a, b and no node. is"),
    ],
)
def test_one_or_several(part: Part, told: str) -> None:
    assert translate(Words("{part} {part:is|are}", "")(part=part), "en") == told


def test_chinese_is_broken_where_it_may_be() -> None:
    text = "使用 release 的磁碟區（backup.enabled），不是本機的資料夾。"
    lines = wrapped(text, 16).split("\n")
    assert lines == ["使用 release 的", "磁碟區", "（backup.enabled），", "不是本機的資料", "夾。"]


def test_a_chinese_full_stop_needs_no_blank() -> None:
    error = UserError(Words("No.", "不行。")(), Words("Go.", "去吧。")())
    try:
        choose_language("en")
        assert str(error) == "No. Go."
        choose_language("zh-TW")
        assert str(error) == "不行。去吧。"
    finally:
        choose_language(None)


def test_a_command_is_cut_nowhere() -> None:
    """All of a list is in it, and a comment of a values file keeps it on one line."""
    labels = [f"key-{number}=value" for number in range(7)]
    told = Words("Label it with what follows, which is long, {node}: `{doctor} x {labels}`.", "")(
        node="a b", labels=labels
    )
    command = "python3 scripts/doctor.py x " + " ".join(labels)
    assert translate(told, "en").endswith(f"long, a b: `{command}`.")
    short = Words("w " * 40 + "`{move} --to {node}`.", "")(node="a b")
    assert "# `python3 scripts/movedb.py --to 'a b'`.\n" in comment(short, "en", "")


def test_names_cannot_act_on_a_terminal() -> None:
    assert plain("a\x1b[2J\u202e") == r"'a\x1b[2J\u202e'"
    assert plain("節點") == "節點"


@pytest.mark.parametrize(
    ("quantity", "thousandths", "rounded"),
    [
        ("100m", 100, 1),
        ("1", 1000, 1),
        (4, 4000, 4),
        ("0.5", 500, 1),
        ("1.5Gi", 1610612736000, 1610612736),
        ("1k", 1000000, 1000),
        ("1e3", 1000000, 1000),
        ("2E", 2 * 10**21, 2 * 10**18),
        ("1n", 1, 1),
        ("16343588Ki", 16343588 * 1024 * 1000, 16343588 * 1024),
    ],
)
def test_quantities(quantity: object, thousandths: int, rounded: int) -> None:
    assert (millis(quantity), whole(quantity)) == (thousandths, rounded)


@pytest.mark.parametrize("quantity", ["", "m", "1x", "1 Gi", "--1", ".", None, [], "1e999999999"])
def test_no_quantities(quantity: object) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(str(quantity))}$"):
        whole(quantity)
