"""The clusters people have, and what must come out for each."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from dev.local.kube_objects import (
    CONTROL_PLANE,
    DATABASE,
    ETCD,
    Object,
    database_volume,
    node,
)
from mcapp.errors import Exit, UserError
from mcapp.genvalues import words
from mcapp.genvalues.plan import TIERS
from mcapp.messages import Text, Words, translate
from tests.genvalues.clusters import LAB, LAB2, LAPTOP, planned
from tests.support.kube_scheduler import feasible

TAINTED = ["node-role.kubernetes.io/control-plane:NoSchedule"]
SERVERS = [node(f"srv{n}", f"10.0.0.{n}", labels=ETCD) for n in (1, 2, 3)]
KUBEADM = node("cp", "10.0.0.1", labels=CONTROL_PLANE, taints=TAINTED)


class Case(NamedTuple):
    nodes: list[Object]
    topology: str
    db: set[str]
    app: set[str]
    reason: Words


CASES = {
    "k3s server alone": Case([LAPTOP], "single", {"laptop"}, {"laptop"}, words.TOPOLOGY_NONE),
    "k3s server and agent": Case([LAPTOP, LAB], "multi", {"lab"}, {"laptop"}, words.TOPOLOGY_MULTI),
    "agent not labelled": Case(
        [LAPTOP, node("lab", "10.0.0.2")], "single", {"laptop", "lab"}, {"laptop", "lab"}, words.TOPOLOGY_NONE
    ),
    "only the server labelled": Case(
        [node("laptop", "10.0.0.1", labels={**CONTROL_PLANE, **DATABASE}), node("lab", "10.0.0.2")],
        "single",
        {"laptop", "lab"},
        {"laptop", "lab"},
        words.TOPOLOGY_SERVER,
    ),
    "three servers with embedded etcd, two agents": Case(
        [*SERVERS, LAB, node("lab9", "10.0.0.9")],
        "multi",
        {"lab"},
        {"srv1", "srv2", "srv3", "lab9"},
        words.TOPOLOGY_MULTI,
    ),
    "kind: control plane tainted, one worker for db": Case(
        [KUBEADM, LAB], "multi", {"lab"}, {"cp"}, words.TOPOLOGY_MULTI
    ),
    "kind: control plane tainted, two workers": Case(
        [KUBEADM, LAB, node("worker", "10.0.0.3")], "multi", {"lab"}, {"worker"}, words.TOPOLOGY_MULTI
    ),
    "kubeadm: tainted control plane alone": Case([KUBEADM], "single", {"cp"}, {"cp"}, words.TOPOLOGY_NONE),
    "two database nodes": Case(
        [LAPTOP, LAB, LAB2], "multi", {"lab", "lab2"}, {"laptop"}, words.TOPOLOGY_MULTI
    ),
    "only database nodes": Case([LAB, LAB2], "multi", {"lab", "lab2"}, {"lab", "lab2"}, words.TOPOLOGY_MULTI),
    "database node not ready": Case(
        [LAPTOP, node("lab", "10.0.0.2", labels=DATABASE, ready=False)],
        "single",
        {"laptop"},
        {"laptop"},
        words.TOPOLOGY_UNUSABLE,
    ),
    "database node cordoned": Case(
        [LAPTOP, node("lab", "10.0.0.2", labels=DATABASE, cordoned=True)],
        "single",
        {"laptop"},
        {"laptop"},
        words.TOPOLOGY_UNUSABLE,
    ),
    "database node's disk full": Case(
        [LAPTOP, node("lab", "10.0.0.2", labels=DATABASE, pressure="DiskPressure")],
        "single",
        {"laptop"},
        {"laptop"},
        words.TOPOLOGY_UNUSABLE,
    ),
    "database node too small": Case(
        [LAPTOP, node("lab", "10.0.0.2", labels=DATABASE, memory="24Mi")],
        "single",
        {"laptop"},
        {"laptop"},
        words.TOPOLOGY_UNUSABLE,
    ),
    "database node unreachable": Case(
        [
            LAPTOP,
            node("lab", "10.0.0.2", labels=DATABASE, taints=["node.kubernetes.io/unreachable:NoExecute"]),
        ],
        "single",
        {"laptop"},
        {"laptop"},
        words.TOPOLOGY_UNUSABLE,
    ),
    "database node set apart by a taint": Case(
        [LAPTOP, node("lab", "10.0.0.2", labels=DATABASE, taints=["dedicated=db:NoExecute"])],
        "multi",
        {"lab"},
        {"laptop"},
        words.TOPOLOGY_MULTI,
    ),
    "arm64 lab, amd64 laptop, no label": Case(
        [LAPTOP, node("lab", "10.0.0.2", arch="arm64")], "single", {"laptop"}, {"laptop"}, words.TOPOLOGY_NONE
    ),
    "arm64 lab for db, amd64 laptop": Case(
        [LAPTOP, node("lab", "10.0.0.2", labels=DATABASE, arch="arm64")],
        "multi",
        {"lab"},
        {"laptop"},
        words.TOPOLOGY_MULTI,
    ),
    "a Windows agent": Case(
        [LAPTOP, node("pc", "10.0.0.2", os="windows")], "single", {"laptop"}, {"laptop"}, words.TOPOLOGY_NONE
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_tier_gets_the_nodes_it_should(case: Case) -> None:
    plan = planned(case.nodes)
    assert plan.topology == case.topology
    assert plan.reasons[("topology",)].words == case.reason
    assert {tier: set(at) for tier, at in plan.nodes.items()} == {
        "web": case.app,
        "api": case.app,
        "db": case.db,
    }
    listed = {entry["name"]: entry["tiers"] for entry in plan.values["cluster"]["nodes"]}
    assert listed == {
        raw["metadata"]["name"]: [tier for tier in TIERS if raw["metadata"]["name"] in plan.nodes[tier]]
        for raw in case.nodes
    }


@pytest.mark.parametrize(("arch", "named"), [("amd64", False), ("arm64", False), ("riscv64", True)])
def test_a_node_whose_architecture_has_no_image_is_named(arch: str, named: bool) -> None:
    plan = planned([LAPTOP, node("lab", "10.0.0.2", labels=DATABASE, arch=arch)])
    said = [one for one in plan.warnings if one.words == words.PLATFORM_NONE]
    assert [translate(one, "en").partition(",")[0] for one in said] == (["lab is riscv64"] if named else [])


NOWHERE = {
    "multi without a label": (
        [LAPTOP, node("lab", "10.0.0.2")],
        {"topology": "multi"},
        words.MULTI_NONE,
        "lab",
    ),
    "multi, not ready": (
        [LAPTOP, node("lab", "10.0.0.2", labels=DATABASE, ready=False)],
        {"topology": "multi"},
        words.TIER_NOWHERE,
        "lab",
    ),
    "all cordoned": ([node("lab", "10.0.0.2", cordoned=True)], {}, words.TIER_NOWHERE, "lab"),
    "tainted for others": (
        [node("gpu", "10.0.0.2", taints=["gpu=yes:NoSchedule"])],
        {},
        words.TIER_NOWHERE,
        "gpu",
    ),
    "too small": ([node("pi", "10.0.0.2", cpu="10m")], {}, words.TIER_NOWHERE, ""),
    "data on a node that left": ([LAPTOP, *database_volume("lab")], {}, words.DATA_GONE, ""),
    "data on a node that is down": (
        [LAPTOP, node("lab", "10.0.0.2", labels=DATABASE, ready=False), *database_volume("lab")],
        {},
        words.DATA_BLOCKED,
        "lab",
    ),
    "db wanted away from its data": (
        [LAPTOP, LAB, *database_volume("laptop")],
        {"db_node": "lab"},
        words.DBNODE_DATA,
        "",
    ),
}


@pytest.mark.parametrize(("of", "asked", "problem", "named"), NOWHERE.values(), ids=NOWHERE.keys())
def test_no_place_is_reported_with_a_remedy(
    of: list[Object], asked: dict[str, Any], problem: Words, named: str
) -> None:
    with pytest.raises(UserError) as caught:
        planned(of, **asked)
    assert caught.value.code is Exit.NO_PLACEMENT
    assert isinstance(caught.value.problem, Text)
    assert caught.value.problem.words == problem
    assert named in translate(caught.value.remedy, "en")


def test_the_scheduler_of_these_tests_agrees_with_the_table(render_file: Any) -> None:
    """Render two of the clusters and schedule the pods for real: the table is not the command's own word."""
    from mcapp.genvalues.values import Result
    from mcapp.genvalues.valuesfile import dump

    for name in ("kind: control plane tainted, one worker for db", "arm64 lab, amd64 laptop, no label"):
        case = CASES[name]
        plan = planned(case.nodes)
        specs = render_file(dump(Result(plan.values, plan.reasons), [], "en"))
        assert feasible(specs["db"], case.nodes) == case.db
        assert feasible(specs["web"], case.nodes) == case.app
