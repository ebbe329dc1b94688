"""Autoscaling: metrics-server, and a load that comes and goes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic

import pytest
from playwright.sync_api import Browser, expect

from dev.kind import addons
from dev.kind.images.source import Source
from dev.load.client import Load
from mcapp import wait
from mcapp.errors import UserError
from tests.addons.conftest import chromium
from tests.e2e.conftest import Up

pytestmark = pytest.mark.addons
TOPOLOGY = "multi"
TIERS = ("web", "api")
# metrics-server measures every 15 s, and the autoscaler looks as often.
SCALED_SECONDS = 240
# Requests a second: of a crowd that comes and goes, and of the few that stay.
CROWD, FEW = 100.0, 5.0
LEAST, MOST = {"web": 1, "api": 2}, {"web": 3, "api": 4}
# nginx is frugal: the crowd takes less than the 20m that a pod of web requests.
TARGETS = {"web": 25, "api": 80}
# Else Kubernetes waits five minutes for a crowd to come back before it removes a pod.
BEHAVIOR = {"scaleDown": {"stabilizationWindowSeconds": 15}}

Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def measured(installed: Up, source: Source) -> Iterator[Up]:
    """The cluster with metrics-server, once this has figures of every tier."""
    addons.put_images(installed.cluster, source, "metrics-server")
    objects = addons.documents(addons.upstream("metrics-server") / "manifests" / "base")
    pod = addons.one(objects, "Deployment", "metrics-server")["spec"]["template"]["spec"]
    # kind's kubelets sign their own certificates. A CA of k3s signs those of its kubelets.
    pod["containers"][0]["args"].append("--kubelet-insecure-tls")
    with addons.applied(installed.cluster, objects):
        assert wait.until(lambda: len(figures(installed)) >= 3, SCALED_SECONDS, pause=1), figures(installed)
        yield installed


def figures(up: Up) -> dict[str, str]:
    """Return the CPU of each pod of the release, as metrics-server gives it."""
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{up.release.namespace}/pods"
    with suppress(UserError):
        items = json.loads(up.cluster.kubectl("get", "--raw", path))["items"]
        return {item["metadata"]["name"]: item["containers"][0]["usage"]["cpu"] for item in items}
    return {}


def switched(enabled: bool) -> list[str]:
    """Return the flags of helm that switch both autoscalers on, or off."""
    flags = []
    for tier in TIERS:
        values = {
            "enabled": enabled,
            "minReplicas": LEAST[tier],
            "maxReplicas": MOST[tier],
            "targetCPUUtilizationPercentage": TARGETS[tier],
            "behavior": BEHAVIOR,
        }
        flags += ["--set-json", f"{tier}.autoscaling={json.dumps(values)}"]
    return flags


@pytest.fixture
def scaled(measured: Up) -> Iterator[Up]:
    """The release with both autoscalers, each at its least number."""
    measured.release.upgrade(flags=switched(True))
    assert wait.until(lambda: counts(measured) == LEAST, SCALED_SECONDS, pause=1), counts(measured)
    yield measured
    measured.release.upgrade(flags=(*switched(False), "--force-conflicts", "--wait"))


def ready(up: Up, tier: str) -> set[str]:
    """Return the names of a tier's pods that are ready and not about to end."""
    return {
        pod["metadata"]["name"]
        for pod in up.release.pods(tier)
        if "deletionTimestamp" not in pod["metadata"]
        and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))
    }


def counts(up: Up) -> dict[str, int]:
    return {tier: len(ready(up, tier)) for tier in TIERS}


def met_in_a_new_tab(browser: Browser, url: str) -> str:
    """Return the pod of web that the page draws in a new tab."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    name = page.locator(".pod[data-tier=web][data-latest] .name")
    expect(name).to_contain_text("web-", timeout=15_000)
    text = name.text_content()
    context.close()
    return text or ""


# Two to four minutes: two of metrics-server's rounds each way, and the autoscaler's own.
def test_pods_come_with_a_crowd_and_go_after_it(scaled: Up, record_property: Record) -> None:
    url = scaled.pages()[-1]
    with chromium() as browser, Load(url, rate=FEW) as few:
        page = browser.new_page(locale="en-US")
        page.goto(url)
        began = monotonic()
        with Load(url, rate=CROWD) as crowd:

            def grown() -> bool:
                return all(count > LEAST[tier] for tier, count in counts(scaled).items())

            assert wait.until(grown, SCALED_SECONDS, pause=1), (counts(scaled), figures(scaled))
            record_property("seconds until both had more pods", f"{monotonic() - began:.0f}")
            # The open page asks for each picture anew, and any pod of api may answer.
            expect(page.locator(".pod[data-tier=api]").nth(LEAST["api"])).to_be_visible(timeout=60_000)
            # But it keeps its connection to web: a new tab is a new one.
            met: set[str] = set()

            def met_two() -> bool:
                met.add(met_in_a_new_tab(browser, url))
                return len(met) > 1

            assert wait.until(met_two, 60, pause=0.1), met
            assert met <= ready(scaled, "web")
            most = counts(scaled)
            record_property("pods under load", ", ".join(f"{tier} {most[tier]}" for tier in TIERS))
        began = monotonic()
        assert wait.until(lambda: counts(scaled) == LEAST, SCALED_SECONDS, pause=1), counts(scaled)
        scaled.release.wait_gone()
        record_property("seconds until they were as few as before", f"{monotonic() - began:.0f}")
        few.at_least(len(few.requests) + 20)
        expect(page.locator("#status")).to_have_text("web, api and db all answer.")
    requests = [*crowd.requests, *few.requests]
    record_property("requests, failed", f"{len(requests)}, {sum(bool(one.problem) for one in requests)}")
    assert len(crowd.requests) > CROWD
    assert [one for one in requests if one.problem] == []
