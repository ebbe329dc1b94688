"""Every sentence of every tool: both languages name the same parts, in Taiwan's terms; all are said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter
from types import ModuleType

import pytest

from dev import ROOT
from mcapp import messages
from mcapp import words as ground
from mcapp.backup import words as backup
from mcapp.doctor import causes
from mcapp.doctor import words as doctor
from mcapp.genvalues import words as genvalues
from mcapp.images import words as images
from mcapp.kube import words as kube
from mcapp.messages import Words
from mcapp.move import words as move
from mcapp.preflight import words as preflight
from mcapp.up import words as up

MODULES = (messages, ground, kube, genvalues, doctor, preflight, backup, move, images, up)
MAINLAND = "服務器|軟件|默認|端口|內存|文件夾|配置文件|集群|調度|鏡像|卷宗|命令行|信息|網絡|數據庫|節點機"
SOURCES = "\n".join(
    path.read_text()
    for path in (ROOT / "scripts" / "mcapp").rglob("*.py")
    if path.name not in ("causes.py", "words.py")
)


def _sentences(module: ModuleType) -> Iterator[tuple[str, Words]]:
    for name, value in vars(module).items():
        if isinstance(value, Words):
            yield name, value
        elif isinstance(value, dict) and name.isupper():
            yield from ((f"{name}.{key}", one) for key, one in value.items() if isinstance(one, Words))


SENTENCES = {f"{module.__name__}.{name}": one for module in MODULES for name, one in _sentences(module)}
for cause, entry in causes.CAUSES.items():
    SENTENCES |= {f"{cause}.problem": entry.problem, f"{cause}.remedy": entry.remedy}


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_name_the_same_parts(key: str) -> None:
    english, chinese = (
        {name for _, name, _, _ in Formatter().parse(sentence) if name} for sentence in SENTENCES[key]
    )
    assert english == chinese


@pytest.mark.parametrize("key", SENTENCES)
def test_taiwan_s_terms(key: str) -> None:
    assert not re.search(MAINLAND, SENTENCES[key].zh)


NAMES = sorted({name.split(".")[0] for module in MODULES for name, _ in _sentences(module)})


@pytest.mark.parametrize("name", NAMES)
def test_every_sentence_is_said(name: str) -> None:
    assert re.search(rf"\b{name}\b", SOURCES)
