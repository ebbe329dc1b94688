"""The walk through the layers, up to the first that is broken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from mcapp.doctor.causes import LAYERS
from mcapp.doctor.checks import access, ha, logs, network, nodes, placing, pods, services, storage
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, State, Step
from mcapp.doctor.read.reader import Answer, Reader
from mcapp.doctor.read.snapshot import Object, Snapshot, name
from mcapp.doctor.read.view import View
from mcapp.doctor.words import NO_EXEC, NO_POD, RELEASE, ROLLING

# A release that changes gets this long to settle before a fault that may pass is told.
SETTLE_SECONDS = 40.0
_AGAIN_SECONDS = 2.0
_LOOKS, _LOOKS_IN_CHANGE = 2, 3
# Told only when the time to settle is over: each of them is a usual moment of a rollout.
_PASSING = frozenset(
    {"api-db", "claim-pending", "db-starting", "pods-not-created", "pods-starting", "sandbox-failed"}
    | {"unschedulable", "web-api"}
)
# What follows from a db that is not ready.
_GENERIC = frozenset({"api-db", "db-starting", "web-api"})


def diagnose(reader: Reader, settle: float = SETTLE_SECONDS) -> Diagnosis:
    """Diagnose the release; a fault that may pass by itself must be seen again before it is told."""
    began = time.monotonic()
    causes: list[str] = []
    while True:
        found = look(reader)
        causes.append(found.finding.cause if found.finding else "")
        if not found.finding or not found.finding.soft or time.monotonic() - began >= settle:
            break
        if _confirmed(causes, found):
            break
        time.sleep(_AGAIN_SECONDS)
    found.seconds = round(time.monotonic() - began, 2)
    return found


def _confirmed(causes: list[str], found: Diagnosis) -> bool:
    if found.changing and causes[-1] in _PASSING:
        return False
    looks = _LOOKS_IN_CHANGE if found.changing else _LOOKS
    return len(causes) >= looks and len(set(causes[-looks:])) == 1


def look(reader: Reader) -> Diagnosis:
    """Take one look at everything, and stop at the first broken layer."""
    snapshot = reader.snapshot()
    seen = Diagnosis(snapshot.namespace, snapshot.release, changing=snapshot.changing)
    if snapshot.changing:
        seen.warnings.append(ROLLING())
    seen.finding = _absent(snapshot, reader)
    if seen.finding is None:
        found = _standing(snapshot, reader, seen)
        hard = [finding for finding in found if not finding.soft]
        seen.finding = hard[0] if hard else _living(snapshot, reader, seen, next(iter(found), None))
    seen.close()
    return seen


def _absent(snapshot: Snapshot, reader: Reader) -> Finding | None:
    """Return the finding that there is no release here at all."""
    if snapshot.own("Deployment") or snapshot.own("StatefulSet") or "deployments" in snapshot.unread:
        return None
    install = "python scripts/genvalues.py --topology auto --output values.yaml && helm install"
    command = (
        f"{install} {snapshot.release} chart/mcapp -n {snapshot.namespace} --create-namespace -f values.yaml"
    )
    others = [Evidence("releases of mcapp", entry) for entry in reader.elsewhere()]
    if not reader.namespace_exists():
        line = Evidence(f"namespace/{snapshot.namespace}", "not found")
        parts = {"namespace": snapshot.namespace}
        return Finding("namespace-missing", parts, (line, *others), (Step(line=command),))
    line = Evidence(
        f"namespace/{snapshot.namespace}",
        f"releases of mcapp here: {', '.join(snapshot.releases()) or 'none'}",
    )
    parts = {"namespace": snapshot.namespace, "release": snapshot.release}
    return Finding("release-missing", parts, (line, *others), (Step(line=command),))


def _standing(snapshot: Snapshot, reader: Reader, seen: Diagnosis) -> list[Finding]:
    """Return what the objects alone show, hard or soft, in the order of the layers."""
    seen.seen["release"] = [RELEASE(release=snapshot.release, namespace=snapshot.namespace)]
    found = [*nodes.check(snapshot, seen), *placing.check(snapshot), *pods.release(snapshot)]
    found += [*pods.check(snapshot, reader, seen), *services.check(snapshot, seen)]
    storage.check(snapshot, seen)
    found = [_deeper(snapshot, reader, finding) for finding in found] or list(pods.none_there(snapshot))
    return sorted(found, key=lambda finding: LAYERS.index(finding.about.layer))


def _deeper(snapshot: Snapshot, reader: Reader, finding: Finding) -> Finding:
    """Ask the rest of the cluster where the release alone does not tell."""
    if finding.cause == "claim-pending":
        return storage.provisioner_down(snapshot, finding, reader.provisioners())
    if finding.cause == "dns-down":
        return network.dns(finding, reader.dns())
    return finding


def _living(snapshot: Snapshot, reader: Reader, seen: Diagnosis, suspected: Finding | None) -> Finding | None:
    """Return what shows only while it runs: by probes inside and outside, and by the logs."""
    databases = snapshot.ready_pods("db")[:1]
    apis, webs = network.source_pods(snapshot, "api"), network.source_pods(snapshot, "web")
    with ThreadPoolExecutor(max_workers=8) as pool:
        asked = network.questions(snapshot)
        api = [(pod, pool.submit(reader.inside, name(pod), asked)) for pod in apis]
        urls = network.addresses(snapshot)
        web = [(pod, pool.submit(reader.fetch, name(pod), urls)) for pod in webs]
        disks = [(pod, pool.submit(reader.disk, name(pod))) for pod in databases]
        recent, outside = pool.submit(reader.recent), pool.submit(access.ask, snapshot, reader)
    views = []
    for tier, futures in (("api", api), ("web", web)):
        answers = [(pod, future.result()) for pod, future in futures]
        views += [View(pod, answer.content) for pod, answer in answers if answer.content is not None]
        _left_out(tier, [answer for _, answer in answers], seen)
    # What the page gets, asked from this machine, still tells of the tiers behind it.
    views = views or [View(None, access.as_results(outside.result()))]
    fill = [(pod, future.result()) for pod, future in disks]
    found = next(_deepest(snapshot, seen, views, fill, recent.result()), None)
    if found is not None:
        found = _deeper(snapshot, reader, found)
    if found is None or (suspected and found.cause in _GENERIC and suspected.tier == "db"):
        found = suspected or found
    if found is not None:
        return found
    logs.note(views[0].results, recent.result(), seen)
    return next(access.check(snapshot, reader, outside.result(), seen), None)


def _left_out(tier: str, answers: list[Answer], seen: Diagnosis) -> None:
    """Note that a tier's pods could not be asked; without the api's nobody looked up a name."""
    if any(answer.content is not None for answer in answers):
        return
    note = NO_EXEC(why=answers[0].why) if answers else NO_POD(tier=tier)
    if note not in seen.left_out:
        seen.left_out.append(note)
    seen.states["network"] = State.LEFT_OUT


def _deepest(
    snapshot: Snapshot,
    seen: Diagnosis,
    views: list[View],
    fill: list[tuple[Object, Answer]],
    recent: Answer,
) -> Iterator[Finding]:
    """Yield the probes' findings, layer by layer."""
    for view in views:
        yield from network.check(snapshot, view, seen)
    for pod, answer in fill:
        yield from storage.disk(pod, answer, seen)
    for view in views:
        yield from logs.check(snapshot, view, recent)
    for view in views:
        yield from network.chain(snapshot, view)
    for view in views:
        yield from ha.lagging(snapshot, logs.as_json(view.body("topology")))
    for view in views:
        access.hops(view.body("topology"), seen)
