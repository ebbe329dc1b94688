"""The tiers of tests: what is named is there, and CONTRIBUTING tells it."""

from __future__ import annotations

import re

import pytest

from dev import ROOT
from dev.test import SPREAD, TIERS, chosen
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


def runs(markers: str, **marks: bool) -> bool:
    """Tell whether a part of a tier runs a test with these marks."""
    words = dict.fromkeys(re.findall(r"[a-z]+", chosen(markers)), False)
    # An expression of pytest's markers is one of Python.
    return bool(eval(chosen(markers), {**words, **marks}))  # noqa: S307


@pytest.mark.parametrize("kind", [False, True])
def test_long_tests_run_in_test_all_alone(kind: bool) -> None:
    """A long test has no other mark that keeps it out of `make test`."""
    ran = {name: sum(runs(part, long=True, kind=kind) for part in parts) for name, parts in TIERS.items()}
    assert ran == {"test": 0, "rest": 0, "all": 1}


def test_a_long_test_has_the_engine_for_itself() -> None:
    assert not runs(SPREAD, long=True)


@pytest.mark.parametrize("tier", TIERS)
def test_no_tier_runs_what_needs_other_programs(tier: str) -> None:
    files = sorted((ROOT / "tests" / "addons").glob("test_*.py"))
    assert files
    names = {"addons", "kind"}
    for file in files:
        marks = set(re.findall(r"pytest\.mark\.(\w+)", file.read_text()))
        assert marks & names == {"addons"}, file
    for markers in TIERS[tier]:
        assert not runs(markers, addons=True)


def test_contributing_tells_the_tiers() -> None:
    assert "\n".join(table()) in PAGE
