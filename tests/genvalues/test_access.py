"""Addresses of every kind, and the URLs made of them."""

from __future__ import annotations

from typing import Any

import pytest

from dev.local.kube_objects import CONTROL_PLANE, Object, node
from mcapp.genvalues import words
from mcapp.genvalues.placement import decide
from mcapp.genvalues.plan import Asked, Plan
from mcapp.kube.inventory import from_objects
from mcapp.messages import translate
from mcapp.preflight.family import in_url

K3S_INTERNAL, K3S_EXTERNAL = "k3s.io/internal-ip", "k3s.io/external-ip"
FLANNEL = "flannel.alpha.coreos.com/public-ip"
Pairs = list[tuple[str, str]]
NETWORKS = {4: "10.42.0.0/24", 6: "fd42::/64"}
BOTH = [("InternalIP", "192.168.1.10"), ("InternalIP", "fd00:10::10")]


def planned(*nodes: Object, given: dict[str, Any] | None = None) -> Plan:
    return decide(from_objects(nodes, "test", None), Asked(given=given or {}))


ADDRESSES: dict[str, tuple[Pairs, dict[str, str], list[str]]] = {
    "one": ([("InternalIP", "10.0.0.1")], {}, ["http://10.0.0.1:30080"]),
    "external first": (
        [("InternalIP", "10.0.0.1"), ("ExternalIP", "203.0.113.7")],
        {},
        ["http://203.0.113.7:30080", "http://10.0.0.1:30080"],
    ),
    "dual stack, IPv4 first": (
        [("InternalIP", "fd00::1"), ("InternalIP", "10.0.0.1")],
        {},
        ["http://10.0.0.1:30080", "http://[fd00::1]:30080"],
    ),
    "IPv6 alone": ([("InternalIP", "2001:DB8::1")], {}, ["http://[2001:db8::1]:30080"]),
    "several interfaces: the first": (
        [("InternalIP", "192.168.1.10"), ("InternalIP", "172.17.0.1")],
        {},
        ["http://192.168.1.10:30080"],
    ),
    "several interfaces: the one k3s was told": (
        [("InternalIP", "172.17.0.1"), ("InternalIP", "192.168.1.10")],
        {K3S_INTERNAL: "192.168.1.10"},
        ["http://192.168.1.10:30080"],
    ),
    "no address, k3s' annotations": (
        [("Hostname", "laptop")],
        {K3S_INTERNAL: "10.0.0.1,fd00::1", K3S_EXTERNAL: "203.0.113.7"},
        ["http://203.0.113.7:30080", "http://10.0.0.1:30080", "http://[fd00::1]:30080"],
    ),
    "no address, flannel's annotation": (
        [("Hostname", "laptop")],
        {FLANNEL: "10.0.0.9"},
        ["http://10.0.0.9:30080"],
    ),
    "names alone": (
        [("Hostname", "laptop"), ("InternalDNS", "laptop.lan")],
        {},
        ["http://laptop.lan:30080"],
    ),
    "a name that is none": ([("Hostname", "x/../@evil")], {}, []),
    "addresses that reach nothing": (
        [
            ("InternalIP", "127.0.0.1"),
            ("InternalIP", "fe80::1"),
            ("InternalIP", "224.0.0.1"),
            ("InternalIP", "?"),
        ],
        {},
        [],
    ),
    "none": ([], {}, []),
}


@pytest.mark.parametrize(("addresses", "annotations", "urls"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_urls(addresses: Pairs, annotations: dict[str, str], urls: list[str]) -> None:
    dual = list(NETWORKS.values())
    laptop = node("laptop", addresses=addresses, annotations=annotations, pod_networks=dual)
    cluster: Any = planned(laptop).values["cluster"]
    assert cluster["urls"] == urls
    first = urls[0].removeprefix("http://").rpartition(":")[0].strip("[]") if urls else None
    assert cluster["nodes"][0].get("address") == first


@pytest.mark.parametrize(
    ("networks", "promised", "said"),
    [
        ([4, 6], ["http://192.168.1.10:30080", "http://[fd00:10::10]:30080"], None),
        ([6, 4], ["http://192.168.1.10:30080", "http://[fd00:10::10]:30080"], None),
        (
            [4],
            ["http://192.168.1.10:30080"],
            "fd00:10::10. By the networks of its pods (spec.podCIDRs) the cluster serves IPv4 alone.",
        ),
        (
            [6],
            ["http://[fd00:10::10]:30080"],
            "192.168.1.10. By the networks of its pods (spec.podCIDRs) the cluster serves IPv6 alone.",
        ),
        ([], ["http://192.168.1.10:30080"], "fd00:10::10. The nodes do not tell (spec.podCIDRs)"),
    ],
)
def test_only_families_that_the_service_serves_are_promised(
    networks: list[int], promised: list[str], said: str | None
) -> None:
    plan = planned(node("a", addresses=BOTH, pod_networks=[NETWORKS[version] for version in networks]))
    cluster = plan.values["cluster"]
    assert cluster["urls"] == promised
    assert f"http://{in_url(cluster['nodes'][0]['address'])}:30080" == promised[0]
    told = [translate(reason, "en") for reason in plan.left if "Not listed" in translate(reason, "en")]
    assert len(told) == bool(said)
    assert all(said in line for line in told if said)


def test_without_the_networks_of_pods_the_first_address_is_the_family() -> None:
    plan = planned(node("a", addresses=BOTH[::-1]))
    assert plan.values["cluster"]["urls"] == ["http://[fd00:10::10]:30080"]


def test_one_node_tells_for_all() -> None:
    told = node("a", addresses=BOTH, pod_networks=[NETWORKS[4]])
    silent = node("b", addresses=[("InternalIP", "192.168.1.11"), ("InternalIP", "fd00:10::11")])
    assert planned(told, silent).values["cluster"]["urls"] == [
        "http://192.168.1.10:30080",
        "http://192.168.1.11:30080",
    ]


VIRTUAL = {
    "virtual-kubelet": ({"type": "virtual-kubelet"}, ["virtual-kubelet.io/provider=mock:NoSchedule"]),
    "without a taint": ({"type": "virtual-kubelet"}, []),
    "by its taint alone": ({}, ["virtual-kubelet.io/provider=azure:NoSchedule"]),
    "kwok": ({"type": "kwok"}, ["kwok.x-k8s.io/node=fake:NoSchedule"]),
    "fargate": (
        {"eks.amazonaws.com/compute-type": "fargate"},
        ["eks.amazonaws.com/compute-type=fargate:NoSchedule"],
    ),
    "liqo": ({"liqo.io/type": "virtual-node"}, ["virtual-node.liqo.io/not-allowed=true:NoExecute"]),
}


@pytest.mark.parametrize(("labels", "taints"), VIRTUAL.values(), ids=VIRTUAL.keys())
def test_a_virtual_node_promises_no_address(labels: dict[str, str], taints: list[str]) -> None:
    plan = planned(node("a", "192.168.1.10"), node("vk", "10.42.0.9", labels=labels, taints=taints))
    assert plan.values["cluster"]["urls"] == ["http://192.168.1.10:30080"]
    listed = {entry["name"]: entry for entry in plan.values["cluster"]["nodes"]}
    assert "address" not in listed["vk"]
    told = " ".join(translate(reason, "en") for reason in plan.left)
    assert "No address is listed for vk: nothing listens on a virtual node." in told


def test_a_machine_of_eks_is_no_virtual_node() -> None:
    labels = {"eks.amazonaws.com/compute-type": "auto", "type": "worker"}
    assert planned(node("a", "10.0.0.1", labels=labels)).values["cluster"]["urls"] == [
        "http://10.0.0.1:30080"
    ]


def test_db_is_not_led_to_a_virtual_node() -> None:
    taints = ["virtual-kubelet.io/provider=mock:NoSchedule"]
    vk = node("vk", "10.42.0.9", labels={"type": "virtual-kubelet", "role": "database"}, taints=taints)
    plan = planned(node("a", "192.168.1.10", labels=CONTROL_PLANE), vk)
    assert (plan.topology, plan.nodes["db"]) == ("single", ["a"])
    assert "tolerations" not in plan.values.get("db", {})
    assert translate(plan.refused["db"]["vk"][0], "en").startswith("is a virtual node")


def test_a_node_that_is_not_ready_has_no_url() -> None:
    plan = planned(node("laptop", "10.0.0.1"), node("lab", "10.0.0.2", ready=False))
    assert plan.values["cluster"]["urls"] == ["http://10.0.0.1:30080"]
    assert [entry["name"] for entry in plan.values["cluster"]["nodes"]] == ["lab", "laptop"]


def test_the_nodes_of_web_come_first() -> None:
    plan = planned(
        node("a", "10.0.0.1", labels={"role": "database"}), node("z", "10.0.0.9", labels=CONTROL_PLANE)
    )
    assert plan.values["cluster"]["urls"] == ["http://10.0.0.9:30080", "http://10.0.0.1:30080"]


def test_a_large_cluster_lists_all_nodes_and_ten_urls() -> None:
    plan = planned(*(node(f"n{i:04}", f"10.0.{i >> 8}.{i & 255}") for i in range(300)))
    assert len(plan.values["cluster"]["nodes"]) == 300
    assert len(plan.values["cluster"]["urls"]) == 10


HOSTS = {
    "ingress": {
        "enabled": True,
        "hosts": ["mcapp.lab", "mcapp.example.org"],
        "tls": [{"hosts": ["mcapp.example.org"]}, {"secretName": "other"}],
    },
    "httpRoute": {"enabled": True, "parentRefs": [{"name": "lab"}], "hostnames": ["mcapp.gateway.lab"]},
}
NAMED = ["http://mcapp.lab", "https://mcapp.example.org", "http://mcapp.gateway.lab"]


@pytest.mark.parametrize(
    ("given", "urls"),
    [
        (HOSTS, [*NAMED, "http://10.0.0.1:30080"]),
        ({**HOSTS, "web": {"service": {"type": "ClusterIP"}}}, NAMED),
        (
            {"httpRoute": {**HOSTS["httpRoute"], "redirectParentRefs": [{"name": "lab"}]}},
            ["https://mcapp.gateway.lab", "http://10.0.0.1:30080"],
        ),
        ({key: {**value, "enabled": False} for key, value in HOSTS.items()}, ["http://10.0.0.1:30080"]),
    ],
)
def test_host_names_come_first(given: dict[str, Any], urls: list[str]) -> None:
    plan = planned(node("laptop", "10.0.0.1"), given=given)
    assert plan.values["cluster"]["urls"] == urls


@pytest.mark.parametrize(
    ("annotations", "warned"),
    [
        ({FLANNEL: "10.0.2.15"}, True),
        ({FLANNEL: "192.168.1.10"}, False),
        ({FLANNEL: "10.0.2.15", f"{FLANNEL}-overwrite": "10.0.2.15"}, False),
        ({}, False),
    ],
)
def test_flannel_on_another_interface_is_warned_of(annotations: dict[str, str], warned: bool) -> None:
    plan = planned(node("laptop", "192.168.1.10", annotations=annotations))
    assert [warning.words for warning in plan.warnings] == ([words.ADDRESS_OVERLAY] if warned else [])
