"""What NetworkPolicies let through, of both ends' namespaces, and of the cluster's DNS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcapp.doctor.checks import policies
from mcapp.doctor.read.snapshot import Object
from mcapp.doctor.walk import look
from tests.support.doctor_recording import load, replay


def pod(name: str, namespace: str, address: str, **labels: str) -> Object:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"kind": "Pod", "metadata": metadata, "spec": {}, "status": {"podIP": address}}


def policy(namespace: str, chosen: dict[str, str], **spec: Any) -> Object:
    metadata = {"name": "p", "namespace": namespace}
    selector = {"matchLabels": chosen} if chosen else {}
    return {"kind": "NetworkPolicy", "metadata": metadata, "spec": {"podSelector": selector, **spec}}


API, DNS = (
    pod("api-1", "mcapp", "10.0.0.1", tier="api"),
    pod("coredns-1", "kube-system", "10.0.1.2", app="dns"),
)
ASK = policies.Packet(API, DNS, 53, "UDP")
FROM_ALL: Object = {"namespaceSelector": {}}
FROM_MCAPP = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "mcapp"}}}
FROM_OTHER = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "other"}}}
UDP = {"port": 53, "protocol": "UDP"}


@pytest.mark.parametrize(
    ("one", "denied"),
    [
        (policy("kube-system", {"app": "dns"}, policyTypes=["Ingress"]), True),
        (policy("kube-system", {}, policyTypes=["Ingress"]), True),
        (policy("kube-system", {"app": "other"}, policyTypes=["Ingress"]), False),
        (policy("other", {}, policyTypes=["Ingress", "Egress"]), False),
        (policy("kube-system", {}, policyTypes=["Egress"]), False),
        (policy("kube-system", {}, ingress=[{}]), False),
        (policy("kube-system", {}, ingress=[{"from": [FROM_ALL]}]), False),
        (policy("kube-system", {}, ingress=[{"from": [FROM_MCAPP]}]), False),
        (policy("kube-system", {}, ingress=[{"from": [FROM_OTHER]}]), True),
        (policy("kube-system", {}, ingress=[{"from": [{"podSelector": {}}]}]), True),
        (policy("kube-system", {}, ingress=[{"from": [{"ipBlock": {"cidr": "10.0.0.0/24"}}]}]), False),
        (policy("kube-system", {}, ingress=[{"from": [{"ipBlock": {"cidr": "10.9.0.0/24"}}]}]), True),
        (policy("kube-system", {}, ingress=[{"ports": [UDP]}]), False),
        (policy("kube-system", {}, ingress=[{"ports": [{"port": 53}]}]), True),
        (policy("kube-system", {}, ingress=[{"ports": [{**UDP, "port": 1, "endPort": 99}]}]), False),
        (policy("mcapp", {"tier": "api"}, policyTypes=["Egress"]), True),
        (policy("mcapp", {"tier": "api"}, policyTypes=["Egress"], egress=[{"ports": [UDP]}]), False),
        (policy("mcapp", {"tier": "api"}, policyTypes=["Egress"], egress=[{"ports": [{"port": 53}]}]), True),
    ],
)
def test_who_is_let_through(one: Object, denied: bool) -> None:
    assert policies.denying([one], ASK) == ([one] if denied else [])


def test_a_second_policy_may_admit_what_the_first_one_does_not() -> None:
    closed, open_ = (
        policy("kube-system", {}, policyTypes=["Ingress"]),
        policy("kube-system", {}, ingress=[{}]),
    )
    assert policies.denying([closed, open_], ASK) == []


def test_expressions_choose_pods_too() -> None:
    rule = {"key": "app", "operator": "NotIn", "values": ["dns"]}
    one = {**policy("kube-system", {}), "spec": {"podSelector": {"matchExpressions": [rule]}}}
    assert policies.denying([one], ASK) == []
    rule["operator"] = "In"
    assert policies.denying([one], ASK) == [one]


def test_a_policy_in_front_of_the_cluster_s_dns() -> None:
    """CoreDNS runs, and names do not resolve."""
    document = load("dns-down")
    labels = {"k8s-app": "kube-dns"}
    running = pod("coredns-1", "kube-system", "10.244.0.3", **labels)
    running["status"] |= {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    for call, answer in document["calls"].items():
        if call.startswith("get deployments,pods --namespace=kube-system"):
            answer["out"] = json.dumps({"items": [running]})
        if call.startswith("get networkpolicies --namespace=kube-system"):
            deny = policy("kube-system", labels, policyTypes=["Ingress"])
            answer["out"] = json.dumps({"items": [deny]})
    found = look(replay(document)).finding
    assert found is not None
    assert (found.cause, found.parts["policy"]) == ("network-policy", "kube-system/p")
    assert found.steps[-1].kubectl == ("delete", "networkpolicy", "p", "-n", "kube-system")


def test_the_chart_s_own_policy_is_set_back() -> None:
    """Its rule was changed by hand: nobody is told to remove the policy."""
    found = look(replay(load("policy-changed"))).finding
    assert found is not None
    assert (found.cause, found.parts["policy"]) == ("policy-changed", "db")
    assert not any("delete" in step.kubectl for step in found.steps)
    assert (
        found.steps[0].kubectl[:2] == ("patch", "networkpolicy/db") or "helm upgrade" in found.steps[0].line
    )
