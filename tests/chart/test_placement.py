"""Which nodes a tier may run on, in either topology."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.chart.test_identity import settings_of_db
from tests.support.render import Objects

Render = Callable[..., Objects]
TIERS = ("web", "api", "db")
DATABASE = {"role": "database", "kubernetes.io/hostname": "lab"}
LAPTOP = {"kubernetes.io/hostname": "laptop"}


def may_run(pod: dict[str, Any], labels: dict[str, str]) -> bool:
    """Tell whether a pod's required node affinity and nodeSelector accept a node with these labels."""
    if not pod.get("nodeSelector", {}).items() <= labels.items():
        return False
    affinity = pod.get("affinity", {}).get("nodeAffinity", {})
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if required is None:
        return True

    def holds(expression: dict[str, Any]) -> bool:
        inside = labels.get(expression["key"]) in expression["values"]
        return {"In": inside, "NotIn": not inside}[expression["operator"]]

    return any(all(map(holds, term["matchExpressions"])) for term in required["nodeSelectorTerms"])


@pytest.mark.parametrize("tier", TIERS)
def test_single_asks_nothing_of_node_labels(render: Render, tier: str) -> None:
    pod = render({"topology": "single"}).pod(tier)
    assert "affinity" not in pod
    assert "nodeSelector" not in pod


def test_multi_separates_the_database(render: Render) -> None:
    objects = render({"topology": "multi"})
    assert [may_run(objects.pod(tier), DATABASE) for tier in TIERS] == [False, False, True]
    assert [may_run(objects.pod(tier), LAPTOP) for tier in TIERS] == [True, True, False]


def test_multi_may_only_prefer_to_separate(render: Render) -> None:
    objects = render({"topology": "multi", "placement": {"appOffDatabaseNode": "preferred"}})
    assert [may_run(objects.pod(tier), DATABASE) for tier in TIERS] == [True, True, True]
    for tier in ("web", "api"):
        affinity = objects.pod(tier)["affinity"]["nodeAffinity"]
        assert affinity["preferredDuringSchedulingIgnoredDuringExecution"]


def test_multi_with_several_labels_needs_all_of_them(render: Render) -> None:
    objects = render({"topology": "multi", "placement": {"databaseNodeLabels": {"disk": "fast"}}})
    both = {"role": "database", "disk": "fast"}
    assert may_run(objects.pod("db"), both)
    assert not may_run(objects.pod("web"), both)
    for half in ({"role": "database"}, {"disk": "fast"}):
        assert not may_run(objects.pod("db"), half)
        assert may_run(objects.pod("web"), half)


def test_own_labels_replace_the_charts_as_a_whole(render: Render) -> None:
    own = {"placement": {"databaseNodeLabels": {"role": None}, "databaseNodeLabelsOverride": {"tier": "db"}}}
    for placement in (own["placement"], {"databaseNodeLabelsOverride": {"tier": "db"}}):
        objects = render({"topology": "multi", "placement": placement})
        assert may_run(objects.pod("db"), {"tier": "db"})
        assert not may_run(objects.pod("web"), {"tier": "db"})
        assert may_run(objects.pod("web"), {"role": "database"})
        assert settings_of_db(objects)["mcapp.node_labels"] == "tier=db"


@pytest.mark.parametrize("topology", ["single", "multi"])
def test_no_pod_names_its_node(render: Render, topology: str) -> None:
    for tier in TIERS:
        assert "nodeName" not in render({"topology": topology}).pod(tier)


@pytest.mark.parametrize("tier", TIERS)
def test_tolerations_and_selectors_are_the_tiers_own(render: Render, tier: str) -> None:
    taint = {"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}
    objects = render({tier: {"tolerations": [taint], "nodeSelector": {"disk": "fast"}}})
    for other in TIERS:
        assert objects.pod(other).get("tolerations", []) == ([taint] if other == tier else [])
        assert objects.pod(other).get("nodeSelector", {}) == ({"disk": "fast"} if other == tier else {})
