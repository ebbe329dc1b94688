"""From several servers to one: it follows the leader in a pod of its own, then it has all and serves."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from typing import Any

from mcapp.backup.server import Server
from mcapp.errors import FailedError
from mcapp.genvalues.storage import CLAIM
from mcapp.genvalues.values import effective, merge
from mcapp.kube.objects import DATA_LEFT
from mcapp.move import words as move_words
from mcapp.move import writes
from mcapp.move.modes import accounts, policies, stops, words
from mcapp.move.modes.members import HOLDERS, MODE
from mcapp.move.modes.runner import GONE_SECONDS, MIRRORED, Runner
from mcapp.move.modes.state import SLOT, Change
from mcapp.move.modes.volume import Volume
from mcapp.progress import step
from mcapp.wait import until

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

    @cached_property
    def volume(self) -> Volume:
        """The one server's volume."""
        return Volume(self.deployed, self.move, self.wanted)

    def source(self) -> Server:
        """Return the leader."""
        return self.members.server(self.leader())

    def copies(self) -> list[Server]:
        """Return the one server, which follows the leader."""
        return [self.single()]

    def prepare(self) -> Change:
        """Make the server's volume; let the members' claims and Patroni's state stay after them."""
        leader = self.leader()
        self._keep_claims(kept=True)
        for policy in policies.of(self.deployed):
            self.kubectl.apply(policy)
        self.members.configure(leader["metadata"]["name"], {"slots": {SLOT: {"type": "physical"}}})
        self.volume.make(self.members.server(leader))
        return self.move

    def join(self) -> Change:
        """Copy the leader's files while it takes writes; start the one server on them, which follows it."""
        name = self.deployed.object("db")
        if self._is_ha():
            self.volume.copy()
            if (leader := self.leader()["metadata"]["name"]) == f"{name}-0":
                # The one server has this name.
                self.members.switch_over(leader)
                if not until(lambda: self.leader()["metadata"]["name"] != leader, GONE_SECONDS):
                    raise FailedError(words.LEADS_STILL(pod=leader), move_words.AGAIN())
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
        server, chosen = self.single(), self._selector()
        # Whatever the record says: a run that was stopped here may have let the leader take writes again.
        if stops.is_copy(server):
            leader = self.leader()
            began = time.time()
            with ThreadPoolExecutor(1) as pool:
                refused = pool.submit(self.members.refuse, leader, "on")
                stops.await_all([server], stops.stop(self.members.server(leader)))
                refused.result()
            # Recorded first: if this run is killed next, the way back must know that writes were possible.
            self.move = self.record.save(replace(self.move, switched=True, stopped=began))
        with ThreadPoolExecutor(1) as pool:
            promoted = pool.submit(server.shell.sql, _PROMOTE)
            self._select({**chosen, _POD: self.deployed.object("db-0")})
            self.drop_slices(MIRRORED)
            # It may be lost by now, and is not needed.
            if leads := self.members.leader():
                self.members.server(leads).shell.sql(stops.END_CLIENTS)
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
        self.volume.give_up()
        accounts.let_out(self.single(), SLOT)
        accounts.forget_password(self.deployed)
        self._mark_left(left=True)
        self.remove("networkpolicy", *(one["metadata"]["name"] for one in policies.of(self.deployed)))
        return self.move

    def allow(self) -> None:
        """Let the leader take writes again, and any member that leads later."""
        self.members.refuse(self.leader(), None)
        super().allow()

    def undo(self, earlier: dict[str, Any]) -> None:
        """Let the members have their place again, and take the one server away."""
        was = replace(self.deployed, given=earlier)
        db = effective(earlier)["db"]
        if not self._is_ha():
            self.remove("statefulset", self.deployed.object("db"), cascade="foreground")
            # The chart refuses the mode of data that were moved away.
            self._mark_left(left=False)
            for member in self.members.members():
                self._own(member, [])
            service = self.kubectl.object("service", self.deployed.object("db"), self.deployed.namespace)
            if service is not None and service["spec"].get("selector"):
                self.unselect()
                self.remove("endpoints", self.deployed.object("db"))
        elif not db["persistence"]["keep"]:
            # Helm refuses to change what another has set.
            self._keep_claims(kept=False)
        password = accounts.ensure_password(was)
        # An upgrade that was cut off may have made only some of the objects.
        with step(words.STEP_UPGRADE(release=self.deployed.name)):
            self.deployed.upgrade(earlier)
        if not db["persistence"]["keep"]:
            self._keep_claims(kept=False)
        # A leader that takes no writes could not give the members' role its password.
        leader = self.leader()
        self.members.refuse(leader, None)
        self.members.configure(leader["metadata"]["name"], {"slots": {SLOT: None}})
        server = self.members.server(leader)
        writes.allow(server)
        accounts.set_password(server, password)
        count = int(db["ha"]["members"])
        with step(words.STEP_COPY(count=count)):
            self.await_members(count)
        for member in self.members.members():
            writes.allow(self.members.server(member))
        accounts.give_up_password(was)
        self.volume.remove_job()
        self.remove("pvc", self.deployed.object(CLAIM))
        self.remove("networkpolicy", *(one["metadata"]["name"] for one in policies.of(self.deployed)))

    def _mark_left(self, *, left: bool) -> None:
        """Say at Patroni's state that the data have left it, or are there again."""
        mark = f"{DATA_LEFT}=true" if left else f"{DATA_LEFT}-"
        self.own("label", "service", HOLDERS[0], mark, "--overwrite")

    def _keep_claims(self, *, kept: bool) -> None:
        """Let the members' claims, and Patroni's state, stay when their objects go, or go with them."""
        policy = {"whenDeleted": "Retain" if kept else "Delete"}
        self.patch("statefulset", "db", {"spec": {"persistentVolumeClaimRetentionPolicy": policy}})
        for holder in HOLDERS:
            self.keep("service", holder, kept=kept)

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
