"""Both languages say the same, in Taiwan's terms; the table of causes in the documentation is current."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from dev import ROOT
from mcapp.doctor import words
from mcapp.doctor.causes import CAUSES, LAYERS, Words
from mcapp.doctor.report.table import END, START, table

_MAINLAND = "服務器|軟件|默認|端口|內存|文件夾|配置文件|集群|調度|鏡像|卷宗|命令行|信息|網絡|數據庫|節點機"
SENTENCES: dict[str, Words] = {
    **{f"{cause}.problem": entry.problem for cause, entry in CAUSES.items()},
    **{f"{cause}.remedy": entry.remedy for cause, entry in CAUSES.items()},
    **{name: value for name, value in vars(words).items() if name.isupper() and isinstance(value, tuple)},
    **{f"layer.{key}": value for key, value in words.LAYER.items()},
    **{f"state.{key}": value for key, value in words.STATE.items()},
}
SOURCES = "\n".join(
    path.read_text()
    for path in [ROOT / "scripts" / "doctor.py", *(ROOT / "scripts" / "mcapp" / "doctor").glob("*.py")]
    if path.name not in ("causes.py", "words.py")
)


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_name_the_same_parts(key: str) -> None:
    english, chinese = (
        {name for _, name, _, _ in Formatter().parse(sentence) if name} for sentence in SENTENCES[key]
    )
    assert english == chinese


@pytest.mark.parametrize("key", SENTENCES)
def test_taiwan_s_terms(key: str) -> None:
    assert not re.search(_MAINLAND, SENTENCES[key][1])


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_is_found_by_some_check(cause: str) -> None:
    assert f'"{cause}"' in SOURCES


@pytest.mark.parametrize("name", [name for name in vars(words) if name.isupper()])
def test_every_sentence_is_said(name: str) -> None:
    assert re.search(rf"\b{name}\b", SOURCES)


def test_every_layer_has_causes() -> None:
    assert {cause.layer for cause in CAUSES.values()} == set(LAYERS) == words.LAYER.keys()


def test_the_table_in_the_documentation_is_current() -> None:
    page = Path(ROOT / "docs" / "doctor.md").read_text()
    assert page.partition(START)[2].partition(END)[0].strip() == table().strip()
