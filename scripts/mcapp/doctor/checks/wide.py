"""Packets as large as the way should take, there and back: a narrow tunnel lets only small ones through."""

from __future__ import annotations

from collections.abc import Iterator

from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import TIERS, Snapshot, name, node_of
from mcapp.doctor.read.view import View

_FLANNEL = "flannel.alpha.coreos.com/backend-type"
# What VXLAN puts around a packet.
_AROUND = 50


def check(snapshot: Snapshot, view: View) -> Iterator[Finding]:
    """Yield that large packets are lost between the view's pod and another one."""
    tried = view.part("wide")
    for tier in TIERS:
        for pod in snapshot.pods(tier):
            key = f"pod/{name(pod)}"
            found = tried.get(key) or {}
            small = (view.part("tcp").get(key) or {}).get("outcome") == "connected"
            lost = found.get("outcome") == "lost" or (found.get("outcome") == "silent" and "way" not in found)
            if not small or not lost:
                continue
            whole, arrives = found.get("mtu", 0), found.get("arrives", 0)
            way = {"to": f"to {key}", "from": f"from {key}"}.get(str(found.get("way")), f"to or from {key}")
            said = (
                f"{found['outcome']}: {whole or 'a full packet'} bytes; arrives: {arrives or 'a small one'}"
            )
            lines = (
                Evidence(f"packet {way} {view.where}", said),
                Evidence(f"connect {view.where}", f"{key}: a small packet arrives"),
            )
            parts = {
                "source": view.source,
                "target": key,
                "mtu": str(whole or "?"),
                "arrives": str(arrives or "?"),
                "underlay": str(arrives + _AROUND if arrives else "?"),
            }
            nodes = sorted({view.node, node_of(pod)} - {""})
            # Without a figure it may be an api that is slow with a long answer.
            soft = snapshot.changing or not arrives
            yield Finding("path-mtu", parts, lines, _steps(snapshot, nodes, arrives), tier, soft=soft)
            return


def _steps(snapshot: Snapshot, nodes: list[str], arrives: int) -> tuple[Step, ...]:
    """Return how to look, and where flannel made the network, how to set its size."""
    flannel = any(_FLANNEL in node.annotations for node in snapshot.nodes.values())
    look = "ip -details link show"
    narrow = f"sudo ip link set dev flannel.1 mtu {arrives}"
    return tuple(Step(line=narrow if arrives and flannel else look, on=node) for node in nodes)
