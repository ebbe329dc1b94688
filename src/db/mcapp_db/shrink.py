"""Scales a cluster down to the one member that mode standalone keeps; a Helm hook before the upgrade.

Writes go on all the time, except for the moment of a switchover. It is safe to run again wherever it stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from mcapp_db import kube, members

STEP_SECONDS = 90


def main(_arguments: Sequence[str]) -> None:
    """Make the founder the leader, remove the other members, and wait until it depends on none of them."""
    founder, others = os.environ["MCAPP_FOUNDER"], os.environ["MCAPP_OTHERS"]
    address = _address_of(founder)

    def leader() -> str:
        found = members.read(address, "cluster")["members"]
        return next((member["name"] for member in found if member["role"] == "leader"), "")

    def leads() -> bool:
        if (now := leader()) in ("", founder):
            return now == founder
        print(f"{now} leads: switching over to {founder}.", flush=True)
        # Patroni refuses while the founder lags, such as just after it was the leader.
        order = {"leader": now, "candidate": founder}
        print(members.send("POST", _address_of(now), "switchover", order), flush=True)
        return leader() == founder

    _until(f"{founder} leads", leads)
    print(f"{founder} leads. The other members go, and their copies with them.", flush=True)
    _log_in(address)
    # The StatefulSet is deleted, not scaled down: Helm refuses to write a field that another client wrote.
    objects = [f"apis/apps/v1:statefulsets/{others}"]
    objects += [f"api/v1:persistentvolumeclaims/{claim}" for claim in os.environ["MCAPP_CLAIMS"].split()]
    _until("the API server takes them away", lambda: _delete(objects))
    _until("the other members are gone", lambda: not [name for name in _pods() if name != founder])
    _until(f"{founder} keeps nothing for them", lambda: _is_alone(address))
    # Otherwise it would not stay the leader when the upgrade cuts it off from the API server.
    _until(f"{founder} asks none of them", lambda: set(members.read(address, "failsafe")) == {founder})
    print(f"{founder} is alone.", flush=True)


def _delete(objects: Sequence[str]) -> bool:
    for one in objects:
        kube.delete(one)
    return True


def _pods() -> dict[str, dict[str, Any]]:
    found = kube.pods(os.environ["MCAPP_SELECTOR"])
    return {pod["metadata"]["name"]: pod for pod in found}


def _address_of(name: str) -> str:
    found: list[str] = []

    def known() -> bool:
        pod = _pods().get(name)
        found[:] = [pod["status"]["podIP"]] if pod and pod["status"].get("podIP") else []
        return True

    # The NetworkPolicies do not admit a new pod's connections in its first second.
    _until("the API server answers", known)
    if not found:
        raise SystemExit(f"Pod {name} does not run. NOTHING WAS CHANGED. Bring it up first.")
    return found[0]


def _is_alone(address: str) -> bool:
    """Whether no commit waits for a replica, and no WAL is kept for one.

    The settings are sent each time: the new leader's own call sends the chart's settings, perhaps later.
    """
    # In strict mode every commit would wait for a replica.
    members.send("PATCH", address, "config", {"member_slots_ttl": 0, "synchronous_mode": False})
    query = """SELECT current_setting('synchronous_standby_names') = ''
      AND NOT EXISTS (SELECT FROM pg_replication_slots)"""
    try:
        with psycopg.connect(_login(address)) as connection:
            row = connection.execute(query).fetchone()
    except psycopg.OperationalError as error:
        print(f"Not yet: {error}", flush=True)
        return False
    return bool(row and row[0])


def _log_in(address: str) -> None:
    """Stop before anything is removed, where the Secret's password is not the database's."""
    try:
        psycopg.connect(_login(address)).close()
    except psycopg.OperationalError as error:
        raise SystemExit(f"{error}\nNOTHING WAS CHANGED: the Job must log in as postgres.") from None


def _login(address: str) -> str:
    return make_conninfo(
        host=address,
        user="postgres",
        password=os.environ["POSTGRES_PASSWORD"],
        dbname="postgres",
        connect_timeout=5,
    )


def _until(what: str, holds: Callable[[], bool]) -> None:
    until = time.monotonic() + STEP_SECONDS
    while not _quietly(holds):
        if time.monotonic() > until:
            raise SystemExit(
                f"Not within {STEP_SECONDS} s: {what}. Run the upgrade again to go on from here."
            )
        time.sleep(1)


def _quietly(holds: Callable[[], bool]) -> bool:
    try:
        return holds()
    except OSError as error:
        print(f"Not yet: {error}", flush=True)
        return False
