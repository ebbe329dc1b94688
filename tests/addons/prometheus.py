"""Prometheus and its operator on the cluster, by upstream's manifests, and the release that they watch."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import yaml

from dev.kind import addons
from dev.kind.addons import Document
from dev.kind.images.source import Source
from dev.kind.versions import versions
from mcapp import wait
from mcapp.errors import UserError
from tests.e2e.conftest import Up

# As fast as the chart allows it, so that a test need not wait long: half of each alert's time is scrapes.
INTERVAL = "5s"
# Until the operator has made Prometheus, and the kubelet has given it what to scrape.
READY_SECONDS = 240
VALUES = {
    "metrics": {
        "exporters": {"enabled": True},
        "serviceMonitor": {"enabled": True, "interval": INTERVAL, "scrapeTimeout": INTERVAL},
        "prometheusRule": {"enabled": True},
        "dashboard": {"enabled": True},
    }
}
EVERYTHING: dict[str, Any] = {}


@dataclass(frozen=True)
class Watched:
    """The release, and the Prometheus that scrapes it."""

    up: Up

    def ask(self, expression: str) -> list[dict[str, Any]]:
        """Return the samples of an instant query, [] while Prometheus does not answer."""
        service = "/api/v1/namespaces/default/services/prometheus-operated:9090/proxy"
        query = urlencode({"query": expression})
        with suppress(UserError):
            answer = json.loads(self.up.cluster.kubectl("get", "--raw", f"{service}/api/v1/query?{query}"))
            found: list[dict[str, Any]] = answer["data"]["result"]
            return found
        return []

    def values(self, expression: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Return the value of each sample by some of its labels."""
        return {
            tuple(one["metric"].get(label, "") for label in labels): float(one["value"][1])
            for one in self.ask(expression)
        }

    def firing(self) -> set[str]:
        """Return the alerts that fire now; one about a tier is `McappTierDown/web`."""
        found = self.ask('ALERTS{alertstate="firing"}')
        return {
            "/".join(one["metric"].get(key, "") for key in ("alertname", "tier")).strip("/") for one in found
        }

    def fired(self, since: float) -> set[str]:
        """Return the alerts that fired at any time since then, a reading of time.monotonic()."""
        span = f"{round(time.monotonic() - since)}s"
        found = self.ask(f'count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{span}]))')
        return {one["metric"]["alertname"] for one in found}

    def quiet(self) -> bool:
        """Tell whether Prometheus answers, and no alert fires or is about to."""
        return bool(self.ask("vector(1)")) and not self.ask("ALERTS")

    def complete(self) -> bool:
        """Tell whether every pod of every tier is scraped, and the rules are evaluated."""
        up = self.values('count by (job) (up{namespace="mcapp"} == 1)', "job")
        pods = {(tier,): float(len(self.up.release.pods(tier))) for tier in ("web", "api", "db")}
        return (
            up == pods and bool(self.ask("mcapp_web_listening")) and bool(self.ask("mcapp_postgres_up == 1"))
        )


def _prometheus() -> list[Document]:
    """Return upstream's example with one server, which takes every monitor and every rule."""
    folder = addons.upstream("prometheus-operator") / "example" / "rbac" / "prometheus"
    objects = [one for path in sorted(folder.glob("*.yaml")) for one in addons.documents(path)]
    for one in objects:
        if one["kind"] in ("ServiceAccount", "Prometheus"):
            one["metadata"]["namespace"] = "default"
    server = addons.one(objects, "Prometheus", "prometheus")
    reference = versions()["addons"]["prometheus"]["reference"]
    kinds = ("serviceMonitor", "podMonitor", "rule")
    server["spec"] = {
        "replicas": 1,
        "serviceAccountName": "prometheus",
        "image": reference,
        "version": reference.rpartition(":")[2],
        "evaluationInterval": INTERVAL,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "fsGroup": 65534},
        **{f"{kind}{which}": EVERYTHING for kind in kinds for which in ("Selector", "NamespaceSelector")},
    }
    return objects


@contextmanager
def watched(installed: Up, source: Source, *settings: str) -> Iterator[Watched]:
    """Have Prometheus on the cluster for a block, and the release with all watched, and these values."""
    names = ("prometheus", "prometheus-config-reloader", "prometheus-operator")
    addons.put_images(installed.cluster, source, *names)
    release = installed.release
    history = release.helm("history", "--max", "1", "--output", "yaml")
    revision = str(yaml.safe_load(history)[0]["revision"])
    objects = addons.documents(addons.upstream("prometheus-operator") / "bundle.yaml")
    made = Watched(installed)
    with ExitStack() as stack:
        stack.enter_context(addons.applied(installed.cluster, [*objects, *_prometheus()]))
        # The monitors go before their kinds do.
        stack.callback(release.wait)
        stack.callback(release.helm, "rollback", revision, "--wait")
        metrics = ("--set-json", f"metrics={json.dumps(VALUES['metrics'])}")
        release.upgrade(*settings, flags=(*metrics, "--wait"))
        assert wait.until(made.complete, READY_SECONDS, pause=2), made.ask("up")
        yield made
