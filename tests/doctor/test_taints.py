"""A taint that somebody set on purpose, and one that stands for a state of the node."""

from __future__ import annotations

from typing import Any

import pytest

from mcapp.doctor.finding import Finding
from mcapp.doctor.walk import look
from tests.support.doctor_recording import load, replay

OURS = {"key": "course", "value": "exam", "effect": "NoSchedule"}
UNINITIALIZED = {"key": "node.cloudprovider.kubernetes.io/uninitialized", "effect": "NoSchedule"}


def found_with(taints: list[dict[str, str]]) -> Finding:
    document = load("node-tainted")
    items: list[dict[str, Any]] = [
        item
        for call in document["calls"].values()
        if isinstance(call["out"], dict)
        for item in call["out"]["items"]
    ]
    for node in (item for item in items if item["kind"] == "Node" and "taints" in item["spec"]):
        node["spec"]["taints"] = taints
    finding = look(replay(document)).finding
    assert finding is not None
    return finding


@pytest.mark.parametrize("taints", [[OURS], [OURS, UNINITIALIZED]], ids=["alone", "beside a state"])
def test_one_that_was_set_on_purpose_can_be_removed(taints: list[dict[str, str]]) -> None:
    finding = found_with(taints)
    assert finding.cause == "node-tainted"
    assert [step.kubectl[3] for step in finding.steps] == ["course=exam:NoSchedule-"]


def test_a_state_of_the_node_must_end() -> None:
    finding = found_with([UNINITIALIZED])
    assert finding.cause == "node-held-back"
    assert [step.kubectl[:2] for step in finding.steps] == [("describe", "node")]
    assert any("cloud" in line.line for line in finding.evidence)
