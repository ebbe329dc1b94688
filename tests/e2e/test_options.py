"""The chart's options that a plain cluster does not serve, on a real cluster."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from dev.kind.client import Client
from mcapp import wait
from mcapp.errors import UserError
from tests.e2e.conftest import Up
from tests.support.definitions import KINDS, manifest
from tests.support.render import OPTIONS, render

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
# The autoscaler looks every 15 s.
SCALED_SECONDS = 120


def replicas(up: Up) -> int:
    count: int = up.release.get("deployment", "api")["spec"]["replicas"]
    return count


def test_where_a_kind_is_unknown_nothing_is_changed(installed: Up) -> None:
    before = installed.release.helm("history"), replicas(installed)
    with pytest.raises(UserError, match='no matches for kind "ServiceMonitor"'):
        installed.release.upgrade("metrics.serviceMonitor.enabled=true", f"api.replicas={before[1] + 1}")
    assert (installed.release.helm("history"), replicas(installed)) == before


@pytest.fixture
def defined(installed: Up) -> Iterator[Up]:
    """The cluster with the kinds that Kubernetes itself does not know."""
    files = [word for kind in sorted(KINDS) for word in ("-f", str(manifest(kind)))]
    installed.cluster.kubectl("apply", "--server-side", *files)
    installed.cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", *files)
    yield installed
    installed.cluster.kubectl("delete", *files)


def test_the_api_server_admits_every_object(defined: Up) -> None:
    """Including the definitions' rules in CEL, which no schema check without a cluster sees."""
    objects = [d for d in render(OPTIONS) if "helm.sh/hook" not in d["metadata"].get("annotations", {})]
    default = Client(defined.cluster, "default")
    flags = ("--server-side", "--dry-run=server")
    shown = default.apply_manifest(yaml.safe_dump_all(objects), *flags).splitlines()
    assert len(shown) == len(objects)
    assert all(line.endswith("serverside-applied (server dry run)") for line in shown)


def test_an_autoscaler_takes_over_the_pods_that_run_and_gives_them_back(installed: Up) -> None:
    before = replicas(installed)
    installed.release.upgrade("api.replicas=3")
    try:
        # Its bounds allow the three pods, and without metrics it does not change their number.
        installed.release.upgrade("api.autoscaling.enabled=true", "api.autoscaling.minReplicas=1")
        assert replicas(installed) == 3
        installed.release.upgrade()
        assert replicas(installed) == 3

        # Five are more than it allows: it writes another number, and owns the field from then on.
        installed.release.kubectl("scale", "deployment/api", "--replicas=5")
        wait.until(lambda: replicas(installed) == 4, SCALED_SECONDS, pause=0.5)
        installed.release.upgrade()
        assert replicas(installed) == 4
        deployments = [
            document["spec"]
            for document in yaml.safe_load_all(installed.release.helm("get manifest"))
            if document["kind"] == "Deployment" and document["metadata"]["name"] == "api"
        ]
        assert ["replicas" in spec for spec in deployments] == [False]
    finally:
        off = ("api.autoscaling.enabled=false", f"api.replicas={before}")
        installed.release.upgrade(*off, flags=("--force-conflicts", "--wait"))
    assert replicas(installed) == before
