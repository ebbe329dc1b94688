"""What a move has done so far, kept in the cluster, so that another run goes on from there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mcapp.kube.kubectl import Kubectl

# In this order; each may be done twice.
STEPS = ("prepare", "stop writes", "copy", "verify", "switch", "serve")
_KEY = "move.json"


@dataclass(frozen=True)
class Move:
    """One move: where the data were and where they go, as names of nodes and volumes.

    `done` are its steps so far. `claim` is the database's claim as it is made again on the other volume.
    `content` is the fingerprint at the switch, `old` the volume that is kept, `back` whether it goes back,
    `writable` whether the new place may have taken writes; `was` is the topology before, `policy` what
    becomes of a volume without its claim. Writes stopped at `stopped`, seconds since 1970, and for `seconds`.
    """

    to: str
    topology: str
    source: str
    target: str
    old: str
    new: str = ""
    policy: str = "Delete"
    was: str = "single"
    back: bool = False
    writable: bool = False
    done: tuple[str, ...] = ()
    claim: dict[str, Any] = field(default_factory=dict)
    content: str = ""
    stopped: float = 0.0
    seconds: float = 0.0

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do but to discard the old volume."""
        return self.done == STEPS

    def after(self, step: str, **changed: Any) -> Move:
        """Return the move with one more step done."""
        return replace(self, done=(*self.done, step), **changed)


@dataclass(frozen=True)
class Record:
    """The ConfigMap that holds a release's move."""

    kubectl: Kubectl
    namespace: str
    name: str
    labels: dict[str, str]

    def load(self) -> Move | None:
        """Return the move that was begun or made, or None."""
        found = self.kubectl.object("configmap", self.name, self.namespace)
        if found is None:
            return None
        told = json.loads(found["data"][_KEY])
        return Move(**{**told, "done": tuple(told["done"])})

    def save(self, move: Move) -> Move:
        """Keep the move as it is now, and return it."""
        document = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": self.labels},
            "data": {_KEY: json.dumps(asdict(move))},
        }
        self.kubectl.apply(document)
        return move

    def forget(self) -> None:
        """Remove the record."""
        self.kubectl.run(
            "delete", "configmap", self.name, f"--namespace={self.namespace}", "--ignore-not-found"
        )
