"""What Chart.yaml and the chart's README tell is true of the chart."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

import pytest
import yaml

from dev import ROOT
from dev.docs import main as docs
from mcapp.config import CHART
from mcapp.errors import Exit
from tests.support.render import HA, KUBERNETES, Objects
from tests.support.wrong_values import WRONG

Render = Callable[..., Objects]

CHART_YAML = yaml.safe_load((CHART / "Chart.yaml").read_text())
README = (CHART / "README.md").read_text()


def annotation(name: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = yaml.safe_load(CHART_YAML["annotations"][f"artifacthub.io/{name}"])
    return found


def test_the_icon_is_that_of_the_page() -> None:
    header, encoded = CHART_YAML["icon"].split(",")
    assert header == "data:image/svg+xml;base64"
    assert base64.b64decode(encoded) == (ROOT / "src" / "web" / "html" / "icon.svg").read_bytes()


def test_the_images_are_those_that_run(render: Render) -> None:
    told = {item["name"]: item["image"] for item in annotation("images")}
    running = {tier: render().pod(tier)["containers"][0]["image"] for tier in ("web", "api", "db")}
    assert told == {**running, "db-ha": render(HA).pod("db")["containers"][0]["image"]}


def test_every_change_is_of_a_kind_that_artifact_hub_knows() -> None:
    kinds = {"added", "changed", "deprecated", "removed", "fixed", "security"}
    assert {change["kind"] for change in annotation("changes")} <= kinds
    assert all(change["description"] for change in annotation("changes"))


def test_the_oldest_kubernetes_is_the_oldest_that_is_tried() -> None:
    assert CHART_YAML["kubeVersion"] == f">={KUBERNETES[0]}.0-0"


def test_the_licence_is_the_projects() -> None:
    declared = re.search(r'^license = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared
    assert CHART_YAML["annotations"]["artifacthub.io/license"] == declared[1]


def test_the_readme_is_what_the_values_give() -> None:
    assert docs(["--check"]) == Exit.OK


def test_the_readmes_table_has_every_value() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    rows = set(re.findall(r"^\| ([\w.]+) \|", README, re.MULTILINE)) - {"Key"}
    assert {row.split(".")[0] for row in rows} == set(schema["properties"]) - {"enabled"}


@pytest.mark.parametrize("line", re.findall(r"^- (at '.*)$", README, re.MULTILINE))
def test_the_readme_quotes_what_helm_says(line: str) -> None:
    assert any(line.startswith(wrong["says"]) for wrong in WRONG), line
