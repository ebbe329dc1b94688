"""Keeps the data of a database whose claim is being deleted while its pod still runs.

A deleted claim stays until the last pod that mounts it ends; then it goes, and a volume with the reclaim
policy Delete goes with it. The rescue lets the volume stay (Retain), stops the pod, and binds the volume to a
new claim of the same name. What it needs to go on after it was killed is in an annotation of the volume, from
its first change to its last.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from mcapp.backup import server as servers
from mcapp.backup import words
from mcapp.backup.rescueplan import (
    NOTE,
    Object,
    Plan,
    claim_of,
    lost_claim,
    needs_search,
    note,
    noted,
    volume_for,
)
from mcapp.backup.server import Server
from mcapp.backup.shell import ShellError
from mcapp.errors import FailedError, UserError
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.pods import leaving
from mcapp.kube.volumes import change, claim_again, is_bound, reserve
from mcapp.progress import step
from mcapp.wait import until

_GONE_SECONDS = 180.0
_BOUND_SECONDS = 60.0
_START_SECONDS = 300.0
_MARK = "SELECT system_identifier, pg_current_wal_lsn() FROM pg_control_system();"
_HOLDS = (
    "SELECT (SELECT system_identifier FROM pg_control_system()) = {identifier}"
    " AND pg_current_wal_lsn() >= '{position}'::pg_lsn;"
)


@dataclass(frozen=True)
class Rescued:
    """A rescue that is done: the claim, its volume and the rows now; `was` is the former reclaim policy."""

    claim: str
    volume: str
    rows: int
    was: str


@dataclass(frozen=True)
class Rescue:
    """One run for the database of a release."""

    kubectl: Kubectl
    namespace: str
    release: str

    def run(self) -> Rescued | None:
        """Do what is left to do; None where no claim is in danger.

        Raises:
            UserError: there is no such database.
            FailedError: kubectl refuses a step, or one takes too long. What was done is kept.

        """
        workload = self._workload()
        name = claim_of(workload)
        claim = self.kubectl.object("pvc", name, self.namespace)
        volumes = self._volumes() if needs_search(claim) else [self._of(claim)]
        volume = volume_for(self.namespace, name, claim, volumes)
        plan = noted(volume)
        if plan is None:
            if claim is not None and not leaving(claim):
                return None
            plan = self._retain(workload, claim, volume)
        key = volume["metadata"]["name"]
        self._require_retained(key)
        if not self._is_back(name, key):
            self._require_claimable(name, key)
            with step(words.STEP_RELEASE_CLAIM(claim=name)):
                self._stop(workload, name)
            with step(words.STEP_BIND(claim=name, volume=key)):
                self._bind(plan, name, key)
        with step(words.STEP_START()):
            self._scale(workload, plan.replicas)
            server = self._server()
        rows = _require_same(server, plan)
        change(self.kubectl, key, {"metadata": {"annotations": {NOTE: None}}})
        return Rescued(name, key, rows, plan.policy)

    def _workload(self) -> Object:
        chosen = f"app.kubernetes.io/instance={self.release},app.kubernetes.io/component=db"
        found = self.kubectl.select("statefulsets", self.namespace, chosen)
        mounting = [item for item in found if claim_of(item)]
        if not mounting:
            problem = words.NO_DATABASE(release=self.release, namespace=self.namespace)
            raise UserError(problem, words.NO_DATABASE_REMEDY())
        return mounting[0]

    def _volumes(self) -> list[Object]:
        return self.kubectl.items(self.kubectl.must("get", "pv", "--output=json"))

    def _of(self, claim: Object | None) -> Object | None:
        return self.kubectl.object("pv", claim["spec"].get("volumeName", "")) if claim else None

    def _retain(self, workload: Object, claim: Object | None, volume: Object) -> Plan:
        """Let the volume outlive its claim, and note what is needed later: the first change, in one step."""
        key, spec = volume["metadata"]["name"], volume["spec"]
        again = claim_again(claim, key) if claim else lost_claim(workload, volume)
        plan = Plan(again, workload["spec"].get("replicas") or 1, spec["persistentVolumeReclaimPolicy"])
        with step(words.STEP_RETAIN(volume=key)):
            retained = {"spec": {"persistentVolumeReclaimPolicy": "Retain"}}
            change(self.kubectl, key, {**note(plan), **retained})
            # Only now: a server that is slow to answer must not delay the line above.
            plan = _with_mark(plan, self._running_server())
            change(self.kubectl, key, note(plan))
        return plan

    def _require_retained(self, key: str) -> None:
        """Raise FailedError unless the cluster says that the volume stays: the claim goes next."""
        volume = self.kubectl.object("pv", key) or {"spec": {}}
        if volume["spec"].get("persistentVolumeReclaimPolicy") != "Retain":
            raise FailedError(words.NOT_RETAINED(volume=key), words.NOT_RETAINED_REMEDY())

    def _is_back(self, name: str, key: str) -> bool:
        claim = self.kubectl.object("pvc", name, self.namespace)
        return (
            claim is not None
            and not leaving(claim)
            and claim["spec"].get("volumeName") == key
            and is_bound(claim)
        )

    def _require_claimable(self, name: str, key: str) -> None:
        """Raise FailedError where the claim of this name has another volume by now, on which db may run."""
        claim = self.kubectl.object("pvc", name, self.namespace)
        other = claim["spec"].get("volumeName") if claim else ""
        if other and other != key:
            raise FailedError(
                words.OTHER_VOLUME(claim=name, other=other, volume=key),
                words.OTHER_VOLUME_REMEDY(claim=name, namespace=self.namespace),
            )

    def _stop(self, workload: Object, name: str) -> None:
        """End the pod, so that the claim goes. A claim that is not being deleted is another one: it stays."""
        self._scale(workload, 0)
        pod = f"{workload['metadata']['name']}-0"

        def gone() -> bool:
            if self.kubectl.object("pod", pod, self.namespace):
                return False
            claim = self.kubectl.object("pvc", name, self.namespace)
            return claim is None or not leaving(claim)

        if not until(gone, _GONE_SECONDS):
            raise FailedError(words.CLAIM_STAYS(claim=name), words.RESCUE_AGAIN())

    def _bind(self, plan: Plan, name: str, key: str) -> None:
        """Give the volume to a claim of the same name; Helm may have made one meanwhile."""
        reserve(self.kubectl, key, self.namespace, name)
        if self.kubectl.object("pvc", name, self.namespace) is None:
            self.kubectl.apply(plan.claim)
        if not until(lambda: self._is_back(name, key), _BOUND_SECONDS):
            raise FailedError(words.CLAIM_UNBOUND(claim=name, volume=key), words.RESCUE_AGAIN())

    def _scale(self, workload: Object, replicas: int) -> None:
        which = f"statefulset/{workload['metadata']['name']}"
        self.kubectl.must("scale", which, f"--namespace={self.namespace}", f"--replicas={replicas}")

    def _running_server(self) -> Server | None:
        try:
            return servers.find(self.kubectl, self.namespace, self.release)
        except FailedError:
            return None

    def _server(self) -> Server:
        def ready() -> Server:
            return servers.find(self.kubectl, self.namespace, self.release)

        return until(ready, _START_SECONDS, forgive=(UserError,))


def run(kubectl: Kubectl, namespace: str, release: str) -> Rescued | None:
    """Rescue the data of a release's database; None where no claim is in danger.

    Raises UserError as `Rescue.run` does, with what can be done without the rights to change volumes.
    """
    try:
        return Rescue(kubectl, namespace, release).run()
    except FailedError as error:
        if "forbidden" in str(error).lower():
            raise FailedError(error.problem, words.RESCUE_RIGHTS()) from None
        raise


def _with_mark(plan: Plan, server: Server | None) -> Plan:
    """Return the plan with what the server holds now, as it was where none runs."""
    if server is None:
        return plan
    try:
        identifier, _, position = server.shell.sql(_MARK)[0].partition("|")
    except ShellError:
        return plan
    return replace(plan, identifier=identifier, position=position)


def _require_same(server: Server, plan: Plan) -> int:
    """Return the rows of the server. FailedError unless it is the one of the beginning, with all its WAL."""
    if plan.identifier:
        asked = _HOLDS.format(identifier=plan.identifier, position=plan.position)
        if server.shell.sql(asked) != ["t"]:
            raise FailedError(words.NOT_THE_SAME_SERVER(), words.NOT_THE_SAME_SERVER_REMEDY())
    return sum(server.fingerprint().rows.values())
