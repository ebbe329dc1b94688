"""Watched for an hour of ordinary work; then the backups rest, as kube-state-metrics tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice

import pytest

from dev.kind import addons
from dev.kind.addons import Document
from dev.kind.images.source import Source
from dev.load.client import Load
from dev.load.rollout import CHANGES
from mcapp import wait
from tests.addons.prometheus import INTERVAL, Watched, watched
from tests.e2e.conftest import Up

pytestmark = pytest.mark.addons
TOPOLOGY = "multi"
STATE = "kube-state-metrics"
# A backup every two minutes; one of more than five minutes is too old, and the alert waits for ten.
BACKUPS = (
    "backup.enabled=true",
    "backup.schedule=*/2 * * * *",
    "metrics.prometheusRule.backupMaxAge=5m",
)
ALERT, RESTED, RESUMED = "McappBackupTooOld", '{"spec":{"suspend":true}}', '{"spec":{"suspend":false}}'
QUIET_SECONDS, FIRED_SECONDS, CLEARED_SECONDS = 480, 1500, 480
RATE, CHANGED_TIMES = 20.0, 6
REQUESTS = 3600 * round(RATE) // CHANGED_TIMES
Record = Callable[[str, object], None]


def state_metrics() -> list[Document]:
    """Return upstream's objects, and a monitor; what it tells about a pod keeps that pod's labels."""
    objects = addons.documents(addons.upstream(STATE) / "examples" / "standard")
    service = addons.one(objects, "Service", STATE)
    endpoint = {"port": service["spec"]["ports"][0]["name"], "honorLabels": True, "interval": INTERVAL}
    monitor = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "ServiceMonitor",
        "metadata": {"name": STATE, "namespace": service["metadata"]["namespace"]},
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": STATE}},
            "endpoints": [endpoint],
        },
    }
    return [*objects, monitor]


@pytest.fixture(scope="module")
def seen(installed: Up, source: Source) -> Iterator[Watched]:
    """The watched release with its backups, and kube-state-metrics beside it."""
    addons.put_images(installed.cluster, source, STATE)
    with (
        watched(installed, source, *BACKUPS) as made,
        addons.applied(installed.cluster, state_metrics()),
    ):
        yield made


def backed_up(seen: Watched) -> bool:
    """Tell whether Prometheus knows of a backup by the schedule, and of the release's containers."""
    names = ("kube_cronjob_status_last_successful_time", "kube_pod_container_status_restarts_total")
    return all(seen.ask(f'{name}{{namespace="mcapp"}}') for name in names)


# An hour: that it is quiet for so long is what it shows.
def test_none_fires_in_an_hour_of_ordinary_work(seen: Watched, record_property: Record) -> None:
    assert wait.until(lambda: backed_up(seen) and seen.quiet(), QUIET_SECONDS, pause=2), seen.ask("ALERTS")
    began = time.monotonic()
    release = seen.up.release
    with Load(seen.up.pages()[0], rate=RATE) as load:
        for number, change in enumerate(islice(cycle(CHANGES), CHANGED_TIMES), start=1):
            CHANGES[change](release)
            release.wait()
            release.wait_gone()
            # The steady rate is the clock.
            load.at_least(number * REQUESTS)
    record_property("requests, failed", f"{len(load.requests)}, {len(load.problems)}")
    record_property("minutes without an alert", round((time.monotonic() - began) / 60))
    assert seen.fired(began) == set()
    assert load.problems == []


# Sixteen minutes: the alert's own patience.
def test_a_schedule_that_rests_is_noticed(seen: Watched, record_property: Record) -> None:
    assert wait.until(lambda: backed_up(seen) and ALERT not in seen.firing(), QUIET_SECONDS, pause=2)
    release = seen.up.release
    release.kubectl("patch", "cronjob", "db-backup", "--patch", RESTED)
    began = time.monotonic()
    try:
        assert wait.until(lambda: ALERT in seen.firing(), FIRED_SECONDS, pause=5), seen.ask("ALERTS")
        record_property("fires after (s)", round(time.monotonic() - began))
    finally:
        release.kubectl("patch", "cronjob", "db-backup", "--patch", RESUMED)
    ended = time.monotonic()
    assert wait.until(lambda: ALERT not in seen.firing(), CLEARED_SECONDS, pause=2), seen.firing()
    record_property("clears after (s)", round(time.monotonic() - ended))
