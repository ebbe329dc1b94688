"""The one parser of node selector terms: every operator, and what terms mean together."""

from __future__ import annotations

from typing import Any

import pytest

from dev.local.kube_objects import node
from mcapp.kube.affinity import admits, parse, required_by
from mcapp.kube.nodes import parse as parse_node

NODE = parse_node(node("lab", labels={"role": "database", "disks": "3"}), "lab")


def rule(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}


RULES = {
    "In": (rule("role", "In", "web", "database"), rule("role", "In", "web")),
    "NotIn": (rule("role", "NotIn", "web"), rule("role", "NotIn", "database")),
    "NotIn of no label": (rule("zone", "NotIn", "a"), rule("zone", "In", "a")),
    "Exists": (rule("role", "Exists"), rule("zone", "Exists")),
    "DoesNotExist": (rule("zone", "DoesNotExist"), rule("role", "DoesNotExist")),
    "Gt": (rule("disks", "Gt", "2"), rule("disks", "Gt", "3")),
    "Lt": (rule("disks", "Lt", "4"), rule("disks", "Lt", "3")),
    "numbers only": (rule("disks", "Gt", "-1"), rule("role", "Gt", "2")),
    "no label": (rule("zone", "DoesNotExist"), rule("zone", "Lt", "9")),
}


@pytest.mark.parametrize("name", RULES)
def test_an_operator(name: str) -> None:
    holds, fails = RULES[name]
    for given, admitted in ((holds, True), (fails, False)):
        assert admits(parse({"nodeSelectorTerms": [{"matchExpressions": [given]}]}), NODE) is admitted


def test_one_term_with_all_of_its_rules() -> None:
    role, zone = rule("role", "Exists"), rule("zone", "Exists")
    either = [{"matchExpressions": [role]}, {"matchExpressions": [zone]}]
    assert admits(parse({"nodeSelectorTerms": either}), NODE)
    assert not admits(parse({"nodeSelectorTerms": [{"matchExpressions": [role, zone]}]}), NODE)
    by_name = {"matchFields": [rule("metadata.name", "In", "lab")]}
    assert admits(parse({"nodeSelectorTerms": [by_name]}), NODE)
    assert not admits(parse({"nodeSelectorTerms": [{}]}), NODE), "an empty term admits no node"


def test_a_pod_without_affinity_may_run_anywhere() -> None:
    specs: tuple[dict[str, Any], ...] = ({}, {"affinity": {}}, {"affinity": {"nodeAffinity": {}}})
    assert [required_by({"spec": spec}) for spec in specs] == [None, None, None]
    assert admits(None, NODE)


def test_what_kubernetes_does_not_write() -> None:
    with pytest.raises(ValueError, match="Near"):
        parse({"nodeSelectorTerms": [{"matchExpressions": [rule("role", "Near")]}]})
