"""The one server's new volume: its claim, and the Job that copies the leader's files to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from mcapp.backup.server import Server
from mcapp.backup.shell import PodShell
from mcapp.errors import FailedError
from mcapp.genvalues.storage import CLAIM
from mcapp.genvalues.values import effective
from mcapp.kube import live
from mcapp.kube.volumes import claim_like
from mcapp.move import pod as pods
from mcapp.move import words as move_words
from mcapp.move.modes import accounts, words
from mcapp.move.modes.members import MODE
from mcapp.move.modes.state import SLOT, Change
from mcapp.move.release import Deployed, hostname
from mcapp.progress import step

# The network learns of a new pod a moment late. Each file is compared with its checksum before the copy has
# its name.
_BASEBACKUP = f"""
tries=60
until pg_isready --quiet || [ "$tries" = 0 ]; do tries=$((tries - 1)); sleep 1; done
rm -rf "$PGDATA" "$PGDATA.copy"
pg_basebackup --no-password --pgdata="$PGDATA.copy" --checkpoint=fast --wal-method=stream --slot={SLOT} \\
  --write-recovery-conf
pg_verifybackup --quiet --exit-on-error "$PGDATA.copy"
mv "$PGDATA.copy" "$PGDATA"; sync
"""


@dataclass
class Volume:
    """The volume of a move to mode standalone. `wanted` are the release's values after it."""

    deployed: Deployed
    move: Change
    wanted: dict[str, Any]
    # Whether this run has made the Job.
    _made: bool = field(default=False, init=False)

    @property
    def _job(self) -> str:
        return self.deployed.object("db-move")

    @property
    def _claim(self) -> str:
        return self.deployed.object(CLAIM)

    def make(self, leader: Server) -> None:
        """Make the claim, and the Job with it. FailedError if the leader's data have no space there."""
        kubectl, namespace = self.deployed.kubectl, self.deployed.namespace
        if kubectl.object("pvc", self._claim, namespace) is None:
            kubectl.apply(self._document())
        self._make_job()
        pods.require_space(leader, self._shell())

    def copy(self) -> None:
        """Copy the leader's files to the volume, with the way to follow it."""
        if not self._made:
            # In the pod of a run that was cut off, the copy goes on and holds the slot.
            self._make_job()
        password = accounts.ensure_password(self.deployed)
        where = {"PGHOST": self.deployed.object("db"), "PGUSER": "replicator", "PGAPPNAME": SLOT}
        if pods.trusts(self._database()):
            where |= pods.VERIFY
        with step(words.STEP_FOLLOW(node=self.move.node)):
            replace(self._shell(), password=password, environment=where).run(_BASEBACKUP)
        self.remove_job()

    def give_up(self) -> None:
        """Leave the claim's size to Helm, which has set it too: it refuses to change what another has set."""
        claim = self._document()
        claim["spec"].pop("resources")
        self.deployed.kubectl.apply(claim)

    def remove_job(self) -> None:
        """Remove the Job, and wait until its pod is gone."""
        pods.remove_job(self.deployed.kubectl, self.deployed.namespace, self._job)

    def _document(self) -> dict[str, Any]:
        """Return the claim as Helm makes it, so that the next upgrade takes it over."""
        database, namespace = self._database(), self.deployed.namespace
        labels = {key: one for key, one in database["metadata"]["labels"].items() if key != MODE}
        like = self.deployed.kubectl.object("pvc", self.move.old[0], namespace)
        if like is None:
            raise FailedError(move_words.GONE(kind="pvc", name=self.move.old[0]))
        claim = claim_like(like, self._claim, labels)
        claim["metadata"]["annotations"] = {
            "meta.helm.sh/release-name": self.deployed.name,
            "meta.helm.sh/release-namespace": namespace,
        }
        return claim

    def _make_job(self) -> None:
        """Make the Job anew, with the image of mode standalone."""
        self.remove_job()
        kubectl, namespace = self.deployed.kubectl, self.deployed.namespace
        db = effective(self.wanted)["db"]
        node = hostname(live.inventory(kubectl, namespace).nodes[self.move.node])
        made = pods.job(self._database(), self._job, self._claim, node, db.get("tolerations") or [])
        pod = made["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        container |= {"image": _image(self.wanted), "imagePullPolicy": db["image"]["pullPolicy"]}
        # The members' token is for Patroni.
        pod["automountServiceAccountToken"] = False
        kubectl.apply(made)
        self._made = True

    def _database(self) -> dict[str, Any]:
        name = self.deployed.object("db")
        database = self.deployed.kubectl.object("statefulset", name, self.deployed.namespace)
        if database is None:
            raise FailedError(move_words.GONE(kind="statefulset", name=name))
        return database

    def _shell(self) -> PodShell:
        password = accounts.superuser_password(self.deployed)
        return pods.shell(self.deployed.kubectl, self.deployed.namespace, self._job, password)


def _image(values: dict[str, Any]) -> str:
    """Return the reference of the image of mode standalone, as the chart makes it."""
    image = effective(values)["db"]["image"]
    registry = image["registry"] or (values.get("global") or {}).get("imageRegistry") or ""
    path = f"{registry}/{image['repository']}" if registry else image["repository"]
    return f"{path}@{image['digest']}" if image["digest"] else f"{path}:{image['tag']}"
