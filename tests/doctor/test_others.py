"""A cluster with many nodes of others: the doctor says of the release what it says without them."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from dev.local.kube_objects import node
from mcapp.doctor.checks import access
from mcapp.doctor.report import text
from mcapp.doctor.walk import look
from mcapp.kube.kubectl import Kubectl
from tests.doctor.test_recordings import RECORDED
from tests.support.doctor_recording import load, objects, replay

CROWD = 300
NO_NODES = {"namespace-missing", "release-missing"}


def virtual(number: int) -> dict[str, Any]:
    """A node of kwok; each tenth is not Ready."""
    address, ready = f"198.18.{number >> 8}.{number & 255}", number % 10 > 0
    return node(f"a-{number:04}", address, taints=["kwok.x-k8s.io/node=fake:NoSchedule"], ready=ready)


def machine(number: int) -> dict[str, Any]:
    """A machine of another team."""
    return node(f"a-{number:04}", f"198.18.{number >> 8}.{number & 255}", taints=["team=other:NoSchedule"])


def said(document: dict[str, Any]) -> dict[str, Any]:
    diagnosis = look(replay(document))
    diagnosis.seconds = 0
    return text.document(diagnosis, Kubectl(), "en")


@pytest.mark.parametrize("name", sorted({*RECORDED} - NO_NODES))
def test_virtual_nodes_change_nothing(name: str) -> None:
    with_others = load(name)
    objects(with_others).extend(map(virtual, range(CROWD)))
    assert said(with_others) == said(load(name))


def test_one_line_names_those_that_are_not_ready() -> None:
    document = load("healthy")
    crowd = [deepcopy(machine(number)) for number in range(CROWD)]
    for one in crowd[:30]:
        one["status"]["conditions"][0]["status"] = "False"
    objects(document).extend(crowd)
    (warning,) = [line for line in said(document)["warnings"] if "not Ready" in line]
    assert "a-0000" in warning
    assert "25 more" in warning


def test_only_the_nodes_of_the_release_and_the_servers_are_asked() -> None:
    document = load("healthy")
    before = access.target(replay(document).snapshot())
    objects(document).extend(map(machine, range(CROWD)))
    assert access.target(replay(document).snapshot()) == before
    assert f"outside access: {CROWD} more nodes of this cluster were not asked" in said(document)["left_out"]


def test_a_full_node_is_one_where_the_pod_may_run() -> None:
    document = load("node-full")
    before = said(document)["commands"]
    objects(document).extend(map(machine, range(CROWD)))
    assert said(document)["commands"] == before


def test_a_page_has_room_for_the_first_lines() -> None:
    document = load("no-labelled-node")
    objects(document).extend(map(machine, range(CROWD)))
    diagnosis = look(replay(document))
    assert diagnosis.finding is not None
    assert len(diagnosis.finding.evidence) > CROWD
    lines = list(text.lines(diagnosis, Kubectl(), "en"))
    assert len(lines) < 50
    assert any("more lines" in line and "--output json" in line for line in lines)
    assert len(json.dumps(text.document(diagnosis, Kubectl(), "en"))) > 10_000
