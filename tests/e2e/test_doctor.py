"""The doctor on a real cluster: well, changing, with few rights, and with every fault of the table."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import Up
from tests.e2e.examination import doctor, record, until
from tests.e2e.faults import (
    FAULTS,
    IN_SIDE,
    NAMESPACE,
    Bench,
    Fault,
    side_release,
    wrong_selector,
    wrong_target_port,
)

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
ROLLING_SECONDS = 25


@pytest.fixture(scope="module")
def bench(installed: Up) -> Bench:
    """The suite's cluster."""
    return Bench(installed.cluster)


@pytest.fixture
def whole(bench: Bench) -> Iterator[None]:
    """Leave the cluster as it was found: the doctor itself says so."""
    yield
    bench.ready()
    code, found = until(bench, None)
    assert code == 0, found


def test_a_healthy_release_is_found_healthy_and_timed(bench: Bench) -> None:
    code, found = doctor(bench, "-n", NAMESPACE)
    assert (code, found["healthy"], found["cause"]) == (0, True, None), found
    assert [layer["state"] for layer in found["layers"]] == ["ok"] * 8
    hops = {(hop["from"], hop["to"]): hop["ms"] for hop in found["hops"]}
    assert {("user", "web"), ("web", "api"), ("api", "db"), ("api", "dns")} <= hops.keys()
    assert all(ms >= 0 for ms in hops.values())
    assert not found["left_out"]
    record(bench, "healthy", ())


def test_a_release_in_one_place_and_with_a_prefix_is_healthy_too(bench: Bench) -> None:
    with side_release(bench, "namePrefix=blue"):
        code, found = until(bench, None, *IN_SIDE)
        record(bench, "healthy-single", IN_SIDE)
    assert code == 0, found
    assert len(found["left_out"]) == 1, "web has no NodePort there"


def test_no_alarm_during_a_rolling_update(bench: Bench) -> None:
    for workload in ("deployment/api", "deployment/web", "statefulset/db"):
        bench.space("rollout", "restart", workload)
    began = time.monotonic()
    while time.monotonic() - began < ROLLING_SECONDS:
        code, found = doctor(bench)
        assert code == 0, found
    bench.ready()


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
def viewer(bench: Bench, tmp_path: Path) -> Iterator[Path]:
    """A kubeconfig with the rights of the namespace's viewer and exec, and no others."""
    made = VIEWER.format(NAMESPACE)
    bench.apply(made)
    config = bench.cluster.kubeconfig.read_text()
    document = yaml.safe_load(config)
    token = bench.space("create", "token", "viewer")
    document["users"] = [{"name": user["name"], "user": {"token": token}} for user in document["users"]]
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    yield path
    bench.delete(made)


@pytest.mark.usefixtures("whole")
def test_the_rights_of_a_viewer_are_enough(bench: Bench, viewer: Path) -> None:
    code, found = doctor(bench, "--kubeconfig", str(viewer))
    assert code == 0, found
    assert {"nodes", "outside access"} == {line.split(":")[0] for line in found["left_out"]}
    with wrong_target_port(bench):
        code, found = until(bench, "target-port", "--kubeconfig", str(viewer))
    assert (code, found["cause"]) == (1, "target-port")


@pytest.mark.usefixtures("whole")
def test_fix_mends_what_is_safe_to_mend(bench: Bench) -> None:
    with wrong_selector(bench):
        code, found = doctor(bench, "--fix", "--yes")
        assert (code, found["healthy"]) == (0, True), found


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.cause)
@pytest.mark.usefixtures("whole")
def test_fault(bench: Bench, fault: Fault) -> None:
    with fault.break_(bench):
        code, found = until(bench, fault.cause, "--settle", "6", *fault.arguments)
        record(bench, fault.cause, fault.arguments)
    assert (found["layer"], found["cause"], code) == (fault.layer, fault.cause, 1), found
    assert found["evidence"]
    assert found["commands"]
