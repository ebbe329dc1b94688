"""The chart's dashboard uses only metrics that the api exposes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from mcapp.config import CHART

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

BOARD = json.loads((CHART / "files" / "grafana" / "dashboard.json").read_text())
EXPRESSIONS = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
# The labels that Prometheus adds to every sample where it scrapes by a ServiceMonitor.
TARGET = {"namespace", "job", "pod"}
WORDS = {"by", "histogram_quantile", "max", "min", "or", "rate", "sum", "vector"}
SELECTOR = re.compile(r"([a-z_]+)\{(.*?)\}")


@pytest.fixture(scope="module")
def exposed(client: httpx.Client) -> dict[str, set[str]]:
    """Return the name of each sample in /metrics after one request, with its labels."""
    client.get("/api/tasks")
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def asked(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield each metric in an expression, with the labels that the expression uses."""
    grouped = {label for group in re.findall(r"\bby \((.*?)\)", expression) for label in group.split(", ")}
    for name, matchers in SELECTOR.findall(expression):
        yield name, grouped | set(re.findall(r"(\w+)[=!]~?\"", matchers))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_is_one_that_the_api_exposes(exposed: dict[str, set[str]], expression: str) -> None:
    metrics = list(asked(expression))
    assert metrics
    for name, labels in metrics:
        assert name in exposed
        assert labels <= exposed[name] | TARGET
    # A metric without its release's labels would add up all releases; asked() does not yield it.
    rest = re.sub(r"\bby \(.*?\)|\[.*?\]", "", SELECTOR.sub("", expression))
    assert set(re.findall(r"[A-Za-z_]+", rest)) <= WORDS
    assert all(
        'namespace="$namespace", job="$job"' in matchers for _, matchers in SELECTOR.findall(expression)
    )


def test_the_variables_are_read_from_a_metric_that_there_is(exposed: dict[str, set[str]]) -> None:
    queries = [item["definition"] for item in BOARD["templating"]["list"] if item["type"] == "query"]
    assert {query.split("(")[1].split("{")[0].split(",")[0] for query in queries} <= set(exposed)
    assert {item["name"] for item in BOARD["templating"]["list"]} == {"datasource", "namespace", "job"}


def test_every_part_of_the_api_is_shown() -> None:
    names = {name for expression in EXPRESSIONS for name, _ in asked(expression)}
    assert {"http_requests_total", "http_request_duration_seconds_bucket", "mcapp_db_up"} <= names
    assert {f"mcapp_db_pool_{part}" for part in ("size", "available", "waiting")} <= names


def test_the_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        taken |= cells
