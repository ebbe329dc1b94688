"""What a move has done so far. The record is in the cluster, so that another run goes on from there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mcapp.kube.kubectl import Kubectl

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# In this order. Each may be done twice: a run that was killed has not recorded its last one.
STEPS = ("prepare", "stop writes", "copy", "verify", "switch", "serve")
_KEY = "move.json"
State = TypeVar("State", bound="DataclassInstance")


@dataclass(frozen=True)
class Move:
    """One move. `to` is what the user asked for.

    `source` and `target` are nodes, `old` and `new` their volumes, of which `old` is kept. `was` is the
    topology before, `topology` that after the move. `policy` is the old volume's reclaim policy before it.
    `done` are the steps so far. `claim` is the database's claim as it is made again for the other volume;
    it is set when the switch begins. `content` is the digest of the data at the switch. `back`: the move
    returns to a kept volume. `writable`: the new place may have taken writes. `stopped` is when writes
    stopped, in seconds since 1970, `seconds` for how long.
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
        """Whether all steps are done, so that only the old volume is left to discard."""
        return self.done == STEPS

    def after(self, step: str) -> Move:
        """Return the move with one more step done."""
        return replace(self, done=(*self.done, step))


@dataclass(frozen=True)
class Record(Generic[State]):
    """The ConfigMap that holds a release's move, of this kind."""

    kubectl: Kubectl
    namespace: str
    name: str
    labels: dict[str, str]
    kind: type[State]

    def load(self) -> State | None:
        """Return the move that was begun or made, or None."""
        found = self.kubectl.object("configmap", self.name, self.namespace)
        if found is None:
            return None
        document = json.loads(found["data"][_KEY])
        lists = {key: tuple(value) for key, value in document.items() if isinstance(value, list)}
        return self.kind(**{**document, **lists})

    def save(self, move: State) -> State:
        """Write the move as it is now, and return it."""
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
