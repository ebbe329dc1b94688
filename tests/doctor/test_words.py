"""Every cause is found by a check; the table of causes in the documentation is current."""

from __future__ import annotations

from pathlib import Path

import pytest

from dev import ROOT
from mcapp.doctor import words
from mcapp.doctor.causes import CAUSES, LAYERS
from mcapp.doctor.report.table import END, START, table

SOURCES = "\n".join(
    path.read_text()
    for path in (ROOT / "scripts" / "mcapp" / "doctor").rglob("*.py")
    if path.name not in ("causes.py", "words.py")
)


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_is_found_by_some_check(cause: str) -> None:
    assert f'"{cause}"' in SOURCES


def test_every_layer_has_causes() -> None:
    assert {cause.layer for cause in CAUSES.values()} == set(LAYERS) == words.LAYER.keys()


def test_the_table_in_the_documentation_is_current() -> None:
    page = Path(ROOT / "docs" / "doctor.md").read_text()
    assert page.partition(START)[2].partition(END)[0].strip() == table().strip()
