"""The release that is moved: its values and objects, and the Helm calls that change it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from mcapp.config import CHART
from mcapp.errors import UnreachableError
from mcapp.genvalues import placement, values, valuesfile
from mcapp.genvalues import words as genvalues_words
from mcapp.genvalues.plan import Asked, Plan
from mcapp.genvalues.storage import CLAIM
from mcapp.kube import helm
from mcapp.kube.affinity import Requirement
from mcapp.kube.inventory import Inventory, object_name
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.nodes import HOSTNAME, Node
from mcapp.kube.objects import Volume
from mcapp.kube.release import settle
from mcapp.kube.words import NO_HELM_REMEDY, SAID_NOTHING
from mcapp.move import words

# A helm of a move that was cut off waits for nothing: after this time it is gone.
_OWN = timedelta(seconds=20)


@dataclass(frozen=True)
class Deployed:
    """A release, with the values that it was given."""

    kubectl: Kubectl
    program: str
    namespace: str
    name: str
    given: Mapping[str, Any]

    def object(self, name: str) -> str:
        """Return an object's name in this release."""
        return object_name(self.given.get("namePrefix") or "", name)

    @property
    def claim(self) -> str:
        """The name of the database's claim."""
        return self.object(CLAIM)

    def helm(self, *arguments: str | Path, stdin: str = "") -> str:
        """Run helm in the release's namespace and return what it prints.

        Raises UnreachableError if there is no helm, and FailedError with the end of its output if it fails.
        """
        return helm.run(self.program, self.kubectl, self.namespace, *arguments, stdin=stdin)

    def upgrade(self, wanted: Mapping[str, Any]) -> None:
        """Bring the release to these values, also after an upgrade that was cut off."""
        settle(self.kubectl, self.namespace, self.name, _OWN)
        # Not --wait: api is not ready before the database takes writes, which is a later step. The way back
        # reads the revision from before the move, however often this one is called.
        flags = ("--reset-values", "--values", "-", "--history-max=0")
        self.helm("upgrade", self.name, CHART, *flags, stdin=valuesfile.text(dict(wanted)))

    def plan(self, inventory: Inventory, topology: str, target: str) -> tuple[Plan, values.Result]:
        """Return what genvalues decides as if the data were on the node `target` ("": on no node yet)."""
        there = replace_data(inventory, self.claim, target)
        # What an earlier genvalues has decided is decided again.
        kept = {key: value for key, value in self.given.items() if key not in ("topology", "cluster")}
        db = dict(kept.get("db") or {})
        selector = {key: value for key, value in (db.get("nodeSelector") or {}).items() if key != HOSTNAME}
        kept["db"] = {**{key: value for key, value in db.items() if key != "nodeSelector"}}
        if selector:
            kept["db"]["nodeSelector"] = selector
        asked = Asked(topology, "", kept, self.namespace, self.name)
        made = placement.decide(there, asked)
        result = values.complete(kept, made.values, made.reasons)
        values.check(result.values, genvalues_words.SCHEMA_MADE())
        return made, result


def replace_data(inventory: Inventory, claim: str, target: str) -> Inventory:
    """Return the inventory with the claim's volume on another node, or with no claim."""
    mine = next((one for one in inventory.claims if one.name == claim), None)
    others = [one for one in inventory.claims if one is not mine]
    if mine is None or not target:
        return replace(inventory, claims=others)
    hostname = inventory.nodes[target].labels.get(HOSTNAME, target)
    volume = Volume("moved", ((Requirement(HOSTNAME, "In", (hostname,)),),))
    moved = replace(mine, volume="moved", home=target)
    return replace(inventory, claims=[*others, moved], volumes=[*inventory.volumes, volume])


def find(kubectl: Kubectl, program: str, namespace: str, name: str) -> Deployed:
    """Find a release by Helm. FailedError if there is none."""
    bare = Deployed(kubectl, program, namespace, name, {})
    printed = bare.helm("get", "values", name, "--output", "json")
    try:
        given = json.loads(printed) or {}
        return replace(bare, given=dict(given))
    except (ValueError, TypeError):
        said = " ".join(printed.split())[:80] or SAID_NOTHING(code=0)
        raise UnreachableError(words.HELM_ANSWER(program=program, said=said), NO_HELM_REMEDY()) from None


def hostname(node: Node) -> str:
    """Return the node's name in volumes and selectors."""
    return node.labels.get(HOSTNAME, node.name)
