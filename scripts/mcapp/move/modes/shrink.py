"""From several servers to one: it follows the leader in a pod of its own, then it has all and serves."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import Any

from mcapp.backup.server import Server
from mcapp.backup.shell import PodShell
from mcapp.errors import FailedError
from mcapp.genvalues.storage import CLAIM
from mcapp.genvalues.values import effective, merge
from mcapp.kube.pods import is_true
from mcapp.kube.volumes import claim_like
from mcapp.move import pod as pods
from mcapp.move import words as move_words
from mcapp.move import writes
from mcapp.move.modes import accounts, policies, stops, words
from mcapp.move.modes.members import HOLDERS, MODE
from mcapp.move.modes.runner import GONE_SECONDS, KEEP, MIRRORED, SLOT, Runner, earlier_values
from mcapp.move.modes.state import Change
from mcapp.move.release import hostname
from mcapp.progress import step
from mcapp.wait import until

_READ_ONLY = "default_transaction_read_only"
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
# A Service's selector for one pod: the members have all other labels of the one server, too.
_POD = "statefulset.kubernetes.io/pod-name"
_STREAMS = "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming';"
_PROMOTE = """
DO 'BEGIN IF pg_is_in_recovery() THEN PERFORM pg_promote(true, 30); END IF; END';
SELECT pg_is_in_recovery();
ALTER SYSTEM RESET primary_conninfo;
ALTER SYSTEM RESET primary_slot_name;
ALTER SYSTEM RESET default_transaction_read_only;
DO 'BEGIN PERFORM pg_reload_conf(); END';
"""


class Shrink(Runner):
    """One run of it."""

    @property
    def job(self) -> str:
        """The name of the Job that mounts the new volume."""
        return self.deployed.object("db-move")

    def source(self) -> Server:
        """Return the leader."""
        return self.members.server(self.leader())

    def copies(self) -> list[Server]:
        """Return the one server, which follows the leader."""
        return [self.single()]

    def prepare(self) -> Change:
        """Make the server's volume; let the members' claims and Patroni's state stay after them."""
        leader = self.leader()
        kept = {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}}}
        self.patch("statefulset", "db", kept)
        for holder in HOLDERS:
            self.own("annotate", "service", holder, KEEP, "--overwrite")
        self._make_claim()
        for policy in policies.of(self.deployed):
            self.kubectl.apply(policy)
        self.members.configure(leader["metadata"]["name"], {"slots": {SLOT: {"type": "physical"}}})
        self._make_job()
        pods.require_space(self.members.server(leader), self._there())
        return self.move

    def join(self) -> Change:
        """Copy the leader's files while it takes writes; start the one server on them, which follows it."""
        name = self.deployed.object("db")
        if self._is_ha():
            self._copy()
            pods.remove_job(self.kubectl, self.deployed.namespace, self.job)
            if (leader := self.leader()["metadata"]["name"]) == f"{name}-0":
                # The one server has this name.
                self.members.switch_over(leader)
                until(lambda: self.leader()["metadata"]["name"] != leader, GONE_SECONDS)
            self.remove("statefulset", name, cascade="orphan")
        if self.database() is None:
            self._own_members()
            self._remove_members(f"{name}-0")
        with step(words.STEP_UPGRADE(release=self.deployed.name)):
            self.deployed.upgrade(merge(self.wanted, {"db": {"ha": {"follow": True}}}))
            server = self.single()
        if not until(lambda: server.shell.sql(_STREAMS) == ["1"], GONE_SECONDS):
            raise FailedError(words.BEHIND(), words.BEHIND_REMEDY())
        return self.move

    def switch(self) -> Change:
        """Let the one server have all writes, and take them. Writes are stopped meanwhile."""
        leader, server, chosen = self.leader(), self.single(), self._selector()
        source = self.members.server(leader)
        began = time.time()
        if not self.move.switched:
            with ThreadPoolExecutor(1) as pool:
                refused = pool.submit(self._refuse, leader, "on")
                stops.await_all([server], stops.stop(source))
                refused.result()
            # Recorded first: if this run is killed next, the way back must know that writes were possible.
            self.move = self.record.save(replace(self.move, switched=True, stopped=began))
        with ThreadPoolExecutor(1) as pool:
            promoted = pool.submit(server.shell.sql, _PROMOTE)
            self._select({**chosen, _POD: self.deployed.object("db-0")})
            self.drop_slices(MIRRORED)
            source.shell.sql(stops.END_CLIENTS)
            if promoted.result() != ["f"]:
                raise FailedError(words.NOT_PROMOTED(), move_words.AGAIN())
        seconds = round(time.time() - self.move.stopped, 1)
        return replace(self.move, seconds=(*self.move.seconds[:1], seconds))

    def complete(self) -> Change:
        """Take the members away; their claims stay. Bring the release to its values."""
        if self.members.leader() is not None and not self.move.content:
            self.move = self.record.save(replace(self.move, content=self.digest(self.source())))
        self._remove_members()
        # What Patroni has written there is of no use to a Service with a selector.
        self.remove("endpoints", self.deployed.object("db"))
        self._select(self._selector())
        with step(words.STEP_UPGRADE(release=self.deployed.name)):
            self.deployed.upgrade(self.wanted)
        # From now on it is Helm's alone.
        self._select({})
        accounts.forget_password(self.deployed)
        self.remove("networkpolicy", *(one["metadata"]["name"] for one in policies.of(self.deployed)))
        return self.move

    def allow(self) -> None:
        """Let the leader take writes again, and any member that leads later."""
        self._refuse(self.leader(), None)
        super().allow()

    def undo(self) -> None:
        """Let the members have their place again, and take the one server away."""
        if not self._is_ha():
            self.remove("statefulset", self.deployed.object("db"), cascade="foreground")
            for member in self.members.members():
                self._own(member, [])
            service = self.kubectl.object("service", self.deployed.object("db"), self.deployed.namespace)
            if service is not None and service["spec"].get("selector"):
                self.unselect()
                self.remove("endpoints", self.deployed.object("db"))
            accounts.ensure_password(self.deployed)
            with step(words.STEP_UPGRADE(release=self.deployed.name)):
                self.deployed.upgrade(earlier_values(self))
        # A leader that takes no writes could not give the members' role its password.
        leader = self.leader()
        self._refuse(leader, None)
        self.members.configure(leader["metadata"]["name"], {"slots": None})
        server = self.members.server(leader)
        writes.allow(server)
        accounts.set_password(server, accounts.ensure_password(self.deployed))
        with step(words.STEP_COPY(count=len(self.move.old))):
            self.await_members(len(self.move.old))
        for member in self.members.members():
            writes.allow(self.members.server(member))
        pods.remove_job(self.kubectl, self.deployed.namespace, self.job)
        self.remove("pvc", self.deployed.object(CLAIM))
        self.remove("networkpolicy", *(one["metadata"]["name"] for one in policies.of(self.deployed)))

    def _refuse(self, leader: dict[str, Any], value: str | None) -> None:
        """Set for all members that they refuse writes, also for one that leads next."""
        settings = {"postgresql": {"parameters": {_READ_ONLY: value}}}
        self.members.configure(leader["metadata"]["name"], settings)

    def _is_ha(self) -> bool:
        """Whether the StatefulSet is that of the members."""
        database = self.database()
        return database is not None and MODE in database["metadata"]["labels"]

    def _selector(self) -> dict[str, str]:
        """Return how the Service of one server finds it."""
        database = self.database()
        if database is None:
            raise FailedError(move_words.GONE(kind="statefulset", name=self.deployed.object("db")))
        labels: dict[str, str] = database["spec"]["selector"]["matchLabels"]
        return labels

    def _select(self, labels: dict[str, str]) -> None:
        """Let the Service send to pods with these labels; {} leaves it as it is.

        Helm refuses to change what another program has set. What both have set, it owns when the other
        no longer names it.
        """
        metadata = {"name": self.deployed.object("db"), "namespace": self.deployed.namespace}
        spec = {"spec": {"selector": labels}} if labels else {}
        self.kubectl.apply({"apiVersion": "v1", "kind": "Service", "metadata": metadata, **spec})

    def _own_members(self) -> None:
        """Give the members to the Service: the StatefulSet of the one server would take them for its pods."""
        service = self.kubectl.object("service", self.deployed.object("db"), self.deployed.namespace)
        if service is None:
            raise FailedError(move_words.GONE(kind="service", name=self.deployed.object("db")))
        metadata = service["metadata"]
        owner = {"apiVersion": "v1", "kind": "Service", "name": metadata["name"], "uid": metadata["uid"]}
        for member in self.members.members():
            self._own(member, [{**owner, "controller": True}])

    def _own(self, member: dict[str, Any], owners: list[dict[str, Any]]) -> None:
        patch = json.dumps({"metadata": {"ownerReferences": owners}})
        within = f"--namespace={self.deployed.namespace}"
        name = member["metadata"]["name"]
        self.kubectl.must("patch", "pod", name, within, "--type=merge", f"--patch={patch}")

    def _remove_members(self, *chosen: str) -> None:
        """Remove these members' pods, or all, and wait until they have ended; their claims stay."""
        names = [one["metadata"]["name"] for one in self.members.members()]
        self.remove("pod", *(name for name in names if name in chosen or not chosen))

    def _copy(self) -> None:
        """Copy the leader's files to the volume, with the way to follow it."""
        if not self._job_runs():
            self._make_job()
        password, there = accounts.ensure_password(self.deployed), self._there()
        where = {"PGHOST": self.deployed.object("db"), "PGUSER": "replicator", "PGAPPNAME": SLOT}
        with step(words.STEP_FOLLOW(node=self.move.node)):
            replace(there, password=password, environment=where).run(_BASEBACKUP)

    def _make_claim(self) -> None:
        """Make the claim as Helm makes it, so that the next upgrade takes it over."""
        namespace = self.deployed.namespace
        name = self.deployed.object(CLAIM)
        if self.kubectl.object("pvc", name, namespace) is not None:
            return
        database = self.database() or {"metadata": {"labels": {}}}
        labels = {key: one for key, one in database["metadata"]["labels"].items() if key != MODE}
        like = self.kubectl.object("pvc", self.move.old[0], namespace)
        if like is None:
            raise FailedError(move_words.GONE(kind="pvc", name=self.move.old[0]))
        claim = claim_like(like, name, labels)
        claim["metadata"]["annotations"] = {
            "meta.helm.sh/release-name": self.deployed.name,
            "meta.helm.sh/release-namespace": namespace,
        }
        self.kubectl.apply(claim)

    def _make_job(self) -> None:
        """Make the pod that mounts the volume, anew, with the image of mode standalone."""
        pods.remove_job(self.kubectl, self.deployed.namespace, self.job)
        database = self.database()
        if database is None:
            raise FailedError(move_words.GONE(kind="statefulset", name=self.deployed.object("db")))
        db = effective(self.wanted)["db"]
        claim, node = self.deployed.object(CLAIM), self._hostname
        made = pods.job(database, self.job, claim, node, db.get("tolerations") or [])
        (container,) = made["spec"]["template"]["spec"]["containers"]
        container |= {"image": _image(self.wanted), "imagePullPolicy": db["image"]["pullPolicy"]}
        self.kubectl.apply(made)

    @cached_property
    def _hostname(self) -> str:
        return hostname(self.kubectl.inventory(self.deployed.namespace).nodes[self.move.node])

    def _there(self) -> PodShell:
        password = accounts.superuser_password(self.deployed)
        return pods.shell(self.kubectl, self.deployed.namespace, self.job, password)

    def _job_runs(self) -> bool:
        """Whether the Job is there and not over: it ends with its node, and after some hours."""
        job = self.kubectl.object("job", self.job, self.deployed.namespace)
        ends = ("Complete", "Failed", "FailureTarget")
        return job is not None and not any(is_true(job, end) for end in ends)


def _image(values: dict[str, Any]) -> str:
    """Return the reference of the image of mode standalone, as the chart makes it."""
    image = effective(values)["db"]["image"]
    registry = image["registry"] or (values.get("global") or {}).get("imageRegistry") or ""
    path = f"{registry}/{image['repository']}" if registry else image["repository"]
    return f"{path}@{image['digest']}" if image["digest"] else f"{path}:{image['tag']}"
