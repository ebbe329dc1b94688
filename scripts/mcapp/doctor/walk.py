"""Walks through the layers, up to the first broken one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from mcapp.cli import called
from mcapp.doctor.causes import LAYERS
from mcapp.doctor.checks import (
    access,
    changed,
    claim,
    database,
    dns,
    ha,
    logs,
    network,
    nodes,
    placing,
    pods,
    release,
    services,
    storage,
    tls,
)
from mcapp.doctor.finding import Diagnosis, Evidence, Finding, State, Step
from mcapp.doctor.read.reader import Answer, Reader
from mcapp.doctor.read.snapshot import Object, Snapshot, name
from mcapp.doctor.read.view import View
from mcapp.doctor.remedies import password_source, server
from mcapp.doctor.report import text
from mcapp.doctor.words import NO_EXEC, NO_FACTS, NO_POD, RELEASE, ROLLING
from mcapp.kube.pods import leaving
from mcapp.shell import Shell, chart
from mcapp.wait import until

# A release that is changing gets this long to settle before a fault that may pass by itself is reported.
SETTLE_SECONDS = 40.0
_AGAIN_SECONDS = 1.0
_LOOKS, _LOOKS_IN_CHANGE = 2, 3
# Reported only when the time to settle is over: each of them is usual for a moment of a rollout.
_PASSING = frozenset(
    {"api-db", "claim-pending", "db-starting", "pods-not-created", "pods-starting", "sandbox-failed"}
    | {"unschedulable", "web-api"}
)
# What a db that is not ready causes in other tiers.
_GENERIC = frozenset({"api-db", "db-starting", "web-api"})


def diagnose(reader: Reader, settle: float = SETTLE_SECONDS) -> Diagnosis:
    """Diagnose the release; a fault that may pass by itself is reported when the doctor sees it again."""
    began = time.monotonic()
    seen: list[Diagnosis] = []

    def looked() -> bool:
        seen.append(look(reader))
        return _confirmed(seen)

    until(looked, settle, _AGAIN_SECONDS)
    seen[-1].seconds = round(time.monotonic() - began, 2)
    return seen[-1]


def _confirmed(seen: list[Diagnosis]) -> bool:
    """Whether the last look needs no other one."""
    last = seen[-1]
    if not last.finding or not last.finding.soft:
        return True
    if last.changing and last.finding.cause in _PASSING:
        return False
    looks = _LOOKS_IN_CHANGE if last.changing else _LOOKS
    causes = [one.finding.cause if one.finding else "" for one in seen[-looks:]]
    return len(causes) == looks and len(set(causes)) == 1


def look(reader: Reader) -> Diagnosis:
    """Take one look at everything, and stop at the first broken layer."""
    snapshot = reader.snapshot()
    diagnosis = Diagnosis(snapshot.namespace, snapshot.release, changing=snapshot.changing)
    if snapshot.changing:
        diagnosis.warnings.append(ROLLING())
    diagnosis.finding = _absent(snapshot, reader)
    if diagnosis.finding is None:
        found = _standing(snapshot, reader, diagnosis)
        hard = [finding for finding in found if not finding.soft]
        diagnosis.finding = hard[0] if hard else _living(snapshot, reader, diagnosis, next(iter(found), None))
    if diagnosis.finding is not None:
        diagnosis.finding = changed.lead(snapshot, diagnosis.finding)
    release.judge(snapshot, diagnosis)
    claim.judge(snapshot, diagnosis)
    diagnosis.close()
    return diagnosis


def _absent(snapshot: Snapshot, reader: Reader) -> Finding | None:
    """Return the finding where no release is installed here."""
    if snapshot.own("Deployment") or snapshot.own("StatefulSet") or "deployments" in snapshot.unread:
        return None
    install = f"{called('genvalues')} --topology auto --file values.yaml && helm upgrade --install"
    command = (
        f"{install} {snapshot.release} {chart()} -n {snapshot.namespace} --create-namespace -f values.yaml"
    )
    others = [Evidence("releases of mcapp", entry) for entry in reader.elsewhere()]
    if not reader.namespace_exists():
        line = Evidence(f"namespace/{snapshot.namespace}", "not found")
        parts = {"namespace": snapshot.namespace}
        return Finding("namespace-missing", parts, (line, *others), (Step(line=command),))
    if (ending := reader.namespace_object()) and leaving(ending):
        return _ending(snapshot, ending)
    line = Evidence(
        f"namespace/{snapshot.namespace}",
        f"releases of mcapp here: {', '.join(snapshot.releases()) or 'none'}",
    )
    parts = {"namespace": snapshot.namespace, "release": snapshot.release}
    return Finding("release-missing", parts, (line, *others), (Step(line=command),))


def _ending(snapshot: Snapshot, namespace: Object) -> Finding:
    """Return the finding of a namespace that is being deleted, with what keeps it."""
    source = f"namespace/{snapshot.namespace}"
    since = str(namespace["metadata"]["deletionTimestamp"])
    told = [one for one in namespace["status"].get("conditions") or () if one.get("status") == "True"]
    lines = [Evidence(source, f"{one.get('type')}: {one.get('message')}") for one in told]
    look = Step(
        line=f"kubectl get namespace {snapshot.namespace} -o jsonpath='{{.status.conditions[*].message}}'"
    )
    parts = {"namespace": snapshot.namespace, "since": since}
    return Finding("namespace-terminating", parts, (Evidence(source, "phase Terminating"), *lines), (look,))


def _standing(snapshot: Snapshot, reader: Reader, diagnosis: Diagnosis) -> list[Finding]:
    """Return the faults that the objects alone show, hard or soft, in the order of the layers."""
    diagnosis.notes["release"] = [RELEASE(release=snapshot.release, namespace=snapshot.namespace)]
    # What was changed by hand is the first thing to undo.
    first = list(changed.check(snapshot, diagnosis))
    found = [*nodes.check(snapshot, diagnosis), *placing.check(snapshot), *pods.release(snapshot)]
    found += [*pods.check(snapshot, reader, diagnosis), *services.check(snapshot, diagnosis)]
    storage.check(snapshot, diagnosis)
    found = [_deeper(snapshot, reader, finding) for finding in found] or list(pods.none_there(snapshot))
    return first + sorted(found, key=lambda finding: LAYERS.index(finding.about.layer))


def _deeper(snapshot: Snapshot, reader: Reader, finding: Finding) -> Finding:
    """Read more of the cluster where the release alone does not show the cause."""
    if finding.cause == "claim-pending":
        return storage.provisioner_down(snapshot, finding, reader.provisioners())
    if finding.cause == "pods-not-created":
        return pods.limited(snapshot, finding, reader)
    if finding.cause == "dns-down":
        asking = network.source_pods(snapshot, "api")
        return dns.explain(snapshot, finding, asking, reader.dns(), reader.policies())
    return finding


def _living(
    snapshot: Snapshot, reader: Reader, diagnosis: Diagnosis, suspected: Finding | None
) -> Finding | None:
    """Return the fault that only probes, inside and outside, and the logs show."""
    databases = snapshot.ready_pods("db")[:1]
    apis, webs = network.source_pods(snapshot, "api"), network.source_pods(snapshot, "web")
    apis = [*_failing(snapshot, suspected, apis), *apis]
    with ThreadPoolExecutor(max_workers=8) as pool:
        questions = [(pod, network.questions(snapshot, pod)) for pod in apis]
        api = [(pod, pool.submit(reader.inside, name(pod), asked)) for pod, asked in questions]
        urls = network.addresses(snapshot)
        web = [(pod, pool.submit(reader.fetch, name(pod), urls)) for pod in webs]
        disks = [(pod, pool.submit(reader.disk, name(pod))) for pod in databases]
        recent, outside = pool.submit(reader.recent), pool.submit(access.ask, snapshot, reader)
        asked = pool.submit(_facts, snapshot, reader, apis)
    views = []
    for tier, futures in (("api", api), ("web", web)):
        answers = [(pod, future.result()) for pod, future in futures]
        views += [View(pod, answer.content) for pod, answer in answers if answer.content is not None]
        _left_out(tier, [answer for _, answer in answers], diagnosis)
    # What the page answers to this machine still shows the tiers behind it.
    views = views or [View(None, access.as_results(outside.result()))]
    fill = [(pod, future.result()) for pod, future in disks]
    facts = asked.result()
    snapshot.stale = bool((facts.content or {}).get("stale"))
    snapshot.answers = bool(facts.content) and not snapshot.external
    found = next(_deepest(snapshot, diagnosis, views, fill, (recent.result(), facts)), None)
    if found is not None:
        found = _deeper(snapshot, reader, found)
    if found is None or (suspected and found.cause in _GENERIC and _explains(suspected)):
        found = suspected or found
    if found is not None:
        return found
    logs.note(views[0].results, recent.result(), diagnosis)
    _warn(snapshot, reader, facts, diagnosis)
    return next(access.check(snapshot, reader, outside.result(), diagnosis), None)


def _facts(snapshot: Snapshot, reader: Reader, apis: list[Object]) -> Answer:
    """Ask the database what it says of itself: its own superuser, or the api's role of an external one."""
    if not snapshot.external:
        return reader.facts(server(snapshot), password_source(snapshot))
    return reader.facts_outside(name(apis[0])) if apis else Answer(None)


def _warn(snapshot: Snapshot, reader: Reader, facts: Answer, diagnosis: Diagnosis) -> None:
    """Add what disturbs only some users."""
    if facts.why:
        diagnosis.left_out.append(NO_FACTS(why=facts.why))
    known = facts.content or {}
    diagnosis.warnings += database.warn(
        snapshot, known, lambda step: Shell(text.command(step, reader.kubectl))
    )


def _failing(snapshot: Snapshot, suspected: Finding | None, asked: list[Object]) -> list[Object]:
    """Return the pod of the api whose probe fails: it knows why, and the ready ones may not."""
    if suspected is None or (suspected.cause, suspected.tier) != ("probe-failing", "api"):
        return []
    there = [pod for pod in snapshot.pods("api") if f"pod/{name(pod)}" == suspected.parts.get("pod")]
    return [pod for pod in there if pod not in asked]


def _explains(suspected: Finding) -> bool:
    """Whether what the objects show is the reason for what the other tiers see."""
    return suspected.tier == "db" or suspected.cause == "foreign-endpoint"


def _left_out(tier: str, answers: list[Answer], diagnosis: Diagnosis) -> None:
    """Note that no pod of a tier could be asked; without a pod of the api no name was looked up."""
    if any(answer.content is not None for answer in answers):
        return
    note = NO_EXEC(why=answers[0].why) if answers else NO_POD(tier=tier)
    if note not in diagnosis.left_out:
        diagnosis.left_out.append(note)
    diagnosis.states["network"] = State.LEFT_OUT


def _deepest(
    snapshot: Snapshot,
    diagnosis: Diagnosis,
    views: list[View],
    fill: list[tuple[Object, Answer]],
    said: tuple[Answer, Answer],
) -> Iterator[Finding]:
    """Yield the probes' findings, layer by layer."""
    for view in views:
        yield from network.check(snapshot, view, diagnosis)
    for pod, answer in fill:
        yield from storage.disk(pod, answer, diagnosis)
    for view in views:
        yield from logs.check(snapshot, view, *said)
    for view in views:
        yield from network.chain(snapshot, view)
    for view in views:
        topology = logs.as_json(view.body("topology"))
        yield from ha.lagging(snapshot, topology)
        yield from tls.ending(snapshot, topology)
    for view in views:
        access.hops(view.body("topology"), diagnosis)
