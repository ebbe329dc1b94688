"""The clusters people have, and what must come out for each."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from mcapp.errors import Exit, UserError
from mcapp.genvalues import words
from mcapp.genvalues.placement import decide
from mcapp.genvalues.plan import TIERS, Asked, Plan
from mcapp.kube.inventory import from_objects
from mcapp.messages import Text, Words, translate
from tests.support.kube_objects import (
    CONTROL_PLANE,
    DATABASE,
    ETCD,
    HOSTNAME,
    Object,
    database_volume,
    node,
    pod,
    service,
    storage_class,
)
from tests.support.kube_scheduler import feasible

TAINTED = ["node-role.kubernetes.io/control-plane:NoSchedule"]
LAPTOP = node("laptop", "192.168.1.10", labels=CONTROL_PLANE)
LAB = node("lab", "192.168.1.20", labels=DATABASE)
LAB2 = node("lab2", "192.168.1.21", labels=DATABASE)
SERVERS = [node(f"srv{n}", f"10.0.0.{n}", labels=ETCD) for n in (1, 2, 3)]
KUBEADM = node("cp", "10.0.0.1", labels=CONTROL_PLANE, taints=TAINTED)


def planned(of: list[Object], **asked: Any) -> Plan:
    return decide(from_objects(of, "test", None), Asked(**asked))


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
def test_no_place_is_told_with_what_to_do(
    of: list[Object], asked: dict[str, Any], problem: Words, named: str
) -> None:

    with pytest.raises(UserError) as caught:
        planned(of, **asked)
    assert caught.value.code is Exit.NO_PLACEMENT
    assert isinstance(caught.value.problem, Text)
    assert caught.value.problem.words == problem
    assert named in translate(caught.value.remedy, "en")


class TestDataGoBeforeLabels:
    def test_on_the_labelled_of_two(self) -> None:
        plan = planned([LAPTOP, LAB, LAB2, *database_volume("lab2")])
        assert plan.nodes["db"] == ["lab2"]
        assert plan.values["placement"]["databaseNodeLabels"] == DATABASE

    def test_label_moved_to_another_agent(self) -> None:
        of = [LAPTOP, node("old", "10.0.0.8"), LAB, *database_volume("old")]
        plan = planned(of)
        assert plan.topology == "multi"
        assert plan.nodes["db"] == ["old"]
        assert plan.values["placement"]["databaseNodeLabels"] == {"role": None, HOSTNAME: "old"}

    def test_on_the_laptop_while_the_lab_is_labelled(self) -> None:
        plan = planned([LAPTOP, LAB, *database_volume("laptop")])
        assert plan.topology == "single"
        assert plan.nodes["db"] == ["laptop"]
        assert plan.reasons[("topology",)].words == words.TOPOLOGY_STAY

    def test_multi_asked_for_all_the_same(self) -> None:
        plan = planned([LAPTOP, LAB, *database_volume("laptop")], topology="multi")
        assert plan.nodes == {"web": ["lab"], "api": ["lab"], "db": ["laptop"]}

    def test_a_network_volume_binds_to_no_node(self) -> None:
        assert planned([LAPTOP, LAB, *database_volume()]).nodes["db"] == ["lab"]

    def test_the_claim_tells_where_volumes_may_not_be_read(self) -> None:
        claim, _ = database_volume("lab2")
        assert planned([LAPTOP, LAB, LAB2, claim]).nodes["db"] == ["lab2"]

    def test_a_prefix_names_another_claim(self) -> None:
        of = [LAPTOP, LAB, LAB2, *database_volume("lab2", name="b-postgres-pvc")]
        assert planned(of).nodes["db"] == ["lab", "lab2"]
        assert planned(of, given={"namePrefix": "b-"}).nodes["db"] == ["lab2"]

    def test_taints_on_the_data_s_node_are_tolerated(self) -> None:
        of = [LAPTOP, node("lab", "10.0.0.2", taints=["dedicated=db:NoSchedule"]), *database_volume("lab")]
        plan = planned(of, topology="single")
        assert plan.nodes["db"] == ["lab"]
        assert plan.nodes["web"] == ["laptop"]

    def test_a_larger_claim_keeps_its_size(self) -> None:
        plan = planned([LAPTOP, *database_volume("laptop", size="20Gi")])
        assert plan.values["db"]["persistence"]["size"] == "20Gi"

    def test_a_smaller_claim_may_grow(self) -> None:
        plan = planned([LAPTOP, *database_volume("laptop", size="1Gi")])
        assert "size" not in plan.values["db"]["persistence"]


class TestChosenNode:
    def test_labelled_with_another(self) -> None:
        plan = planned([LAPTOP, LAB, LAB2], db_node="lab2")
        assert plan.nodes == {"web": ["laptop"], "api": ["laptop"], "db": ["lab2"]}
        assert plan.values["db"]["nodeSelector"] == {HOSTNAME: "lab2"}

    def test_not_labelled(self) -> None:
        plan = planned([LAPTOP, node("lab", "10.0.0.2")], db_node="lab")
        assert plan.nodes == {"web": ["laptop"], "api": ["laptop"], "db": ["lab"]}

    def test_the_only_node(self) -> None:
        plan = planned([LAPTOP], db_node="laptop")
        assert plan.topology == "single"
        assert plan.nodes["db"] == ["laptop"]


class TestStorage:
    @pytest.mark.parametrize(
        ("classes", "expected"),
        [
            ([storage_class("fast"), storage_class("local-path", default=True)], None),
            ([storage_class("fast"), storage_class("local-path")], "local-path"),
            ([storage_class("a", late=False), storage_class("z")], "z"),
            ([storage_class("manual", provisioner="kubernetes.io/no-provisioner"), storage_class("b")], "b"),
            ([storage_class("manual", provisioner="kubernetes.io/no-provisioner")], None),
            ([storage_class("a", default=True), storage_class("b", default=True)], None),
            ([], None),
        ],
    )
    def test_class(self, classes: list[Object], expected: str | None) -> None:
        plan = planned([LAPTOP, *classes])
        assert plan.values.get("db", {}).get("persistence", {}).get("storageClass") == expected

    def test_an_existing_claim_keeps_its_class(self) -> None:
        of = [LAPTOP, storage_class("new", default=True), *database_volume("laptop", storage="old")]
        assert planned(of).values["db"]["persistence"]["storageClass"] == "old"

    def test_a_class_that_makes_volumes_too_early_is_warned_of(self) -> None:
        plan = planned([LAPTOP, storage_class("local-path", default=True, late=False)])
        assert [warning.words for warning in plan.warnings] == [words.STORAGE_IMMEDIATE]


class TestNodePort:
    def number(self, of: list[Object], **asked: Any) -> int | None:
        port: int | None = planned([LAPTOP, *of], **asked).values["web"]["service"]["nodePort"]
        return port

    def test_usual(self) -> None:
        assert self.number([]) == 30080

    def test_taken_by_others(self) -> None:
        assert self.number([service("a", 30080), service("b", 30081)]) == 30082

    def test_last_taken_wraps_round(self) -> None:
        of = [service(f"s{port}", port) for port in range(30080, 32768)]
        assert self.number(of) == 30000

    def test_own_is_kept(self) -> None:
        assert self.number([service("web", 30090, namespace="mcapp", release="mcapp")]) == 30090

    def test_own_and_usual_is_told_as_before_it_was_installed(self) -> None:
        own = service("web", 30080, namespace="mcapp", release="mcapp")
        before, after = planned([LAPTOP, service("x", 30099)]), planned([LAPTOP, own])
        assert before.reasons == after.reasons

    def test_given(self) -> None:
        assert self.number([], given={"web": {"service": {"nodePort": 31000}}}) == 31000

    def test_left_to_kubernetes(self) -> None:
        plan = planned([LAPTOP], given={"web": {"service": {"nodePort": None}}})
        assert plan.values["web"]["service"]["nodePort"] is None
        assert plan.values["cluster"]["urls"] == []

    def test_no_node_port_without_its_service_type(self) -> None:
        plan = planned([LAPTOP], given={"web": {"service": {"type": "ClusterIP"}}})
        assert "web" not in plan.values


class TestRoom:
    def test_other_pods_take_it(self) -> None:
        of = [LAPTOP, node("lab", "10.0.0.2"), pod("busy", "laptop", "3950m", "1Gi")]
        assert planned(of).nodes["db"] == ["lab"]

    def test_own_and_finished_pods_do_not_count(self) -> None:
        own = pod("db-0", "laptop", "3950m", "1Gi", release="mcapp")
        over = pod("job", "laptop", "3950m", "1Gi", phase="Succeeded")
        assert planned([LAPTOP, own, over]).nodes["db"] == ["laptop"]

    def test_one_api_pod_where_two_do_not_fit(self) -> None:
        plan = planned([node("pi", "10.0.0.2", cpu="200m")])
        assert plan.values["api"]["replicas"] == 1

    def test_an_autoscaler_begins_with_one_api_pod_there(self) -> None:
        given = {"api": {"autoscaling": {"enabled": True}}}
        plan = planned([node("pi", "10.0.0.2", cpu="200m")], given=given)
        assert plan.values["api"] == {"autoscaling": {"minReplicas": 1}}

    def test_replicas_given_are_kept_and_warned_of(self) -> None:
        plan = planned([node("pi", "10.0.0.2", cpu="200m")], given={"api": {"replicas": 4}})
        assert "api" not in plan.values
        assert [warning.words for warning in plan.warnings] == [words.REPLICAS_ROOM]


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
