"""The alerts, their pages in both languages, and the doctor's causes name each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dev import ROOT
from dev.docs import DOCTOR, RUNBOOKS
from mcapp.doctor.alerts import ALERTS
from mcapp.doctor.causes import CAUSES
from mcapp.genvalues.values import merge
from tests.chart.test_watched import ALERTS as ALERTS_ON
from tests.chart.test_watched import EVERY
from tests.support.render import HA, Objects

Render = Callable[..., Objects]
PAGES = [RUNBOOKS["en"] / f"{alert}.md" for alert in sorted(EVERY)]
# Each heading with its translation.
HEADINGS = {
    "What it means": "代表什麼",
    "What users notice": "使用者會注意到什麼",
    "First look": "先看什麼",
    "Causes that the doctor names": "doctor 會指出的原因",
    "How to mend it": "如何處理",
    "When it clears": "何時解除",
}
ORDER = (
    "kubectl -n mcapp get pods",
    "kubectl -n mcapp get services,endpointslices",
    "http://api:8000/readyz",
    "kubectl -n mcapp logs deploy/api",
    "python scripts/doctor.py",
)


def translated(page: Path) -> Path:
    return RUNBOOKS["zh-TW"] / page.name


def sections(page: Path) -> dict[str, str]:
    """Return the text below each heading."""
    _, *parts = re.split(r"(?m)^## ", page.read_text())
    return {head.strip(): text for head, _, text in (part.partition("\n") for part in parts)}


def commands(page: Path) -> list[str]:
    blocks: list[str] = re.findall(r"(?s)```sh\n(.*?)```", page.read_text())
    return blocks


def causes(page: Path) -> list[str]:
    return re.findall(r"(?m)^\| \w+ \| `([a-z-]+)` \|", page.read_text())


def test_every_alert_has_a_page_in_both_languages_and_no_other_page_is_there() -> None:
    for folder in RUNBOOKS.values():
        assert {path.stem for path in folder.glob("*.md")} - {"README"} == EVERY == set(ALERTS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_both_languages_say_the_same(page: Path) -> None:
    assert list(sections(page)) == list(HEADINGS)
    assert list(sections(translated(page))) == list(HEADINGS.values())
    for one in (page, translated(page)):
        assert one.read_text().startswith(f"# {page.stem}\n")
        assert all(text.strip() for text in sections(one).values())
    assert commands(page) == commands(translated(page)) != []
    assert causes(page) == causes(translated(page))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_first_look_goes_along_the_chain(page: Path) -> None:
    (block,) = commands(page)
    places = [block.index(step) for step in ORDER]
    assert places == sorted(places)
    assert block.rstrip().rpartition("\n")[2].startswith(ORDER[-1])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_causes_are_those_of_the_doctor(page: Path) -> None:
    found = causes(page)
    assert set(found) == set(ALERTS[page.stem]) <= set(CAUSES)
    assert len(found) == len(ALERTS[page.stem])
    # The doctor's page names this one beside just these.
    rows = [line for line in DOCTOR.read_text().splitlines() if f"(runbooks/{page.name})" in line]
    assert [line.split("`")[1] for line in rows] == found


def test_links_of_the_pages_lead_somewhere() -> None:
    for folder in RUNBOOKS.values():
        for page in folder.glob("*.md"):
            for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
                assert (page.parent / target).exists(), f"{page}: {target}"


@pytest.mark.parametrize("lang", RUNBOOKS)
def test_the_index_lists_each_alert_with_its_severity(render: Render, lang: str) -> None:
    (group,) = render(merge(ALERTS_ON, HA)).one("PrometheusRule", "alerts")["spec"]["groups"]
    severities = {rule["alert"]: rule["labels"]["severity"] for rule in group["rules"]}
    folder = ROOT / "docs" / "runbooks" / ("" if lang == "en" else lang)
    rows = re.findall(r"(?m)^\| \[(\w+)\]\(\1\.md\) \| (\w+) \|", (folder / "README.md").read_text())
    assert dict(rows) == severities
    assert len(rows) == len(severities)
