"""Layer access: web's port on each node's address, asked from this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Hop, State, Step
from mcapp.doctor.read.reader import Reader
from mcapp.doctor.read.snapshot import TIERS, Snapshot, node_of, spec
from mcapp.doctor.words import ACCESS, NO_ADDRESSES, NO_PORT, NO_ROUTE, NOT_ASKED
from mcapp.kube.hostport import hostport
from mcapp.kube.nodes import Node
from mcapp.messages import Part, Text

_KUBELET = 10250
# In a cluster of more nodes, those of the release and the servers are asked; no more than this at once.
_FEW = 16
_LOOPBACK = ("127.0.0.1", "localhost", "::1", "0.0.0.0")  # noqa: S104 - compared with, not listened on


def target(snapshot: Snapshot) -> tuple[list[tuple[str, str]], int]:
    """Return (node, address) of every Ready node that is asked, and web's port there; 0 if it has none."""
    service = snapshot.service("web")
    ports = spec(service or {}).get("ports") or ()
    port = next((item.get("nodePort") or 0 for item in ports), 0)
    nodes, _ = _nodes(snapshot)
    return [(n.name, a) for n in nodes for kind, a in n.addresses if kind == "InternalIP"], port


def _nodes(snapshot: Snapshot) -> tuple[list[Node], int]:
    """Return the Ready nodes to ask, and how many more there are.

    Nothing of a Service listens at a virtual node's address.
    """
    ready = [node for node in snapshot.nodes.values() if node.ready and not node.virtual]
    if len(ready) <= _FEW:
        return ready, 0
    ours = {node_of(pod) for tier in TIERS for pod in snapshot.pods(tier)}
    asked = [node for node in ready if node.name in ours or node.server]
    return asked, len(ready) - len(asked)


def ask(snapshot: Snapshot, reader: Reader) -> dict[str, dict[str, Any]]:
    """Ask nginx at each node's address, and the first one that answers also for the way through the tiers.

    Returns the answers by address; in one of them `topology` is the second answer.
    """
    places, port = target(snapshot)
    if not places or not port:
        return {}
    with ThreadPoolExecutor(max_workers=_FEW) as pool:
        answers = pool.map(lambda place: reader.outside(place[1], port, "/healthz"), places)
        found = {address: answer for (_, address), answer in zip(places, answers, strict=True)}
    for address, answer in found.items():
        if answer["outcome"] == "connected":
            answer["topology"] = reader.outside(address, port, "/api/topology")
            break
    return found


def as_results(answers: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the first answer about the topology, in the shape that probe.py prints."""
    answered = [found["topology"] for found in answers.values() if "topology" in found]
    return {"http": {"topology": answered[0]}} if answered else {}


def check(
    snapshot: Snapshot, reader: Reader, answers: dict[str, dict[str, Any]], diagnosis: Diagnosis
) -> Iterator[Finding]:
    """Yield the addresses at which web's port does not answer."""
    places, port = target(snapshot)
    service = snapshot.service("web")
    if not port:
        kind = spec(service or {}).get("type", "?")
        _leave_out(diagnosis, NO_PORT(type=kind))
        return
    if not places:
        _leave_out(diagnosis, NO_ADDRESSES())
        return
    _, more = _nodes(snapshot)
    if more:
        diagnosis.left_out.append(NOT_ASKED(count=more))
    broken = {address: found for address, found in answers.items() if found["outcome"] != "connected"}
    if not broken:
        _note(answers, port, diagnosis)
        return
    with ThreadPoolExecutor(max_workers=_FEW) as pool:
        touched = pool.map(lambda address: reader.touch(address, _KUBELET), broken)
        nearby = dict(zip(broken, touched, strict=True))
    reached = any(outcome in ("connected", "refused") for outcome in nearby.values())
    if len(broken) == len(answers) and not reached and urlsplit(reader.server()).hostname in _LOOPBACK:
        # The nodes are containers or a virtual machine; this machine has no route to their addresses.
        _leave_out(diagnosis, NO_ROUTE())
        return
    evidence = [
        Evidence(
            f"GET http://{hostport(address, port)}", f"{found['outcome']} {found.get('detail', '')}".strip()
        )
        for address, found in answers.items()
    ]
    evidence += [
        Evidence(f"connect {hostport(address, _KUBELET)}", outcome) for address, outcome in nearby.items()
    ]
    steps = [
        step
        for node, address in places
        if address in broken
        for step in (
            Step(
                line=f"curl -m 3 -sS -o /dev/null http://127.0.0.1:{port}/ ; sudo ufw allow {port}/tcp",
                on=node,
            ),
            Step(line=f"sudo iptables-save | grep {port}", on=node),
        )
    ]
    parts: dict[str, Part] = {"port": port, "addresses": sorted(broken)}
    soft = snapshot.changing or any(found["outcome"] != "timeout" for found in broken.values())
    yield Finding("nodeport-unreachable", parts, tuple(evidence), tuple(steps), "web", soft=soft)


def _leave_out(diagnosis: Diagnosis, note: Text) -> None:
    diagnosis.left_out.append(note)
    diagnosis.states["access"] = State.LEFT_OUT


def _note(answers: dict[str, dict[str, Any]], port: int, diagnosis: Diagnosis) -> None:
    diagnosis.notes["access"] = [
        ACCESS(at=hostport(address, port), ms=str(found["ms"])) for address, found in answers.items()
    ]
    diagnosis.hops.insert(0, Hop("user", "web", next(iter(answers.values()))["ms"]))


def hops(body: str, diagnosis: Diagnosis) -> None:
    """Take the times of the hops from the answer of /api/topology."""
    try:
        told = json.loads(body)["hops"]
        found = [
            Hop(str(hop["from"]), str(hop["to"]), float(hop["ms"])) for hop in told if hop["ms"] is not None
        ]
    except (ValueError, KeyError, TypeError):
        return
    known = {(hop.source, hop.target) for hop in diagnosis.hops}
    diagnosis.hops += [hop for hop in found if (hop.source, hop.target) not in known]
