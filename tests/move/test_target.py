"""Which node `movedb.py --to` means, what it refuses, and the values of the new place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from dev.local.kube_objects import CONTROL_PLANE, DATABASE, database_volume, node, storage_class
from mcapp import yamltext
from mcapp.errors import UserError
from mcapp.kube.inventory import Inventory, from_objects
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.objects import Claim
from mcapp.move import target
from mcapp.move.release import Deployed

MULTI = {"topology": "multi"}


def deployed(given: Mapping[str, Any]) -> Deployed:
    return Deployed(Kubectl(), "helm", "mcapp", "mcapp", given)


def cluster(home: str, labels: dict[str, str] | None = None) -> Inventory:
    """A laptop and three lab machines, one labelled, one cordoned. The data are on `home`."""
    objects = [
        node("laptop", "192.168.1.100", labels={**CONTROL_PLANE, **(labels or {})}),
        node("lab", "192.168.1.200", labels={**DATABASE, **(labels or {})}),
        node("spare", "192.168.1.201", labels=labels),
        node("full", "192.168.1.202", labels=labels, cordoned=True),
        storage_class("local-path", default=True),
        *database_volume(home),
    ]
    return from_objects(objects, "test", None)


@pytest.mark.parametrize(
    ("home", "given", "to", "meant"),
    [
        ("laptop", {}, "multi", ("multi", "lab")),
        ("lab", MULTI, "single", ("single", "laptop")),
        ("laptop", {}, "spare", ("single", "spare")),
        ("laptop", {}, "lab", ("single", "lab")),
    ],
)
def test_the_node_that_is_meant(home: str, given: dict[str, Any], to: str, meant: tuple[str, str]) -> None:
    inventory = cluster(home)
    assert target.home(deployed(given), inventory) == home
    assert target.choose(deployed(given), inventory, to, home) == meant


@pytest.mark.parametrize(
    ("home", "given", "to", "why"),
    [
        ("laptop", {}, "single", "The data are on laptop"),
        ("lab", MULTI, "multi", "The data are on lab"),
        ("lab", {}, "lab", "are on lab already"),
        ("lab", {}, "multi", "Only lab can run the database"),
        ("lab", MULTI, "attic", r"no node attic\. Nodes: full, lab, laptop, spare"),
        ("lab", MULTI, "spare", r"spare cannot run .*multi.*genvalues\.py --apply-labels spare"),
        ("laptop", {}, "full", r"full cannot run .*single: it is cordoned .*It can run on: [a-z, ]+\.$"),
        ("lab", MULTI, "full", r"full cannot run .*multi: it does not carry .*run on: lab\.$"),
    ],
)
def test_what_cannot_be_meant(home: str, given: dict[str, Any], to: str, why: str) -> None:
    with pytest.raises(UserError, match=why):
        target.choose(deployed(given), cluster(home), to, home)


RECORDER = """#!/bin/sh
case $1 in
  status) echo '{"info": {"status": "deployed"}}' ;;
  *) cat > "$(dirname "$0")/values" ;;
esac
"""


def test_strings_reach_helm_as_strings(tmp_path: Path) -> None:
    program = tmp_path / "helm"
    program.write_text(RECORDER)
    program.chmod(0o755)
    given = {
        "web": {"podAnnotations": {key: key for key in ("y", "1e3", "0o14", "22:30", "2024-01-01", "~")}}
    }
    kubectl = tmp_path / "kubectl"
    kubectl.write_text("#!/bin/sh\necho '{\"items\": []}'\n")
    kubectl.chmod(0o755)
    Deployed(Kubectl(str(kubectl)), str(program), "mcapp", "mcapp", {}).upgrade(given)
    assert yamltext.load((tmp_path / "values").read_text()) == given


def test_there_must_be_data_on_one_node_and_one_server() -> None:
    inventory = cluster("lab")
    with pytest.raises(UserError, match=r"db\.mode ha"):
        target.home(deployed({"db": {"mode": "ha"}}), inventory)
    with pytest.raises(UserError, match="any node it allows"):
        target.home(deployed({}), from_objects([node("lab"), *database_volume()], "test", None))
    with pytest.raises(UserError, match="has no data"):
        target.home(deployed({"namePrefix": "blue"}), inventory)


@pytest.mark.parametrize(("topology", "node_"), [("multi", "lab"), ("single", "spare")])
def test_the_values_are_those_of_genvalues_for_data_that_are_there(topology: str, node_: str) -> None:
    given = {
        "topology": "multi",
        "cluster": {"urls": ["http://old:30080"]},
        "api": {"replicas": 3},
        "db": {"nodeSelector": {"kubernetes.io/hostname": "laptop", "disk": "fast"}, "resources": {}},
    }
    inventory = cluster("laptop", {"disk": "fast"})
    made, result = deployed(given).plan(inventory, topology, node_)
    assert made.nodes["db"] == [node_]
    assert result.values["topology"] == topology
    assert result.values["api"]["replicas"] == 3, "what the user gave stays"
    assert result.values["db"]["nodeSelector"] == {"disk": "fast"}, "but not the old node"
    assert "http://192.168.1.100:30080" in result.values["cluster"]["urls"]
    assert "http://old:30080" not in result.values["cluster"]["urls"]
    # The given values and the inventory are as they were.
    assert [claim.volume for claim in inventory.claims] == ["pvc-1"]
    assert isinstance(inventory.claims[0], Claim)
