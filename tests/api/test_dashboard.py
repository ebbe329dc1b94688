"""The chart's dashboard uses only metrics that the api and the exporters expose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dev.local import plain_http
from dev.local.postgres import PostgresServer
from mcapp.config import CHART
from tests.support import exporter

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

BOARD = json.loads((CHART / "files" / "grafana" / "dashboard.json").read_text())
EXPRESSIONS = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
# The labels that Prometheus adds to every sample where it scrapes by a ServiceMonitor.
TARGET = {"namespace", "job", "pod"}
WORDS = {"by", "histogram_quantile", "max", "min", "or", "rate", "sum", "vector"}
SELECTOR = re.compile(r"([a-z_]+)\{(.*?)\}")


@pytest.fixture(scope="module")
def exposed(
    client: httpx.Client, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, set[str]]]:
    """Return, by the variable of its job, the name of each sample after one request, with its labels."""
    client.get("/api/tasks")
    password = tmp_path_factory.mktemp("exporter") / "password"
    with exporter.running("web") as web, exporter.beside(postgres, password) as db:
        texts = {
            "job": client.get("/metrics").text,
            "web": plain_http.get(f"{web.url}/metrics").text,
            "db": plain_http.get(f"{db.url}/metrics").text,
        }
    found: dict[str, dict[str, set[str]]] = {job: {} for job in texts}
    for job, text in texts.items():
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[job].setdefault(sample.name, set()).update(sample.labels)
    # What a leader alone tells: tests/api/test_exporter.py makes one.
    found["db"]["mcapp_postgres_replica_lag_bytes"] = {"replica"}
    return found


def asked(expression: str) -> Iterator[tuple[str, str, set[str]]]:
    """Yield each metric in an expression, with the variable of its job and the labels that are used."""
    grouped = {label for group in re.findall(r"\bby \((.*?)\)", expression) for label in group.split(", ")}
    for name, matchers in SELECTOR.findall(expression):
        (job,) = re.findall(r'namespace="\$namespace", job="\$(\w+)"', matchers)
        yield name, job, grouped | set(re.findall(r"(\w+)[=!]~?\"", matchers))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_metric_is_one_that_its_job_exposes(
    exposed: dict[str, dict[str, set[str]]], expression: str
) -> None:
    metrics = list(asked(expression))
    assert metrics
    for name, job, labels in metrics:
        assert name in exposed[job]
        assert labels <= exposed[job][name] | TARGET
    # A metric without its release's labels would add up all releases; asked() does not yield it.
    rest = re.sub(r"\bby \(.*?\)|\[.*?\]", "", SELECTOR.sub("", expression))
    assert set(re.findall(r"[A-Za-z_]+", rest)) <= WORDS


def test_the_variables_are_read_from_a_metric_that_there_is(exposed: dict[str, dict[str, set[str]]]) -> None:
    listed = {item["name"]: item for item in BOARD["templating"]["list"]}
    assert set(listed) == {"datasource", "namespace", "job", "web", "db"}
    for name, item in listed.items():
        if item["type"] == "query":
            metric = item["definition"].split("(")[1].split("{")[0].split(",")[0]
            assert metric in exposed["job" if name == "namespace" else name]


def test_every_part_is_shown(exposed: dict[str, dict[str, set[str]]]) -> None:
    names = {name for expression in EXPRESSIONS for name, _, _ in asked(expression)}
    assert {"http_requests_total", "http_request_duration_seconds_bucket", "mcapp_db_up"} <= names
    assert {f"mcapp_db_pool_{part}" for part in ("size", "available", "waiting")} <= names
    # What the alerts alone need: whether there is anything, since when, and which part a full queue has.
    left_out = {
        "mcapp_web_listening",
        "mcapp_web_reaches_api",
        "mcapp_web_listen_overflows_total",
        "mcapp_postgres_up",
    }
    left_out |= {"mcapp_postgres_in_recovery", "mcapp_postgres_start_time_seconds"}
    assert {*exposed["web"], *exposed["db"]} - names == left_out


def test_the_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        taken |= cells
