"""The tiers of tests: what is named is there, and CONTRIBUTING tells it."""

from __future__ import annotations

import re

import pytest

from dev import ROOT
from dev.test import TIERS, chosen
from tests.tiers import CAPABILITIES, core, table

PAGE = (ROOT / "CONTRIBUTING.md").read_text()


@pytest.mark.parametrize("name", sorted(core()))
def test_what_is_named_is_there(name: str) -> None:
    file, _, test = name.partition("::")
    source = (ROOT / "tests" / "e2e" / file).read_text()
    assert re.search(rf"^def {re.escape(test.partition('[')[0])}\(", source, re.MULTILINE)


def test_folders_that_are_named_are_there() -> None:
    folders = {name for row in CAPABILITIES for name in row.core if "::" not in name}
    assert folders
    assert all((ROOT / folder).is_dir() for folder in folders)


@pytest.mark.parametrize("tier", TIERS)
def test_no_tier_runs_what_needs_other_programs(tier: str) -> None:
    files = sorted((ROOT / "tests" / "addons").glob("test_*.py"))
    assert files
    names = {"addons", "kind"}
    for file in files:
        marks = set(re.findall(r"pytest\.mark\.(\w+)", file.read_text()))
        assert marks & names == {"addons"}, file
    for markers in TIERS[tier]:
        words = dict.fromkeys(re.findall(r"[a-z]+", markers), False)
        # An expression of pytest's markers is one of Python.
        assert not eval(chosen(markers), {**words, "addons": True})  # noqa: S307


def test_contributing_tells_the_tiers() -> None:
    assert "\n".join(table()) in PAGE
