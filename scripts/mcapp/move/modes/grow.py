"""From one server to several: the members follow the server as a standby cluster, then one of them leads."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from mcapp.backup.server import Server
from mcapp.errors import FailedError
from mcapp.genvalues.storage import CLAIM
from mcapp.genvalues.values import effective, merge
from mcapp.move import words as move_words
from mcapp.move import writes
from mcapp.move.modes import accounts, stops, words
from mcapp.move.modes.members import MODE, role
from mcapp.move.modes.runner import Runner
from mcapp.move.modes.state import SLOT, Change
from mcapp.progress import step

_PROMOTED = """
DO $$
DECLARE
  ends timestamptz := clock_timestamp() + interval '30 s';
BEGIN
  WHILE pg_is_in_recovery() AND clock_timestamp() < ends LOOP
    PERFORM pg_sleep(0.05);
  END LOOP;
END $$;
SELECT pg_is_in_recovery();
ALTER SYSTEM RESET default_transaction_read_only;
DO 'BEGIN PERFORM pg_reload_conf(); END';
"""


class Grow(Runner):
    """One run of it."""

    @property
    def count(self) -> int:
        """The number of members."""
        return int(effective(self.wanted)["db"]["ha"]["members"])

    def source(self) -> Server:
        """Return the one server."""
        return self.single()

    def copies(self) -> list[Server]:
        """Return the members, the one that leads the others first."""
        leader = self.leader()
        name = leader["metadata"]["name"]
        others = [pod for pod in self.members.members() if pod["metadata"]["name"] != name]
        return [self.members.server(pod) for pod in (leader, *others)]

    def prepare(self) -> Change:
        """Let members copy from the server, and keep its claim, which the chart no longer makes."""
        accounts.let_in(self.source(), accounts.ensure_password(self.deployed), SLOT)
        self.keep("pvc", CLAIM, kept=True)
        return self.move

    def join(self) -> Change:
        """Make the members beside the server, whose pod stays; wait until all follow it."""
        database = self.database()
        if database is None or MODE not in database["metadata"]["labels"]:
            self.forget_state()
            self.remove("statefulset", self.deployed.object("db"), cascade="orphan")
        with step(words.STEP_UPGRADE(release=self.deployed.name)):
            self.deployed.upgrade(merge(self.wanted, {"db": {"ha": {"follow": True}}}))
        with step(words.STEP_COPY(count=self.count - 1)):
            self.await_members(self.count - 1)
        return self.move

    def switch(self) -> Change:
        """Let the members have all writes, and one of them lead. Writes are stopped meanwhile."""
        copies, pod = self.copies(), self.leader()
        leader = copies[0]
        # Whatever the record says: a run that was stopped here may have let the server take writes again.
        if role(pod) == "standby_leader":
            began = time.time()
            stops.await_all(copies, stops.stop(self.source()))
            # Recorded first: if this run is killed next, the way back must know that writes were possible.
            self.move = self.record.save(replace(self.move, switched=True, stopped=began))
        with ThreadPoolExecutor(3) as pool:
            promoted = pool.submit(leader.shell.sql, _PROMOTED)
            alone = {"standby_cluster": None}
            both = (
                pool.submit(self.members.configure, pod["metadata"]["name"], alone),
                pool.submit(self.unselect),
            )
            for one in both:
                one.result()
            # It may be lost by now, and is not needed.
            if (old := self.single_ready()) is not None:
                self.members.server(old).shell.sql(stops.END_CLIENTS)
            if promoted.result() != ["f"]:
                raise FailedError(words.NOT_PROMOTED(), move_words.AGAIN())
        seconds = round(time.time() - self.move.stopped, 1)
        return replace(self.move, seconds=(*self.move.seconds[:1], seconds))

    def complete(self) -> Change:
        """Take the old server's pod away, and let a member have its name."""
        if self.members.single() is not None:
            if (old := self.single_ready()) is not None:
                server = self.members.server(old)
                if not self.move.content:
                    self.move = self.record.save(replace(self.move, content=self.digest(server)))
                accounts.drop_slot(server, SLOT)
            self.remove("pod", self.deployed.object("db-0"))
        with step(words.STEP_UPGRADE(release=self.deployed.name)):
            self.deployed.upgrade(self.wanted)
        with step(words.STEP_COPY(count=self.count)):
            self.await_members(self.count)
        # One that copied while the server refused writes would refuse them as a leader.
        for member in self.members.members():
            writes.allow(self.members.server(member))
        accounts.give_up_password(self.deployed)
        return self.move

    def undo(self, earlier: dict[str, Any]) -> None:
        """Let the one server have its place again, and take the members away."""
        with step(words.STEP_REMOVE()):
            database = self.database()
            if database is not None and MODE in database["metadata"]["labels"]:
                self.remove("statefulset", self.deployed.object("db"), cascade="foreground")
            self.remove("pvc", *(f"data-{self.deployed.object('db')}-{n}" for n in range(self.count)))
            self.forget_state()
            accounts.forget_password(self.deployed)
        with step(words.STEP_UPGRADE(release=self.deployed.name)):
            self.deployed.upgrade(earlier)
            server = self.single()
        if not effective(earlier)["db"]["persistence"]["keep"]:
            self.keep("pvc", CLAIM, kept=False)
        writes.allow(server)
        accounts.let_out(server, SLOT)
