"""What both directions share: the steps in order, each recorded; after a failure, writes are allowed."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from mcapp.backup.server import Server
from mcapp.errors import FailedError, UserError
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.pods import ready
from mcapp.messages import announce
from mcapp.move import content, writes
from mcapp.move import words as move_words
from mcapp.move.modes import stops, words
from mcapp.move.modes.members import HOLDERS, STATE, Members
from mcapp.move.modes.state import STEPS, Change
from mcapp.move.release import Deployed
from mcapp.move.state import Record
from mcapp.progress import step
from mcapp.wait import until

_KEEP = "helm.sh/resource-policy"
# Who makes EndpointSlices: of the pods that a Service selects, or of the Endpoints that Patroni writes.
CHOSEN, MIRRORED = "endpointslice-controller.k8s.io", "endpointslicemirroring-controller.k8s.io"
GONE_SECONDS = 120.0
START_SECONDS = 300.0
# A copy of a large database takes its time. A run that is cut off goes on here.
COPY_SECONDS = 12 * 3600.0
LOOK_SECONDS = 1.0


@dataclass
class Runner(ABC):
    """One run of a move to another db.mode. `wanted` are the values after it."""

    deployed: Deployed
    record: Record[Change]
    move: Change
    wanted: dict[str, Any]

    @property
    def kubectl(self) -> Kubectl:
        """The release's kubectl."""
        return self.deployed.kubectl

    @cached_property
    def members(self) -> Members:
        """The database's pods."""
        return Members(self.deployed)

    @abstractmethod
    def prepare(self) -> Change:
        """Let the source be copied."""

    @abstractmethod
    def join(self) -> Change:
        """Copy the source while it takes writes, and follow it."""

    @abstractmethod
    def source(self) -> Server:
        """Return the server that takes writes before the switch."""

    @abstractmethod
    def copies(self) -> list[Server]:
        """Return the servers that follow it, the next to lead first."""

    @abstractmethod
    def switch(self) -> Change:
        """Let the copies take the writes."""

    @abstractmethod
    def complete(self) -> Change:
        """Take the old place away, and bring the release to its values."""

    def run(self) -> Change:
        """Do the steps that are left. A run after one that was stopped goes on here."""
        steps: dict[str, Callable[[], Change]] = {
            "prepare": self.prepare,
            "join": self.join,
            "verify": self.verify,
            "switch": self.switch,
            "complete": self.complete,
        }
        for number, name in list(enumerate(STEPS, 1))[len(self.move.done) :]:
            title = move_words.STEP_TITLE(number=number, count=len(STEPS), name=words.STEP[name]())
            try:
                with step(title):
                    self.move = self.record.save(steps[name]().after(name))
            except (UserError, KeyboardInterrupt):
                self.give_way(name)
                raise
        return self.move

    def allow(self) -> None:
        """Let the source take writes again."""
        writes.allow(self.source())

    @abstractmethod
    def undo(self, earlier: dict[str, Any]) -> None:
        """Take the new place away, and let the old one take writes, with the release's values from before.

        What it holds has been looked at.
        """

    def give_way(self, name: str) -> None:
        """After a failure in the switch, allow writes if nothing has been switched; say how to go on."""
        if name == "switch" and not self.move.switched:
            self.allow()
            announce(move_words.WRITES_AGAIN())
        announce(move_words.GO_ON())

    def verify(self) -> Change:
        """Compare what the source and a copy hold at one moment, while writes go on."""
        source, copy = self.source(), self.copies()[0]
        with stops.same_moment(source, copy) as seen:
            expected = source.fingerprint(snapshot=seen.source)
            found = copy.fingerprint(snapshot=seen.copy)
        if differences := stops.differences(expected, found):
            raise FailedError(move_words.NOT_THE_SAME(differences=differences))
        return replace(self.move, seconds=(seen.seconds,))

    def digest(self, server: Server, snapshot: str = "") -> str:
        """Return what a server holds, as the way back compares it."""
        found = server.fingerprint(snapshot=snapshot)
        document = {**found.document, "sequences": stops.without_next(found)}
        return content.digest(server, replace(found, document=document))

    def remove(self, kind: str, *names: str, cascade: str = "background") -> None:
        """Remove objects by their full names, and wait until they are gone. FailedError if one stays."""
        if not names:
            return
        namespace = self.deployed.namespace
        flags = (f"--namespace={namespace}", "--ignore-not-found", "--wait=false", f"--cascade={cascade}")
        self.kubectl.must("delete", kind, *names, *flags)
        # Endpoints of a Service with a selector are made again at once.
        if kind == "endpoints":
            return

        def gone() -> bool:
            return not any(self.kubectl.object(kind, name, namespace) for name in names)

        if not until(gone, GONE_SECONDS):
            raise FailedError(words.STAYS(kind=kind, names=list(names)), move_words.AGAIN())

    def forget_state(self) -> None:
        """Remove what Patroni has written: members that find an earlier cluster would wait for its leader."""
        self.remove("service", *map(self.deployed.object, HOLDERS))
        self.remove("endpoints", *map(self.deployed.object, STATE))

    def database(self) -> dict[str, Any] | None:
        """Return the StatefulSet of the database."""
        return self.kubectl.object("statefulset", self.deployed.object("db"), self.deployed.namespace)

    def own(self, verb: str, kind: str, name: str, *more: str) -> None:
        """Run a verb of kubectl on one of the release's objects. FailedError if it fails."""
        named = (kind, self.deployed.object(name), f"--namespace={self.deployed.namespace}")
        self.kubectl.must(verb, *named, *more)

    def patch(self, kind: str, name: str, patch: dict[str, Any]) -> None:
        """Change one of the release's objects; None removes a key."""
        self.own("patch", kind, name, "--type=merge", f"--patch={json.dumps(patch)}")

    def keep(self, kind: str, name: str, *, kept: bool) -> None:
        """Let one of the release's objects stay when Helm removes the others, or not."""
        self.own("annotate", kind, name, f"{_KEEP}=keep" if kept else f"{_KEEP}-", "--overwrite")

    def unselect(self) -> None:
        """Let the Service send to the address that Patroni writes, and to none that Kubernetes has chosen."""
        self.patch("service", "db", {"spec": {"selector": None}})
        self.drop_slices(CHOSEN)

    def drop_slices(self, maker: str) -> None:
        """Remove the EndpointSlices of the Service that this controller has made and has left."""
        name, within = self.deployed.object("db"), f"--namespace={self.deployed.namespace}"
        chosen = f"kubernetes.io/service-name={name},endpointslice.kubernetes.io/managed-by={maker}"
        self.kubectl.must("delete", "endpointslices", within, f"--selector={chosen}")

    def single_ready(self) -> dict[str, Any] | None:
        """Return the pod of the one server if it is ready."""
        pod = self.members.single()
        return pod if pod is not None and ready(pod) else None

    def single(self) -> Server:
        """Return the one server as soon as it is ready. FailedError if that takes longer."""
        pod = until(self.single_ready, START_SECONDS)
        if pod is None:
            raise FailedError(words.NO_SOURCE(), words.NO_SOURCE_REMEDY())
        return self.members.server(pod)

    def leader(self) -> dict[str, Any]:
        """Return the member that leads. FailedError if none does."""
        found = until(self.members.leader, START_SECONDS)
        if found is None:
            raise FailedError(words.NO_LEADER(), move_words.AGAIN())
        return found

    def await_members(self, count: int) -> None:
        """Wait until so many members stream. FailedError if one does not start within five minutes."""
        if not until(lambda: self.members.running(count), START_SECONDS, LOOK_SECONDS):
            raise FailedError(words.MEMBER_WAITS(why=self.members.why()), words.MEMBER_WAITS_REMEDY())
        if not until(lambda: self.members.whole(count), COPY_SECONDS, LOOK_SECONDS):
            raise FailedError(words.BEHIND(), words.BEHIND_REMEDY())


def earlier_values(runner: Runner) -> dict[str, Any]:
    """Return the values that the release had before the move."""
    deployed = runner.deployed
    flags = ("--revision", str(runner.move.revision), "--output", "json")
    values: dict[str, Any] = json.loads(deployed.helm("get", "values", deployed.name, *flags)) or {}
    return values
