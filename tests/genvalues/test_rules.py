"""genvalues refuses what the chart refuses."""

from __future__ import annotations

import pytest

from mcapp.errors import Exit, UserError
from mcapp.genvalues import words
from mcapp.genvalues.values import check, merge
from tests.genvalues.clusters import TWO
from tests.support.genvalues_call import Run
from tests.support.wrong_values import WRONG, told_by_schema

# The rules of rules.py, by what the chart says.
RULES = (
    "whole number of bytes",
    "whole thousandths",
    "at most 9223372036854775807",
    "/backup/schedule",
    "/backup/timeZone",
)


def test_what_the_schema_refuses_is_refused() -> None:
    numbers = told_by_schema("template")
    assert len(numbers) > 200
    taken = []
    for number in numbers:
        try:
            check(merge({}, WRONG[number]["values"]), words.SCHEMA_GIVEN())
        except UserError:
            continue
        taken.append(WRONG[number]["says"])
    assert taken == []


@pytest.mark.parametrize(
    "number", [number for number, one in enumerate(WRONG) if any(rule in one["says"] for rule in RULES)]
)
def test_what_those_templates_refuse_is_refused(number: int) -> None:
    with pytest.raises(UserError):
        check(WRONG[number]["values"], words.SCHEMA_GIVEN())


@pytest.mark.parametrize("lang", ["en", "zh-TW"])
def test_the_refusal_quotes_the_value(run: Run, lang: str) -> None:
    done = run("--set", "db.persistence.size=9Ei", "--lang", lang, of=TWO)
    assert done.code is Exit.USAGE
    assert "db.persistence.size" in done.err
    assert (
        "9Ei is no whole number of bytes below 8Ei" if lang == "en" else "9Ei 不是小於 8Ei 的整數位元組數"
    ) in done.err


def test_a_line_break_at_the_end_is_refused_as_helm_does(run: Run) -> None:
    assert run("--set", 'db.image.tag="16\\n"', of=TWO).code is Exit.USAGE
    assert run("--set", 'web.podLabels={"a\\n": b}', of=TWO).code is Exit.USAGE
