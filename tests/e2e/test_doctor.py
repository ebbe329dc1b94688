"""The doctor on a real cluster: healthy, in a rollout, with few rights, and with each fault of the table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from mcapp import wait
from tests.e2e.conftest import Up
from tests.e2e.examination import doctor, record, run_remedy, wait_for_cause
from tests.e2e.faults import FAULTS, Fault
from tests.e2e.faults.network import wrong_selector, wrong_target_port
from tests.e2e.faults.side import IN_SIDE, side_release
from tests.e2e.faults.site import Site

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
ROLLED_SECONDS = 180
# Faults that Kubernetes itself takes most of a minute to notice.
LONG = {
    *("node-not-ready", "probe-failing", "no-default-storageclass"),
    # The kubelet takes a minute or two to bring a certificate, and the remedy another one.
    *("db-tls", "db-tls: another CA", "tls-expiring"),
}


@pytest.fixture(scope="module")
def site(installed: Up) -> Site:
    """The suite's release."""
    return Site(installed.cluster)


@pytest.fixture
def whole(site: Site) -> Iterator[None]:
    """Check at the end that the doctor finds the release healthy again."""
    yield
    site.wait_rolled_out()
    code, report = wait_for_cause(site, None)
    assert code == 0, report


def test_a_healthy_release_is_found_healthy_and_timed(site: Site) -> None:
    code, report = doctor(site, "-n", site.namespace)
    assert (code, report["healthy"], report["cause"]) == (0, True, None), report
    assert [layer["state"] for layer in report["layers"]] == ["ok"] * 8
    hops = {(hop["from"], hop["to"]): hop["ms"] for hop in report["hops"]}
    assert {("user", "web"), ("web", "api"), ("api", "db"), ("api", "dns")} <= hops.keys()
    assert all(ms >= 0 for ms in hops.values())
    assert not report["left_out"]
    record(site, "healthy")


def test_a_release_in_one_place_and_with_a_prefix_is_healthy_too(site: Site) -> None:
    with side_release(site, "namePrefix=blue"):
        code, report = wait_for_cause(site, None, *IN_SIDE)
        record(site, "healthy-single", IN_SIDE)
    assert code == 0, report
    assert len(report["left_out"]) == 1, "web has no NodePort there"


def test_no_alarm_during_a_rolling_update(site: Site) -> None:
    before = {pod["metadata"]["uid"] for pod in site.pods()}
    for workload in ("deployment/api", "deployment/web", "statefulset/db"):
        site.kubectl("rollout", "restart", workload)

    def healthy_and_replaced() -> bool:
        code, report = doctor(site)
        assert code == 0, report
        return before.isdisjoint(pod["metadata"]["uid"] for pod in site.pods())

    assert wait.until(healthy_and_replaced, ROLLED_SECONDS, pause=0), "the old pods are still there"
    site.wait_rolled_out()


VIEWER = """
apiVersion: v1
kind: ServiceAccount
metadata: {{name: viewer, namespace: {0}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: viewer-exec, namespace: {0}}}
rules:
  - apiGroups: [""]
    resources: [pods/exec]
    verbs: [create, get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: viewer, namespace: {0}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects: [{{kind: ServiceAccount, name: viewer, namespace: {0}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: viewer-exec, namespace: {0}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: viewer-exec}}
subjects: [{{kind: ServiceAccount, name: viewer, namespace: {0}}}]
"""


@pytest.fixture
def viewer(site: Site, tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig with the right to view the namespace and to exec in its pods, and no other right."""
    made = VIEWER.format(site.namespace)
    site.apply_manifest(made)
    config = site.cluster.kubeconfig.read_text()
    document = yaml.safe_load(config)
    token = site.kubectl("create", "token", "viewer")
    document["users"] = [{"name": user["name"], "user": {"token": token}} for user in document["users"]]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    yield path
    site.delete_manifest(made)


@pytest.mark.usefixtures("whole")
def test_the_rights_of_a_viewer_are_enough(site: Site, viewer: Path) -> None:
    code, report = doctor(site, "--kubeconfig", str(viewer))
    assert code == 0, report
    left_out = {line.split(":")[0] for line in report["left_out"]}
    assert left_out == {"nodes", "outside access", "changes by hand", "Helm's record of the release"}
    with wrong_target_port(site):
        code, report = wait_for_cause(site, "target-port", "--kubeconfig", str(viewer))
    assert (code, report["cause"]) == (1, "target-port")


@pytest.mark.usefixtures("whole")
def test_fix_mends_what_is_safe_to_mend(site: Site) -> None:
    with wrong_selector(site):
        code, report = doctor(site, "--fix", "--yes")
        assert (code, report["healthy"]) == (0, True), report


def test_a_diagnosis_leaves_no_task_behind(site: Site) -> None:
    count = "SELECT count(*) FROM app.tasks"
    before = site.sql(count)
    code, report = doctor(site)
    assert code == 0, report
    assert site.sql(count) == before


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fault, id=fault.name, marks=[pytest.mark.long] if fault.name in LONG else [])
        for fault in FAULTS
    ],
)
@pytest.mark.usefixtures("whole")
def test_fault(site: Site, fault: Fault) -> None:
    with fault.happen(site):
        code, report = wait_for_cause(site, fault.cause, "--settle", "6", *fault.arguments)
        if not fault.title:
            record(site, fault.cause, fault.arguments)
        assert (report["layer"], report["cause"], code) == (fault.layer, fault.cause, 1), report
        assert report["evidence"]
        assert report["commands"]
        if not fault.by_hand:
            done = run_remedy(site, report["commands"])
            code, report = wait_for_cause(site, None, *fault.arguments)
            assert code == 0, (done, report)
