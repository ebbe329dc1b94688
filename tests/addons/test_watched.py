"""Watched by Prometheus: what is scraped, the dashboard panel by panel, and alerts by their real faults."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from dev.kind.images.source import Source
from dev.kind.release import Release
from dev.load.client import Load
from dev.load.disks import filled, own_disk
from dev.load.rollout import roll
from mcapp import wait
from mcapp.config import CHART
from tests.addons.prometheus import Watched, watched
from tests.e2e.conftest import Up

pytestmark = pytest.mark.addons
TOPOLOGY = "multi"
# Requests a second, so that every panel and every share has something to tell.
FEW = 5.0
REQUESTS = 1500
PORTS = {"web": 9113, "db": 9187}
# The longest waits for five minutes, and then there are its scrapes.
FIRED_SECONDS, CLEARED_SECONDS = 480, 480
BOARD = json.loads((CHART / "files" / "grafana" / "dashboard.json").read_text())
PANELS = [(panel["title"], target["expr"]) for panel in BOARD["panels"] for target in panel["targets"]]
VARIABLES = {"$namespace": "mcapp", "$job": "api", "$web": "web", "$db": "db", "$__rate_interval": "1m"}

# Runs in a pod: which of these addresses and ports take a connection?
REACH = """import json, socket, sys
def reaches(place):
    try:
        socket.create_connection(place, timeout=3).close()
    except OSError:
        return False
    return True
print(json.dumps([reaches((host, port)) for host, port in json.loads(sys.argv[1])]))
"""
Record = Callable[[str, object], None]
Context = AbstractContextManager[None]


@pytest.fixture(scope="module")
def seen(installed: Up, source: Source) -> Iterator[Watched]:
    """The watched release, with a few people at its page."""
    with watched(installed, source) as made, Load(installed.pages()[0], rate=FEW):
        yield made


def test_the_monitors_are_found_and_scraped_through_the_policies(
    seen: Watched, record_property: Record
) -> None:
    assert seen.complete()
    record_property("targets", sum(seen.values('count(up{namespace="mcapp"})').values()))
    # Somebody else reaches the page, and neither of the two ports.
    release = seen.up.release
    places = [(tier, port) for tier, port in [("web", 8080), *PORTS.items()]]
    addresses = {tier: release.pods(tier)[0]["status"]["podIP"] for tier in PORTS}
    tried = json.dumps([(addresses[tier], port) for tier, port in places])
    image = release.get("deployment", "api")["spec"]["template"]["spec"]["containers"][0]["image"]
    words = ("--image", image, "--restart=Never", "--command", "--", "python", "-c", REACH, tried)
    release.kubectl("run", "stranger", *words)
    try:
        release.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/stranger", "--timeout=60s")
        assert json.loads(release.kubectl("logs", "stranger")) == [True, False, False]
    finally:
        release.kubectl("delete", "pod", "stranger", "--wait=false")


@pytest.mark.parametrize(("title", "expression"), PANELS, ids=[f"{t}-{n}" for n, (t, _) in enumerate(PANELS)])
def test_every_panel_has_data(seen: Watched, title: str, expression: str) -> None:
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    if "mcapp_postgres_replica_lag_bytes" in expression:
        # One server has no replica; tests/api/test_exporter.py makes one.
        assert seen.ask(expression) == []
        return
    # A rate needs two scrapes.
    assert wait.until(lambda: seen.ask(expression), 60, pause=2), title
    assert all(one["value"][1] != "NaN" for one in seen.ask(expression))


# Four minutes: until nothing is pending that the change of the pods has begun.
def test_none_fires_on_a_healthy_release_and_in_a_rolling_update(
    seen: Watched, record_property: Record
) -> None:
    assert wait.until(seen.quiet, FIRED_SECONDS, pause=2), seen.ask("ALERTS")
    began = time.monotonic()
    changes = ("kubectl rollout restart deployment/web", "kubectl rollout restart deployment/api")
    roll(seen.up.release, seen.up.pages()[0], requests=REQUESTS, changes=changes, rate=20)
    seen.up.release.restart("db")
    seen.up.release.wait()
    assert wait.until(lambda: seen.complete() and seen.quiet(), FIRED_SECONDS, pause=2), seen.ask("ALERTS")
    record_property("seconds without an alert", round(time.monotonic() - began))
    assert seen.fired(began) == set()


@dataclass(frozen=True)
class Fault:
    """A real fault: the alert that it fires, and the way in and out of it."""

    alert: str
    begin: Callable[[Watched], Context]
    # The time over which restarts are counted is longer than a test should be.
    clears: bool = True


@contextmanager
def scaled_to_zero(seen: Watched, workload: str) -> Iterator[None]:
    release = seen.up.release
    count = release.get(workload.partition("/")[0], workload.partition("/")[2])["spec"]["replicas"]
    release.kubectl("scale", workload, "--replicas=0")
    try:
        yield
    finally:
        release.kubectl("scale", workload, f"--replicas={count}")
        release.wait()


@contextmanager
def changed(seen: Watched, there: str, back: str) -> Iterator[None]:
    seen.up.release.sql(there)
    try:
        yield
    finally:
        seen.up.release.sql(back)


@contextmanager
def service_without_pods(seen: Watched) -> Iterator[None]:
    release = seen.up.release

    def select(component: str) -> None:
        patch = {"spec": {"selector": {"app.kubernetes.io/component": component}}}
        release.kubectl("patch", "service", "api", "--patch", json.dumps(patch))

    select("nobody")
    try:
        yield
    finally:
        select("api")


HOLD = """import os, sys, time, psycopg
count, address, held = int(sys.argv[1]), os.environ["DATABASE_URL"], []
try:
    while len(held) < count:
        held.append(psycopg.connect(address, application_name="hold"))
except psycopg.OperationalError:
    # The api has taken some meanwhile.
    for connection in held[-2:]:
        connection.close()
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def connections_held(seen: Watched) -> Iterator[None]:
    """Hold all connections but two, from a pod of api."""
    left = seen.values("min(mcapp_postgres_connections_left)")[()]
    release = seen.up.release
    pod = max(one["metadata"]["name"] for one in release.pods("api"))
    command = ("python", "-c", HOLD, str(int(left) - 2))
    holder = release.start("exec", "--stdin", pod, "--container", "api", "--", *command)
    try:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        yield
    finally:
        holder.terminate()
        holder.wait()
        release.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hold'")


@contextmanager
def api_restarted(seen: Watched) -> Iterator[None]:
    """End the process of one pod of api three times."""
    release = seen.up.release
    pod = min(one["metadata"]["name"] for one in release.pods("api"))
    before = state(release, pod)["restartCount"]
    for count in range(1, 4):
        release.exec(pod, "python", "-c", "import os; os.kill(1, 15)", container="api")

        def again(count: int = count) -> bool:
            now = state(release, pod)
            seen_so = seen.values(f'changes(process_start_time_seconds{{pod="{pod}"}}[15m])').get((), 0)
            return bool(now["restartCount"] == before + count and now["ready"] and seen_so >= count)

        assert wait.until(again, 120, pause=1), pod
    yield


def state(release: Release, pod: str) -> dict[str, Any]:
    """Return the state of the one container of a pod of api."""
    (found,) = release.get("pod", pod)["status"]["containerStatuses"]
    return dict(found)


# One of three answers takes 2 s.
SLOW = """CREATE FUNCTION app.slow() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_sleep(2); RETURN NEW; END';
CREATE TRIGGER slow BEFORE INSERT ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.slow()"""
QUICK = "DROP TRIGGER slow ON app.tasks; DROP FUNCTION app.slow()"


@contextmanager
def archive_failing(seen: Watched) -> Iterator[None]:
    """Archive to a place that is not there."""
    release = seen.up.release
    release.sql("ALTER SYSTEM SET archive_mode = on; ALTER SYSTEM SET archive_command = 'false';")
    release.kubectl("delete", "pod", "db-0")
    release.wait()
    with changed(
        seen,
        "SELECT pg_switch_wal()",
        "ALTER SYSTEM SET archive_command = 'true'; SELECT pg_reload_conf();",
    ):
        yield


@contextmanager
def archive_off_again(seen: Watched) -> Iterator[None]:
    yield
    seen.up.release.sql("ALTER SYSTEM RESET archive_mode; ALTER SYSTEM RESET archive_command;")
    seen.up.release.kubectl("delete", "pod", "db-0")
    seen.up.release.wait()


@contextmanager
def disk_filled(seen: Watched) -> Iterator[None]:
    with filled(seen.up.release):
        yield


# Those of one group go on at once: together they wait as long as the longest.
GROUPS: dict[str, Sequence[Fault]] = {
    "web and db away": (
        Fault("McappTierDown/web", lambda seen: scaled_to_zero(seen, "deployment/web")),
        Fault("McappTierDown/db", lambda seen: scaled_to_zero(seen, "statefulset/db")),
    ),
    "api away": (Fault("McappTierDown/api", lambda seen: scaled_to_zero(seen, "deployment/api")),),
    "api out of web's reach": (Fault("McappTierDown/api", service_without_pods),),
    "errors": (
        Fault(
            "McappErrors",
            lambda s: changed(s, "REVOKE ALL ON app.tasks FROM app", "GRANT ALL ON app.tasks TO app"),
        ),
    ),
    "slow, starting again, few connections, no archive": (
        Fault("McappWalArchiveFailing", archive_failing),
        Fault("McappRestarts", api_restarted, clears=False),
        Fault("McappConnectionsRunningOut", connections_held),
        Fault("McappSlow", lambda seen: changed(seen, SLOW, QUICK)),
    ),
    "disk full": (Fault("McappDiskFilling", disk_filled),),
}
# What a group needs before and after it.
AROUND: dict[str, Callable[[Watched], Context]] = {
    "slow, starting again, few connections, no archive": archive_off_again,
    "disk full": lambda seen: own_disk(seen.up.release),
}


# Two to ten minutes each: an alert waits until it is no restart and no failover.
@pytest.mark.parametrize("name", GROUPS)
def test_alerts_fire_by_their_faults_and_clear(seen: Watched, name: str, record_property: Record) -> None:
    group = GROUPS[name]
    wanted = {fault.alert for fault in group}
    with ExitStack() as around:
        if name in AROUND:
            around.enter_context(AROUND[name](seen))
        assert not wanted & seen.firing()
        with ExitStack() as faults:
            for fault in group:
                faults.enter_context(fault.begin(seen))
            began = time.monotonic()
            assert wait.until(lambda: wanted <= seen.firing(), FIRED_SECONDS, pause=2), seen.firing()
            record_property("fires after (s)", round(time.monotonic() - began))
        ended = time.monotonic()
        clears = {fault.alert for fault in group if fault.clears}
        assert wait.until(lambda: not clears & seen.firing(), CLEARED_SECONDS, pause=2), seen.firing()
        record_property("clears after (s)", round(time.monotonic() - ended))
