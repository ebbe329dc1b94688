"""A remedy is offered only where it helps: what it says is done, and genvalues then accepts the nodes."""

from __future__ import annotations

import copy
import re
import shlex
from typing import Any

import pytest

from dev.local.kube_objects import (
    CONTROL_PLANE,
    DATABASE,
    HOSTNAME,
    Object,
    database_volume,
    node,
    pod,
    service,
)
from mcapp.errors import UserError
from mcapp.genvalues.placement import decide
from mcapp.genvalues.plan import Asked, Plan
from mcapp.genvalues.values import assigned, given
from mcapp.kube.inventory import from_objects
from mcapp.messages import LANGS, translate


def planned(of: list[Object], **asked: Any) -> Plan:
    return decide(from_objects(copy.deepcopy(of), "test", None), Asked(**asked))


def refused(of: list[Object], **asked: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        planned(of, **asked)
    return caught.value


def commands(error: UserError) -> list[list[str]]:
    """Return the words of each command in the remedy, the same in both languages."""
    english, chinese = (
        [shlex.split(span) for span in re.findall("`([^`]*)`", translate(error.remedy, lang))]
        for lang in LANGS
    )
    assert english == chinese
    return english


def applied(of: list[Object], command: list[str]) -> list[Object]:
    """Return the objects as kubectl would leave them."""
    done = copy.deepcopy(of)
    words = [word for word in command if not word.startswith("--")]
    assert words[0] == "kubectl"
    name = words[2] if words[1] == "uncordon" else words[3]
    (at,) = [item for item in done if item["kind"] == "Node" and item["metadata"]["name"] == name]
    if words[1] == "label":
        labels = dict(pair.split("=") for pair in words[4:])
        clash = labels.keys() & at["metadata"]["labels"].keys()
        assert not clash or "--overwrite" in command
        at["metadata"]["labels"].update(labels)
    elif words[1] == "taint":
        removed = {word.removesuffix("-") for word in words[4:]}
        written = {
            f"{t['key']}={t['value']}:{t['effect']}" if "value" in t else f"{t['key']}:{t['effect']}"
            for t in at["spec"]["taints"]
        }
        assert removed <= written
        at["spec"]["taints"] = []
    else:
        at["spec"] = {"taints": []}
    return done


LAPTOP = node("laptop", "10.0.0.1", labels=CONTROL_PLANE)
TIERS = {"placement": {"databaseNodeLabels": {"tier": "db"}}}
GPU = ["gpu=yes:NoSchedule", "dedicated:NoExecute"]
BY_COMMAND: dict[str, tuple[list[Object], dict[str, Any]]] = {
    "no label": ([LAPTOP, node("lab", "10.0.0.2")], {"topology": "multi"}),
    "two labels": ([LAPTOP, node("lab", "10.0.0.2")], {"topology": "multi", "given": TIERS}),
    "another value": (
        [node(name, "10.0.0.2", labels={"role": "web"}) for name in ("lab", "old")],
        {"topology": "multi"},
    ),
    "a name with a blank": ([LAPTOP, node("a b", "10.0.0.2")], {"topology": "multi"}),
    "labelled node not ready": (
        [LAPTOP, node("lab", "10.0.0.2"), node("old", "10.0.0.3", labels=DATABASE, os="windows")],
        {"topology": "multi"},
    ),
    "cordoned": ([node("lab", "10.0.0.2", cordoned=True)], {}),
    "tainted": ([node("lab", "10.0.0.2", taints=GPU)], {}),
    "no host name": (
        [LAPTOP, node("lab", "10.0.0.2", labels={HOSTNAME: ""})],
        {"topology": "single", "db_node": "lab"},
    ),
    "one host name for two": (
        [LAPTOP, node("lab", "10.0.0.2", labels={HOSTNAME: "laptop"})],
        {"topology": "multi", "db_node": "lab"},
    ),
}


@pytest.mark.parametrize(("of", "asked"), BY_COMMAND.values(), ids=BY_COMMAND.keys())
def test_the_command_of_a_remedy_helps(of: list[Object], asked: dict[str, Any]) -> None:
    command = commands(refused(of, **asked))[0]
    assert planned(applied(of, command), **asked).nodes["db"]


BY_OPTION: dict[str, list[Object]] = {
    "tainted": [node("lab", "10.0.0.2", taints=GPU)],
    "too small": [node("pi", "10.0.0.2", cpu="10m")],
    "nearly full": [node("pi", "10.0.0.2"), pod("busy", "pi", "3950m", "7900Mi")],
    "port taken": [LAPTOP, service("other", 31000)],
}


@pytest.mark.parametrize("of", BY_OPTION.values(), ids=BY_OPTION.keys())
def test_the_options_of_a_remedy_are_accepted(of: list[Object]) -> None:
    mine = {"web": {"service": {"nodePort": 31000}}}
    options = next(line for line in commands(refused(of, given=mine)) if line[0] == "--set")
    wanted = given(None, options[1::2])
    assert set(options[::2]) == {"--set"}
    web = {**mine["web"], **wanted.get("web", {})}
    assert planned(of, given={**wanted, "web": web}).nodes["web"]
    assert assigned(options[1::2]) == wanted


NO_TOLERATION = {
    "node.cloudprovider.kubernetes.io/uninitialized=true": (
        "cloud controller",
        "kubectl -n kube-system get pods",
    ),
    "node.cloudprovider.kubernetes.io/shutdown": ("Start the machine a", ""),
    "node.kubernetes.io/not-ready": ("Start a", "kubectl get nodes"),
    "node.kubernetes.io/unreachable": ("Start a", "kubectl get nodes"),
    "node.kubernetes.io/network-unavailable": ("network plugin", "spec.nodeName=a"),
    "node.kubernetes.io/unschedulable": ("uncordon", "kubectl uncordon a"),
    "node.kubernetes.io/out-of-service=nodeshutdown": ("remove the mark", "kubectl taint node a"),
    "node.kubernetes.io/disk-pressure": ("Free on a", "kubectl describe node a"),
    "node.kubernetes.io/memory-pressure": ("Free on a", "kubectl describe node a"),
    "node.kubernetes.io/of-tomorrow": ("Kubernetes removes the taint", "kubectl describe node a"),
    "node.cilium.io/agent-not-ready": ("ready on a", "spec.nodeName=a"),
    "node.cluster.x-k8s.io/uninitialized": ("ready on a", "spec.nodeName=a"),
    "startup-taint.cluster-autoscaler.kubernetes.io/gpu": ("ready on a", "spec.nodeName=a"),
    "ToBeDeletedByClusterAutoscaler=1": ("add another", ""),
    "karpenter.sh/disrupted": ("add another", ""),
    "virtual-kubelet.io/provider=mock": ("add another", ""),
}


@pytest.mark.parametrize("key", NO_TOLERATION)
def test_no_toleration_is_proposed_for_what_a_system_sets(key: str) -> None:
    for labels, asked in (({}, {}), (DATABASE, {"topology": "multi"})):
        error = refused([node("a", "192.168.1.10", labels=labels, taints=[f"{key}:NoSchedule"])], **asked)
        helps, command = NO_TOLERATION[key]
        remedy = translate(error.remedy, "en")
        assert helps in remedy
        assert command in remedy
        assert "olerations" not in remedy
        commands(error)


def test_a_toleration_does_not_change_it() -> None:
    """The taint of case 11 stays the reason, whatever is tolerated: no pod works on such a node."""
    mine = {tier: {"tolerations": [{"operator": "Exists"}]} for tier in ("web", "api", "db")}
    of = [node("a", "10.0.0.1", taints=["node.cloudprovider.kubernetes.io/uninitialized=true:NoSchedule"])]
    error = refused(of, given=mine)
    assert "waits for a cloud controller" in translate(error.problem, "en")
    assert "No toleration helps" in translate(error.remedy, "en")


def test_a_taint_that_is_about_to_be_removed_is_not_tolerated_for_db() -> None:
    leaving = node("lab", "10.0.0.2", labels=DATABASE, taints=["ToBeDeletedByClusterAutoscaler=1:NoSchedule"])
    plan = planned([LAPTOP, leaving])
    assert (plan.topology, plan.nodes["db"]) == ("single", ["laptop"])
    assert "db" not in plan.values or "tolerations" not in plan.values["db"]


def test_without_a_free_port_no_other_is_proposed() -> None:
    full = [LAPTOP, *(service(f"s{port}", port) for port in range(30000, 32768))]
    (options,) = commands(refused(full))
    assert planned(full, given=given(None, options[1::2])).nodes["web"]


def test_data_elsewhere_are_moved_to_the_node_that_was_asked_for() -> None:
    error = refused(
        [LAPTOP, node("lab", "10.0.0.2", labels=DATABASE), *database_volume("laptop")], db_node="lab"
    )
    assert commands(error)[0][-2:] == ["--to", "lab"]
