"""The catalogue in both languages, the language by the locale, and Kubernetes' quantities."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from mcapp.genvalues.values import CHART
from mcapp.genvalues.words import CATALOGUE
from mcapp.kube.quantity import millis, whole
from mcapp.messages import from_environment, plain, say, text

SOURCES = [
    path.read_text() for path in (CHART.parents[1] / "scripts").rglob("*.py") if path.name != "catalogue.py"
]


@pytest.mark.parametrize("key", CATALOGUE)
def test_both_languages_name_the_same_parts(key: str) -> None:
    english, chinese = (
        {name for _, name, _, _ in Formatter().parse(words) if name} for words in CATALOGUE[key]
    )
    assert english == chinese


@pytest.mark.parametrize("key", CATALOGUE)
def test_every_sentence_is_used(key: str) -> None:
    pattern = re.escape(key) if not key.startswith("drift.node.") else r"drift\.node\.(\{key\}|gone|new)"
    assert any(re.search(rf'"{pattern}"', source) for source in SOURCES)


def test_every_key_used_has_its_sentence() -> None:
    used = {key for source in SOURCES for key in re.findall(r'\btext\(\s*"([a-z.]+)"', source)}
    assert used
    assert used <= CATALOGUE.keys()


@pytest.mark.parametrize("key", CATALOGUE)
def test_taiwan_s_terms(key: str) -> None:
    assert not re.search(
        "服務器|軟件|默認|端口|內存|文件夾|配置文件|集群|調度|鏡像|卷宗|命令行|信息", CATALOGUE[key][1]
    )


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
    told = say(text("input.other", file="f", kinds=list("abcdefg")), "en")
    assert told == "f holds a, b, c, d, e and 2 more and no node."


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


def test_this_file_reads_the_real_sources() -> None:
    assert Path(CHART.parents[1] / "scripts" / "genvalues.py").read_text() in SOURCES
