"""What the chart makes when it is asked for more than a plain cluster has, on a real one."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import yaml

from dev.kind.process import output
from dev.kind.programs import command
from mcapp.config import CHART, NAMESPACE, RELEASE
from mcapp.errors import UserError
from tests.e2e.conftest import Up
from tests.support.definitions import KINDS, manifest
from tests.support.render import OPTIONS, render

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
# The autoscaler looks every 15 s.
SCALED_SECONDS = 120


def upgrade(up: Up, *settings: str, flags: tuple[str, ...] = ()) -> None:
    values = [word for setting in settings for word in ("--set", setting)]
    up.release.helm("upgrade", RELEASE, CHART, "--reset-then-reuse-values", *values, *flags)


def replicas(up: Up) -> int:
    count: int = up.cluster.get("deployment", "api", "-n", NAMESPACE)["spec"]["replicas"]
    return count


def test_where_a_kind_is_unknown_nothing_is_changed(installed: Up) -> None:
    before = installed.release.helm("history", RELEASE), replicas(installed)
    with pytest.raises(UserError, match='no matches for kind "ServiceMonitor"'):
        upgrade(installed, "metrics.serviceMonitor.enabled=true", f"api.replicas={before[1] + 1}")
    assert (installed.release.helm("history", RELEASE), replicas(installed)) == before


@pytest.fixture
def defined(installed: Up) -> Iterator[Up]:
    """The cluster with the kinds that it does not know by itself."""
    files = [word for kind in sorted(KINDS) for word in ("-f", str(manifest(kind)))]
    installed.cluster.kubectl("apply", "--server-side", *files)
    installed.cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", *files)
    yield installed
    installed.cluster.kubectl("delete", *files)


def test_the_api_server_admits_every_object(defined: Up) -> None:
    """The definitions' rules in CEL included, which no schema check without a cluster sees."""
    objects = [d for d in render(OPTIONS) if "helm.sh/hook" not in d["metadata"].get("annotations", {})]
    apply = ("apply", "--server-side", "--dry-run=server", "-n", "default", "-f", "-")
    shown = output(
        [command("kubectl"), *apply], env=defined.cluster.env(), stdin=yaml.safe_dump_all(objects)
    ).splitlines()
    assert len(shown) == len(objects)
    assert all(line.endswith("serverside-applied (server dry run)") for line in shown)


def test_an_autoscaler_takes_over_the_pods_that_run_and_gives_them_back(installed: Up) -> None:
    before = replicas(installed)
    upgrade(installed, "api.replicas=3")
    try:
        # Its bounds let it keep them, and there are no metrics by which it would change them.
        upgrade(installed, "api.autoscaling.enabled=true", "api.autoscaling.minReplicas=1")
        assert replicas(installed) == 3
        upgrade(installed)
        assert replicas(installed) == 3

        # More than it allows: it writes a number itself, which is its own from then on.
        installed.cluster.kubectl("-n", NAMESPACE, "scale", "deployment/api", "--replicas=5")
        until = time.monotonic() + SCALED_SECONDS
        while replicas(installed) != 4 and time.monotonic() < until:
            time.sleep(0.5)
        upgrade(installed)
        assert replicas(installed) == 4
        deployments = [
            document["spec"]
            for document in yaml.safe_load_all(installed.release.helm("get", "manifest", RELEASE))
            if document["kind"] == "Deployment" and document["metadata"]["name"] == "api"
        ]
        assert ["replicas" in spec for spec in deployments] == [False]
    finally:
        off = ("api.autoscaling.enabled=false", f"api.replicas={before}")
        upgrade(installed, *off, flags=("--force-conflicts", "--wait"))
    assert replicas(installed) == before
