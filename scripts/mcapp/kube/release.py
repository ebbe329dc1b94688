"""A Helm release between two states: helm is at work on it, or was killed at it.

Helm keeps each revision in a Secret of the release's namespace, its status in a label. Only the helm that
wrote `pending-upgrade` ends that state. If it is killed, the state stays, and every later upgrade is refused.
Nothing in the cluster tells whether that helm still runs, so a release counts as stuck
- a minute after Helm's last word, if no hook of it runs and every workload is rolled out: helm would be done;
- ten minutes after it in any case: twice the time that helm waits unless told otherwise.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from mcapp.errors import FailedError, UserError
from mcapp.kube import words
from mcapp.kube.kubectl import Kubectl
from mcapp.kube.pods import leaving
from mcapp.messages import announce
from mcapp.progress import step
from mcapp.wait import until

QUIET, LONG = timedelta(minutes=1), timedelta(minutes=10)
UNINSTALLING = "uninstalling"
# A new revision takes over the label modifiedAt of the one before: the API server's own times are right.
_TIMES = ("creationTimestamp", "labels.modifiedAt", "managedFields[*].time")
_FIELDS = ("labels.version", "labels.status", *_TIMES)
_ROWS = "".join(f"{{.metadata.{field}}}{{'\\t'}}" for field in _FIELDS)
_HOOK = "helm.sh/hook"
_LOOK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision: Helm's word for its state, and since when it is in that."""

    number: int
    status: str
    since: datetime

    @property
    def between(self) -> bool:
        """Whether a helm is at work on it, or was."""
        return self.status.startswith("pending-") or self.status == UNINSTALLING


@dataclass(frozen=True, slots=True)
class Look:
    """The revisions, the latest last, and whether the cluster still changes for the latest one."""

    revisions: tuple[Revision, ...] = ()
    working: bool = False

    @property
    def last(self) -> Revision | None:
        """The latest revision, None where Helm knows no such release."""
        return self.revisions[-1] if self.revisions else None

    @property
    def good(self) -> int:
        """The number of the latest revision that was deployed before the latest one, 0 if there is none."""
        earlier = self.revisions[:-1]
        known = [one.number for one in earlier if one.status == "deployed"]
        return max(known or [one.number for one in earlier if one.status == "superseded"], default=0)

    def stuck(self, now: datetime, patience: timedelta = LONG) -> Revision | None:
        """Return the latest revision if the helm that was at work on it is gone; None if not."""
        if self.last is None or not self.last.between:
            return None
        age = now - self.last.since
        return self.last if age > patience or (age > QUIET and not self.working) else None


def query(namespace: str, name: str, more: str = "") -> tuple[str, ...]:
    """Return kubectl's arguments that print a line for each revision, without its content, and `more`."""
    chosen = (f"--namespace={namespace}", f"--selector=owner=helm,name={name}")
    return "get", "secrets", *chosen, f"--output=jsonpath={{range .items[*]}}{_ROWS}{{'\\n'}}{{end}}{more}"


def parse(printed: str) -> tuple[Revision, ...]:
    """Return the revisions that `query` has printed, the latest last."""
    found = []
    for line in printed.splitlines():
        number, status, made, modified, written = (*line.split("\t"), *[""] * 5)[:5]
        if number.isdecimal() and made:
            times = [datetime.fromisoformat(one) for one in (made, *written.split())]
            times += [datetime.fromtimestamp(int(modified), UTC)] if modified.isdecimal() else []
            found.append(Revision(int(number), status, max(times)))
    return tuple(sorted(found, key=lambda one: one.number))


def look(kubectl: Kubectl, namespace: str, name: str) -> Look:
    """Read a release's revisions, and whether it still changes. FailedError where that may not be read."""
    return look_at(kubectl, namespace, name, kubectl.must(*query(namespace, name)).decode(errors="replace"))


def look_at(kubectl: Kubectl, namespace: str, name: str, printed: str) -> Look:
    """Return the release as `query` has printed it, and whether it still changes."""
    revisions = parse(printed)
    if not revisions or not revisions[-1].between:
        return Look(revisions)
    kinds = "deployments,statefulsets,pods,jobs"
    return Look(revisions, working(kubectl.select(kinds, namespace, f"app.kubernetes.io/instance={name}")))


def working(items: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a hook runs, a workload is not rolled out, or a pod is being deleted."""
    return any(_WORKS[item["kind"]](item) for item in items if item["kind"] in _WORKS)


def _hook_runs(job: Mapping[str, Any]) -> bool:
    hook = (job["metadata"].get("annotations") or {}).get(_HOOK, "test")
    return hook != "test" and bool((job.get("status") or {}).get("active"))


def _rolls(workload: Mapping[str, Any]) -> bool:
    status, wanted = workload.get("status") or {}, workload["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) < workload["metadata"].get("generation", 0)
        or status.get("updatedReplicas", 0) < wanted
        or status.get("readyReplicas", 0) < wanted
    )


_WORKS = {"Job": _hook_runs, "Deployment": _rolls, "StatefulSet": _rolls, "Pod": leaving}


def mending(seen: Look, namespace: str, name: str, *flags: str) -> str:
    """Return the command that ends a state in which helm has left a release. It deletes no data.

    `flags` are for a rollback.

    Helm's rollback does not ask for the latest revision's state. An install that was cut off has nothing to
    go back to: the rollback to the same revision makes what is missing, and without a database to log in to,
    it leaves out the hook that sets passwords.
    """
    last = seen.last
    if last is None or last.status == UNINSTALLING:
        return f"helm uninstall {name} -n {namespace}"
    if seen.good:
        return " ".join((f"helm rollback {name} {seen.good} -n {namespace}", *flags))
    return " ".join((f"helm rollback {name} {last.number} -n {namespace} --no-hooks", *flags))


def settle(kubectl: Kubectl, namespace: str, name: str, patience: timedelta = LONG) -> str:
    """Wait for a helm that is at work, end the state that a killed one has left, and return Helm's word.

    It returns "" where Helm knows no such release, and `uninstalling` where that was cut off: only helm can
    go on with it. `patience` is the time after which no helm can still be at work.
    """
    seen = look(kubectl, namespace, name)
    last = seen.last
    if last is None or not last.between:
        return last.status if last else ""

    def settled() -> bool:
        nonlocal seen
        seen = look(kubectl, namespace, name)
        return (
            seen.last is None or not seen.last.between or seen.stuck(datetime.now(UTC), patience) is not None
        )

    if not seen.stuck(datetime.now(UTC), patience):
        with step(words.HELM_AT_WORK(status=last.status, release=name, revision=last.number)):
            until(settled, (patience + QUIET).total_seconds(), _LOOK_SECONDS)
    last = seen.last
    if last is None or not last.between or last.status == UNINSTALLING:
        return last.status if last else ""
    return _mend(kubectl, namespace, name, last)


def mend(kubectl: Kubectl, namespace: str, name: str) -> None:
    """End what a killed helm has left; do nothing where one may be at work, or without the rights."""
    try:
        last = look(kubectl, namespace, name).stuck(datetime.now(UTC))
        if last and last.status != UNINSTALLING:
            _mend(kubectl, namespace, name, last)
    except UserError:
        return


def _mend(kubectl: Kubectl, namespace: str, name: str, last: Revision) -> str:
    fail(kubectl, namespace, name, last)
    since = spoken(last.since)
    announce(words.HELM_MENDED(status=last.status, release=name, revision=last.number, since=since))
    return "failed"


def fail(kubectl: Kubectl, namespace: str, name: str, revision: Revision) -> None:
    """Record a revision as failed, as helm itself does when it is interrupted. No object is changed.

    Raises FailedError where Helm, or somebody else, has written meanwhile.
    """
    secret = kubectl.object("secret", f"sh.helm.release.v1.{name}.v{revision.number}", namespace)
    if secret is None or secret["metadata"]["labels"].get("status") != revision.status:
        raise FailedError(words.HELM_MOVED_ON(release=name), words.HELM_MOVED_ON_REMEDY())
    secret["data"]["release"] = failed(secret["data"]["release"], revision.status)
    written = str(int(datetime.now(UTC).timestamp()))
    secret["metadata"]["labels"] |= {"status": "failed", "modifiedAt": written}
    # With the version that was read: a write in between is refused.
    kubectl.replace(secret)


def failed(record: str, status: str) -> str:
    """Return Helm's record of a revision with the state `failed`: base64 (twice), gzip, JSON."""
    document = json.loads(gzip.decompress(base64.b64decode(base64.b64decode(record))))
    document["info"] |= {"status": "failed", "description": f"{status} was cut off"}
    packed = base64.b64encode(gzip.compress(json.dumps(document).encode()))
    return base64.b64encode(packed).decode()


def spoken(moment: datetime) -> str:
    """Return a time as a reader has it in sentences."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
