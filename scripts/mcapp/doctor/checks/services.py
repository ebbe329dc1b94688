"""Layer services: whether each Service leads to the pods of its tier."""

from __future__ import annotations

import json
from collections.abc import Iterator

from mcapp.doctor.checks import endpoints, ha
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, Step
from mcapp.doctor.read.snapshot import PORT, Object, Snapshot, name, selects, spec, template
from mcapp.doctor.remedies import helm_upgrade
from mcapp.doctor.words import NO_KINDS, SERVICES
from mcapp.messages import Part


def check(snapshot: Snapshot, diagnosis: Diagnosis) -> Iterator[Finding]:
    """Yield a Service that is gone, selects no pod, or sends to a port where no container listens."""
    unread = snapshot.unread & {"services", "endpointslices"}
    if unread:
        diagnosis.left_out.append(NO_KINDS(kinds=sorted(unread)))
        return
    notes = []
    for tier in snapshot.tiers:
        service = snapshot.service(tier)
        if service is None:
            yield _missing(snapshot, tier)
            continue
        yield from _selector(snapshot, service, tier)
        yield from _ports(snapshot, service, tier)
        yield from endpoints.check(snapshot, service, tier)
        count = len(snapshot.endpoints(service))
        if tier == "db":
            yield from ha.check(snapshot)
        notes.append(SERVICES(service=name(service), port=PORT[tier], count=count))
    diagnosis.notes["services"] = notes


def _missing(snapshot: Snapshot, tier: str) -> Finding:
    there = [f"service/{name(item)}" for item in snapshot.of("Service")]
    line = Evidence("services", f"found only {', '.join(there) or 'none'}")
    parts = {"service": snapshot.object_name(tier), "tier": tier}
    return Finding("service-missing", parts, (line,), (helm_upgrade(snapshot),), tier)


def _selector(snapshot: Snapshot, service: Object, tier: str) -> Iterator[Finding]:
    if tier == "db" and snapshot.is_ha:
        # Patroni writes the Endpoints of this Service, which has no selector.
        return
    selector = dict(spec(service).get("selector") or {})
    pods = snapshot.pods(tier)
    if not pods or any(selects(selector, pod) for pod in pods):
        return
    workload = snapshot.workload(tier)
    right = (spec(workload or {}).get("selector") or {}).get("matchLabels") or {}
    asked = [f"{key}={value}" for key, value in sorted(selector.items())]
    # null removes a key that the pods do not have.
    change = {**dict.fromkeys(selector, None), **right}
    patch = json.dumps({"spec": {"selector": change}})
    step = Step(kubectl=("patch", "service", name(service), "-n", snapshot.namespace, "--patch", patch))
    evidence = [Evidence(f"service/{name(service)}", f"selector {', '.join(asked)}")]
    for pod in pods[:1]:
        labels = pod["metadata"].get("labels") or {}
        evidence.append(
            Evidence(
                f"pod/{name(pod)}", "labels " + ", ".join(f"{k}={labels.get(k)}" for k in sorted(change))
            )
        )
    parts: dict[str, Part] = {"service": name(service), "labels": ", ".join(asked) or "nothing", "tier": tier}
    yield Finding("service-selector", parts, tuple(evidence), (step,), tier, safe=bool(right))


def _ports(snapshot: Snapshot, service: Object, tier: str) -> Iterator[Finding]:
    ports = spec(service).get("ports") or []
    port = next((item for item in ports if item.get("port") == PORT[tier]), None)
    source = f"service/{name(service)}"
    if port is None:
        listed = [str(item.get("port")) for item in ports]
        line = Evidence(source, f"ports {', '.join(listed)}")
        parts: dict[str, Part] = {
            "service": name(service),
            "ports": listed,
            "wanted": PORT[tier],
            "tier": tier,
        }
        yield Finding("service-port", parts, (line,), (helm_upgrade(snapshot),), tier)
        return
    workload = snapshot.workload(tier)
    if workload is None:
        return
    first: Object = next(iter(template(workload).get("containers") or ()), {})
    listening = [one for one in first.get("ports") or () if "name" in one]
    known = {item.get("name") for item in listening} | {item.get("containerPort") for item in listening}
    target = port.get("targetPort", port["port"])
    if target in known or not listening:
        return
    named = listening[0]
    change = json.dumps(
        [{"op": "replace", "path": f"/spec/ports/{ports.index(port)}/targetPort", "value": named["name"]}]
    )
    step = Step(
        kubectl=(
            "patch",
            "service",
            name(service),
            "-n",
            snapshot.namespace,
            "--type=json",
            "--patch",
            change,
        )
    )
    evidence = (
        Evidence(source, f"port {port['port']}, targetPort {target}"),
        Evidence(
            f"{workload['kind'].lower()}/{name(workload)}",
            "containerPorts "
            + ", ".join(f"{item.get('name')}={item.get('containerPort')}" for item in listening),
        ),
    )
    parts = {"service": name(service), "port": str(target), "tier": tier, "listen": named["name"]}
    yield Finding("target-port", parts, evidence, (step,), tier, safe=True)
