"""What genvalues decides where data, options, classes, ports or other pods leave it no free choice."""

from __future__ import annotations

from typing import Any

import pytest

from dev.local.kube_objects import (
    DATABASE,
    HOSTNAME,
    Object,
    database_volume,
    node,
    pod,
    service,
    storage_class,
)
from mcapp.genvalues import values, words
from tests.genvalues.clusters import LAB, LAB2, LAPTOP, planned


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

    def test_labels_in_the_place_of_the_chart_s(self) -> None:
        tier = {"placement": {"databaseNodeLabelsOverride": {"tier": "db"}}}
        on_lab = planned([LAPTOP, node("lab", "10.0.0.2", labels={"tier": "db"}), LAB2], given=tier)
        assert on_lab.nodes["db"] == ["lab"]
        assert "databaseNodeLabels" not in on_lab.values["placement"]
        of = [LAPTOP, node("old", "10.0.0.8"), node("lab", "10.0.0.2", labels={"tier": "db"})]
        moved = planned([*of, *database_volume("old")], given=tier, topology="multi")
        made = values.complete(tier, moved.values, moved.reasons).values
        assert made["placement"]["databaseNodeLabelsOverride"] == {HOSTNAME: "old"}

    def test_on_the_laptop_while_the_lab_is_labelled(self) -> None:
        plan = planned([LAPTOP, LAB, *database_volume("laptop")])
        assert plan.topology == "single"
        assert plan.nodes["db"] == ["laptop"]
        assert plan.reasons[("topology",)].words == words.TOPOLOGY_STAY

    def test_multi_is_asked_for_anyway(self) -> None:
        plan = planned([LAPTOP, LAB, *database_volume("laptop")], topology="multi")
        assert plan.nodes == {"web": ["lab"], "api": ["lab"], "db": ["laptop"]}

    def test_a_network_volume_binds_to_no_node(self) -> None:
        assert planned([LAPTOP, LAB, *database_volume()]).nodes["db"] == ["lab"]

    def test_the_claim_names_the_node_where_volumes_may_not_be_read(self) -> None:
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

    def test_a_class_that_makes_volumes_too_early_brings_a_warning(self) -> None:
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

    def test_the_own_usual_port_has_the_same_reasons_as_before_the_install(self) -> None:
        own = service("web", 30080, namespace="mcapp", release="mcapp")
        before, after = planned([LAPTOP, service("x", 30099)]), planned([LAPTOP, own])
        assert before.reasons == after.reasons

    def test_given(self) -> None:
        assert self.number([], given={"web": {"service": {"nodePort": 31000}}}) == 31000

    @pytest.mark.parametrize("any_port", [None, 0, ""])
    def test_left_to_kubernetes(self, any_port: int | str | None) -> None:
        plan = planned([LAPTOP], given={"web": {"service": {"nodePort": any_port}}})
        assert plan.values["web"]["service"]["nodePort"] is None
        assert plan.values["cluster"]["urls"] == []

    def test_no_node_port_without_its_service_type(self) -> None:
        plan = planned([LAPTOP], given={"web": {"service": {"type": "ClusterIP"}}})
        assert "web" not in plan.values


class TestResources:
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

    def test_given_replicas_are_kept_with_a_warning(self) -> None:
        plan = planned([node("pi", "10.0.0.2", cpu="200m")], given={"api": {"replicas": 4}})
        assert "api" not in plan.values
        assert [warning.words for warning in plan.warnings] == [words.REPLICAS_ROOM]
