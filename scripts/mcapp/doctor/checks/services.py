"""Layer services: whether each Service leads to the pods of its tier."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

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
        if spec(service).get("type") == "ExternalName":
            # It needs neither selector nor ports, so what is wrong with them says nothing.
            yield _elsewhere(snapshot, service, tier)
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


def _elsewhere(snapshot: Snapshot, service: Object, tier: str) -> Finding:
    """Return the finding of a Service that is only another name; with the manifest, all is mended."""
    target = str(spec(service).get("externalName", "?"))
    line = Evidence(f"service/{name(service)}", f"type ExternalName, externalName {target}")
    right = _right(snapshot, tier)
    step = helm_upgrade(snapshot)
    # What web had is the user's choice.
    if tier != "web" and right and spec(service).get("ports"):
        patroni = _is_patroni_s(snapshot, service, tier)
        change = {"type": "ClusterIP", "externalName": None, "selector": None if patroni else right}
        step = _patched(snapshot, service, {"spec": change})
    parts: dict[str, Part] = {"service": name(service), "name": target, "tier": tier}
    return Finding("service-type", parts, (line,), (step,), tier)


def _right(snapshot: Snapshot, tier: str) -> dict[str, str]:
    """Return the selector that the chart gives a tier's Service, {} where no workload shows it."""
    found = (spec(snapshot.workload(tier) or {}).get("selector") or {}).get("matchLabels") or {}
    return dict(found)


def _is_patroni_s(snapshot: Snapshot, service: Object, tier: str) -> bool:
    """Whether Patroni writes this Service's Endpoints: it then has no selector, also during a move."""
    return tier == "db" and (snapshot.is_ha or ha.CLUSTER in (service["metadata"].get("labels") or {}))


def _selector(snapshot: Snapshot, service: Object, tier: str) -> Iterator[Finding]:
    if _is_patroni_s(snapshot, service, tier):
        return
    selector = dict(spec(service).get("selector") or {})
    pods = snapshot.pods(tier)
    if not pods or any(selects(selector, pod) for pod in pods):
        return
    right = _right(snapshot, tier)
    asked = [f"{key}={value}" for key, value in sorted(selector.items())]
    # null removes a key that the pods do not have.
    change = {**dict.fromkeys(selector, None), **right}
    step = _patched(snapshot, service, {"spec": {"selector": change}})
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
    port = next((item for item in ports if item.get("port") == PORT[tier] and _protocol(item) == "TCP"), None)
    source = f"service/{name(service)}"
    if port is None:
        yield _no_port(snapshot, service, tier, ports)
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
    step = _replaced(snapshot, service, f"{ports.index(port)}/targetPort", named["name"])
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


def _protocol(port: Object) -> str:
    return str(port.get("protocol", "TCP"))


def _no_port(snapshot: Snapshot, service: Object, tier: str, ports: list[Object]) -> Finding:
    """Return the finding of a Service without the port on which the other tiers connect by TCP."""
    listed = [f"{item.get('port')}/{_protocol(item)}" for item in ports]
    line = Evidence(f"service/{name(service)}", f"ports {', '.join(listed)}")
    parts: dict[str, Part] = {
        "service": name(service),
        "ports": listed,
        "wanted": f"{PORT[tier]}/TCP",
        "tier": tier,
    }
    numbers = [item.get("port") for item in ports]
    if PORT[tier] not in numbers:
        return Finding("service-port", parts, (line,), (helm_upgrade(snapshot),), tier)
    # For an upgrade the protocol belongs to the port's key, so it would add a second port of the same name.
    step = _replaced(snapshot, service, f"{numbers.index(PORT[tier])}/protocol", "TCP")
    return Finding("service-port", parts, (line,), (step,), tier, safe=True)


def _replaced(snapshot: Snapshot, service: Object, field: str, value: str) -> Step:
    """Return the step that sets a field of one of the Service's ports."""
    change = [{"op": "replace", "path": f"/spec/ports/{field}", "value": value}]
    return _patched(snapshot, service, change, "--type=json")


def _patched(snapshot: Snapshot, service: Object, change: Any, *flags: str) -> Step:
    where = ("service", name(service), "-n", snapshot.namespace)
    return Step(kubectl=("patch", *where, *flags, "--patch", json.dumps(change)))
