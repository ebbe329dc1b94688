"""From several servers to one: it follows the leader in a pod of its own, then it has all and serves."""

from __future__ import annotations

import time
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
from mcapp.move.modes.runner import GONE_SECONDS, KEEP, SLOT, Runner, earlier_values
from mcapp.move.modes.state import Change
from mcapp.move.release import hostname
from mcapp.progress import step
from mcapp.wait import until

_READ_ONLY = "default_transaction_read_only"
# Each file is compared with its checksum before the copy gets its name.
_BASEBACKUP = f"""
pg_ctl --pgdata="$PGDATA" --silent --mode=immediate stop >/dev/null 2>&1 || true
rm -rf "$PGDATA" "$PGDATA.copy"
pg_basebackup --no-password --pgdata="$PGDATA.copy" --checkpoint=fast --wal-method=stream --slot={SLOT} \\
  --write-recovery-conf
pg_verifybackup --quiet --exit-on-error "$PGDATA.copy"
mv "$PGDATA.copy" "$PGDATA"; sync
"""
_STREAMS = "SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming';"
# It has no leader any more, and takes writes when the move says so.
_LAST = f"""
ALTER SYSTEM RESET primary_conninfo;
ALTER SYSTEM RESET primary_slot_name;
ALTER SYSTEM SET {_READ_ONLY} = on;
"""
_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SELECT pg_export_snapshot();"


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
        """Return the copy in the Job's pod."""
        leader = self.source()
        return [Server(self._there(), leader.database, leader.release)]

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
        """Copy the leader's files while it takes writes, and follow it."""
        if not self._job_runs():
            self._make_job()
        password, there = accounts.ensure_password(self.deployed), self._there()
        where = {"PGHOST": self.deployed.object("db"), "PGUSER": "replicator", "PGAPPNAME": SLOT}
        with step(words.STEP_FOLLOW(node=self.move.node)):
            replace(there, password=password, environment=where).run(_BASEBACKUP)
        there.run(pods.started())
        self._require_streaming(there)
        return self.move

    def verify(self) -> Change:
        """Compare what the leader and the copy hold at one moment, while writes go on."""
        self._follow_again()
        return super().verify()

    def switch(self) -> Change:
        """Let the copy have all writes, stop the members, and start the one server by Helm."""
        if not self.move.switched:
            self._follow_again()
            self._catch_up()
        copy_ = self._there_again()
        if copy_ is not None:
            copy_.run('pg_ctl --pgdata="$PGDATA" --silent --wait promote || true')
            copy_.sql(_LAST)
            copy_.run('pg_ctl --pgdata="$PGDATA" --wait --silent --mode=fast stop')
        self._take_members_away()
        with step(words.STEP_UPGRADE(release=self.deployed.name)):
            # With `follow`, the chart lets it through: the claims of the members are there, too.
            self.deployed.upgrade(merge(self.wanted, {"db": {"ha": {"follow": True}}}))
            server = self.single()
        with server.shell.session(_SNAPSHOT, server.database) as snapshot:
            writes.allow(server)
            seconds = round(time.time() - self.move.stopped, 1)
            content = self.digest(server, snapshot)
        return replace(self.move, seconds=(*self.move.seconds[:1], seconds), content=content)

    def complete(self) -> Change:
        """Take away what only the move and the members needed."""
        with step(words.STEP_UPGRADE(release=self.deployed.name)):
            self.deployed.upgrade(self.wanted)
        accounts.forget_password(self.deployed)
        self.remove("networkpolicy", *(one["metadata"]["name"] for one in policies.of(self.deployed)))
        return self.move

    def allow(self) -> None:
        """Let the leader take writes again, and any member that leads later."""
        self._refuse(None)
        super().allow()

    def undo(self) -> None:
        """Let the members have their place again, and take the one server away."""
        database = self.database()
        if database is not None and MODE not in database["metadata"]["labels"]:
            self.remove("statefulset", self.deployed.object("db"), cascade="foreground")
            database = None
        if database is None:
            self.unselect()
            self.remove("endpoints", self.deployed.object("db"))
            accounts.ensure_password(self.deployed)
            with step(words.STEP_UPGRADE(release=self.deployed.name)):
                self.deployed.upgrade(earlier_values(self))
        # A leader that takes no writes could not give the members' role its password.
        leader = self.leader()
        settings = {"slots": None, "postgresql": {"parameters": {_READ_ONLY: None}}}
        self.members.configure(leader["metadata"]["name"], settings)
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

    def _catch_up(self) -> None:
        """Stop the writes, and wait until the copy has all of them."""
        source, copies = self.source(), self.copies()
        began = time.time()
        self._refuse("on")
        stops.await_all(copies, stops.stop(source))
        # Recorded first: if this run is killed next, the way back must know that writes were possible.
        self.move = self.record.save(replace(self.move, switched=True, stopped=began))

    def _refuse(self, value: str | None) -> None:
        """Set for all members that they refuse writes, also for one that leads next."""
        pod = self.leader()["metadata"]["name"]
        self.members.configure(pod, {"postgresql": {"parameters": {_READ_ONLY: value}}})

    def _take_members_away(self) -> None:
        """Stop the members; their claims stay."""
        database = self.database()
        if database is not None and MODE in database["metadata"]["labels"]:
            self.remove("statefulset", self.deployed.object("db"))
        pods.remove_job(self.kubectl, self.deployed.namespace, self.job)
        if not until(lambda: not self.members.members(), GONE_SECONDS):
            names = [one["metadata"]["name"] for one in self.members.members()]
            raise FailedError(words.STAYS(kind="pod", names=names), move_words.AGAIN())

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

    def _there_again(self) -> PodShell | None:
        """Return the shell of the Job's pod if its server runs; None when it has been stopped."""
        if not self._job_runs():
            return None
        there = self._there()
        runs = there.run('pg_ctl --pgdata="$PGDATA" status >/dev/null 2>&1 && echo yes || true')
        return there if runs.strip() == b"yes" else None

    def _job_runs(self) -> bool:
        """Whether the Job is there and not over: it ends with its node, and after some hours."""
        job = self.kubectl.object("job", self.job, self.deployed.namespace)
        ends = ("Complete", "Failed", "FailureTarget")
        return job is not None and not any(is_true(job, end) for end in ends)

    def _follow_again(self) -> None:
        """Copy anew where the copy no longer follows, as after a restart of its node."""
        if not self._job_runs():
            self.join()
            return
        there = self._there()
        there.run(f'pg_ctl --pgdata="$PGDATA" status >/dev/null 2>&1 || {pods.started()}')
        self._require_streaming(there)

    def _require_streaming(self, there: PodShell) -> None:
        if not until(lambda: there.sql(_STREAMS) == ["1"], GONE_SECONDS):
            raise FailedError(words.BEHIND(), words.BEHIND_REMEDY())


def _image(values: dict[str, Any]) -> str:
    """Return the reference of the image of mode standalone, as the chart makes it."""
    image = effective(values)["db"]["image"]
    registry = image["registry"] or (values.get("global") or {}).get("imageRegistry") or ""
    path = f"{registry}/{image['repository']}" if registry else image["repository"]
    return f"{path}@{image['digest']}" if image["digest"] else f"{path}:{image['tag']}"
