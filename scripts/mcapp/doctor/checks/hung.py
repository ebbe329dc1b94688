"""A process that takes a connection and says nothing: the kernel accepts for it, so its port looks open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import TIERS, Object, Snapshot, name, node_of
from mcapp.doctor.read.view import View

# How the kubelet words a probe that was taken and not answered; where the connection failed, it says `dial`.
_UNANSWERED = re.compile(
    r"(?!.*dial tcp).*(context deadline exceeded|awaiting headers|command timed out|timed out after)"
)
Results = Mapping[str, Any]


def check(snapshot: Snapshot, view: View) -> Iterator[Finding]:
    """Yield a pod that is asked and stays silent: by another one, or by a program in it."""
    if view.pod is None:
        return
    asked = view.part("tcp")
    for tier in TIERS:
        for pod in snapshot.pods(tier):
            found = asked.get(f"pod/{name(pod)}") or {}
            if found.get("outcome") == "silent":
                yield finding(snapshot, pod, tier, _line(view, f"GET http://pod/{name(pod)}", found))
    own = {"self": "web", "readyz": "api"}
    for key, tier in own.items():
        if view.http(key).get("outcome") == "silent":
            line = _line(view, f"GET {key}", view.http(key))
            yield finding(snapshot, view.pod, tier, line)
    yield from _database(snapshot, view)


def _database(snapshot: Snapshot, view: View) -> Iterator[Finding]:
    """Yield a server whose port opens, while a login gets no answer."""
    if snapshot.answers:
        # A login from another pod is slow where that pod has no CPU.
        return
    login, wide = view.part("login").get("db") or {}, view.part("wide")
    late = login.get("outcome") == "timeout" or login.get("code") == "timeout"
    for pod in snapshot.pods("db"):
        key = f"pod/{name(pod)}"
        ways = (key, f"service/{snapshot.object_name('db')}")
        open_ = any((view.part("tcp").get(way) or {}).get("outcome") == "connected" for way in ways)
        packet = (wide.get(key) or {}).get("outcome")
        # In mode ha the login goes to the leader alone; a server that answers a packet is only slow.
        no_login = late and packet != "connected" and not snapshot.is_ha
        if open_ and (packet == "silent" or no_login):
            yield finding(snapshot, pod, "db", _line(view, "login", login))


def finding(snapshot: Snapshot, pod: Object, tier: str, *evidence: Evidence) -> Finding:
    """Return the finding that the pod's process hangs."""
    source = f"pod/{name(pod)}"
    parts = {"pod": source, "node": node_of(pod)}
    end = Step(kubectl=("delete", "pod", name(pod), "-n", snapshot.namespace, "--grace-period=5"))
    return Finding("hung-process", parts, evidence, (end,), tier, soft=snapshot.changing)


def unanswered(message: str) -> bool:
    """Whether the kubelet's message tells of a probe that was taken and not answered."""
    return bool(_UNANSWERED.match(message))


def _line(view: View, what: str, found: Results) -> Evidence:
    detail = found.get("detail") or found.get("reason") or "no answer"
    return Evidence(
        f"{what} {view.where}", f"{found.get('outcome', '?')} {detail} after {found.get('ms', '?')} ms"
    )
