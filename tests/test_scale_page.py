"""The model of docs/scale.md: the page follows from the points that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench import hall, scale_model
from bench.scale_model import PAGE, Points, page, points_of
from dev.load.hall import WATCHING

TEXT = PAGE.read_text()


def number(text: str) -> float:
    return float(text.replace(",", ""))


def test_the_page_is_what_its_own_points_give() -> None:
    assert page(*points_of(TEXT)) == TEXT


@pytest.mark.parametrize("pace", [2, 30])
def test_the_limits_follow_from_the_arithmetic_beside_them(pace: int) -> None:
    """Computed here once more, from the text of each row."""
    rows = re.findall(
        r"\| ([\d.]+) x ([\d.]+) / ([\d.]+) µs = ([\d,]+) requests/s \| (\S+) \| (\S+) \|", TEXT
    )
    assert len(rows) == 5
    for cores, busy, us, rate, least, most in rows:
        computed = float(cores) * float(busy) / float(us) * 1e6
        assert number(rate) == pytest.approx(computed, rel=0.01)
        assert number({2: least, 30: most}[pace]) == pytest.approx(computed * pace * 3 / 4, rel=0.05)


def test_each_step_follows_from_the_points() -> None:
    points, _ = points_of(TEXT)
    rows = re.findall(
        r"^\| ([\d,]+) \| ([\d,]+) \| [\d,.]+ \| ([\d.]+) \| \S+ \| ([\d.]+) \| ([\d,]+) \|", TEXT, re.M
    )
    assert [number(row[0]) for row in rows] == list(scale_model.USERS)
    for users, rate, web, api, pods in rows:
        assert number(rate) == pytest.approx(number(users) * 2 / 3, rel=0.01)
        assert number(web) == pytest.approx(number(rate) * points.web_us / 1e6, abs=0.01, rel=0.01)
        assert number(api) == pytest.approx(number(rate) * points.api_us / 1e6, abs=0.01, rel=0.01)
        assert number(pods) == pytest.approx(number(api) / 0.6, abs=1)


def test_a_dearer_request_means_fewer_viewers() -> None:
    points, sources = points_of(TEXT)
    values = {name: getattr(points, name) for name in Points.__dataclass_fields__}
    dearer = page(Points(**{**values, "api_us": 2 * points.api_us}), sources)
    pods = [re.search(r"\| a pod of api \| .* \| (\S+) \| \S+ \| `api", text) for text in (TEXT, dearer)]
    before, after = (number(found[1]) for found in pods if found)
    assert after == pytest.approx(before / 2, rel=0.05)


def test_a_hall_that_was_measured_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def evening(viewers: int) -> hall.Evening:
        """100 viewers ask 50 times a second in all; 9 s are measured."""
        one = {"errors": 0, "median": 0.01, "p99": 0.2, "worst": 1.0}
        kinds = {"topology": {"count": 3 * viewers, **one}, "list": {"count": 3 * viewers // 2, **one}}
        kinds[WATCHING] = {"count": 2 * viewers, **one}
        cpu = {"web": viewers / 1e4, "api": viewers / 1e3, "db": viewers / 2e3}
        cpu |= {"viewers": 0.5, "tabs": 0.2, "others": 0.1}
        return hall.Evening(viewers, {"kinds": kinds, "wait": 2.0}, cpu, 3 * viewers, {}, 90, 90)

    page_of_hall = tmp_path / "bench-hall.md"
    page_of_hall.write_text(hall._page([evening(100), evening(1000)], 9))
    monkeypatch.setattr(scale_model, "HALL", page_of_hall)
    points, sources = scale_model.read_points()
    assert (points.web_us, points.api_us, points.db_us, points.held) == (200, 2000, 1000, 3)
    assert sources[:3] == ["bench-hall.md"] * 3
    assert page(*points_of(page(points, sources))) == page(points, sources)
