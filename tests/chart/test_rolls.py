"""Which change restarts which tier: a restart of db interrupts everybody."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mcapp.config import CHART
from tests.support.render import render

KINDS = {"web": "Deployment", "api": "Deployment", "db": "StatefulSet"}
GIVEN = {"superuserPassword": "s3cret", "appPassword": "hunter2"}


def templates(auth: dict[str, Any] | None = None, chart: Path = CHART, **values: Any) -> dict[str, Any]:
    """Return the pod template of each tier; passwords that are random would differ each time."""
    given = {**values, "db": {**values.get("db", {}), "auth": {**GIVEN, **(auth or {})}}}
    objects = render(given, chart=str(chart))
    return {tier: objects.one(kind, tier)["spec"]["template"] for tier, kind in KINDS.items()}


def rolled(after: dict[str, Any]) -> set[str]:
    before = templates()
    return {tier for tier in before if before[tier] != after[tier]}


@pytest.mark.parametrize(
    ("values", "tiers"),
    [
        ({"auth": {"appPassword": "other"}}, {"api"}),
        # Nothing but the hook Job and people use it.
        ({"auth": {"superuserPassword": "other"}}, set()),
        ({"web": {"drainSeconds": 7}}, {"web"}),
        ({"web": {"replicas": 2}}, set()),
        ({"web": {"service": {"nodePort": 30081}}}, set()),
        ({"api": {"poolSize": 5}}, {"api"}),
        ({"api": {"replicas": 3}}, set()),
        ({"web": {"autoscaling": {"enabled": True}}}, set()),
        ({"api": {"autoscaling": {"enabled": True}}}, set()),
        ({"ingress": {"enabled": True}}, set()),
        ({"metrics": {"serviceMonitor": {"enabled": True}}}, set()),
        ({"db": {"persistence": {"keep": False}}}, set()),
        ({"podDisruptionBudget": {"enabled": False}}, set()),
        ({"cluster": {"urls": ["http://192.168.1.100:30080"]}}, set()),
    ],
)
def test_a_value_rolls_what_it_changes(values: dict[str, Any], tiers: set[str]) -> None:
    assert rolled(templates(**values)) == tiers


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CHART, tmp_path / "mcapp"))


def test_another_init_sql_rolls_nothing(copied: Path) -> None:
    """It runs on an empty volume only, so a restart would do nothing but interrupt."""
    with (copied / "files" / "db" / "init.sql").open("a") as file:
        file.write("-- another line\n")
    assert (
        "another line" in render(chart=str(copied)).one("ConfigMap", "postgres-init")["data"]["10-init.sql"]
    )
    assert not rolled(templates(chart=copied))


def test_another_version_of_the_chart_rolls_nothing_by_itself(copied: Path) -> None:
    metadata = copied / "Chart.yaml"
    metadata.write_text(metadata.read_text().replace("\nversion: ", "\nversion: 1"))
    objects = render(chart=str(copied))
    assert "mcapp-1" in objects.one("Deployment", "web")["metadata"]["labels"]["helm.sh/chart"]
    assert not rolled(templates(chart=copied))


def test_while_passwords_are_reset_db_starts_anew_with_each_of_them() -> None:
    reset = templates(auth={"resetPasswords": True})
    again = templates(auth={"resetPasswords": True, "appPassword": "other"})
    assert {tier for tier in reset if reset[tier] != again[tier]} == {"api", "db"}
