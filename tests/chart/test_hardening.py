"""kube-score finds nothing critical in what the chart makes."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import yaml

from dev.kind.programs import command
from tests.support.render import CI_VALUES, EXTERNAL, HA, KUBERNETES, OPTIONS, Objects

Render = Callable[..., Objects]

# What is not asked, each after the reason.
WAIVED = [
    # Always would look past the images that are loaded onto the nodes by hand.
    "container-image-pull-policy",
    # Root filesystems are read-only and every emptyDir has a sizeLimit, so that nothing fills a node's disk;
    # and where the kubelet counts no local storage, as in a rootless kind, such a request is never met.
    "container-ephemeral-storage-request-and-limit",
    # 101 and 999 own the files in the images of nginx and PostgreSQL.
    "container-security-context-user-group-id",
    # nginx's /healthz and pg_isready ask nothing of another pod: what makes them fail, a restart mends.
    "pod-probes-identical",
    # An address that stays when the pod's changes is not held up by DNS caches; db-0.db resolves anyway.
    "statefulset-has-servicename",
]


def scored(
    documents: Iterable[dict[str, Any]], waived: Iterable[str] = WAIVED
) -> subprocess.CompletedProcess[str]:
    """Run kube-score on objects; it exits 1 if anything is critical."""
    flags = [f"--ignore-test={name}" for name in waived]
    # A CPU limit throttles a pod while the node is idle; the request already sees to fair shares.
    flags += ["--ignore-container-cpu-limit", f"--kubernetes-version=v{KUBERNETES[0]}"]
    return subprocess.run(
        [str(command("kube-score")), "score", "--output-format", "ci", *flags, "-"],
        input=yaml.safe_dump_all(documents),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("file", [*sorted(CI_VALUES), "options-values.yaml"])
def test_nothing_is_critical(render: Render, file: str) -> None:
    found = scored(render(CI_VALUES.get(file, OPTIONS)))
    assert found.returncode == 0, "\n".join(
        line for line in found.stdout.splitlines() if line.startswith("[CRITICAL]")
    )
    assert "[OK] db apps/v1/StatefulSet" in found.stdout


# Patroni itself writes the label of the one that leads on its pod, which the Services choose by.
LED = "service-targets-pod"


@pytest.mark.parametrize(
    ("values", "waived"), [(EXTERNAL, WAIVED), (HA, [*WAIVED, LED])], ids=["external", "ha"]
)
def test_nothing_is_critical_in_another_mode(
    render: Render, values: dict[str, Any], waived: list[str]
) -> None:
    found = scored(render(values), waived)
    assert found.returncode == 0, "\n".join(
        line for line in found.stdout.splitlines() if line.startswith("[CRITICAL]")
    )


@pytest.mark.parametrize("waived", WAIVED)
def test_every_waiver_is_needed(render: Render, waived: str) -> None:
    assert scored(render(), set(WAIVED) - {waived}).returncode == 1


@pytest.mark.parametrize(
    "weaker", [{"privileged": True}, {"readOnlyRootFilesystem": False}], ids=lambda weaker: next(iter(weaker))
)
def test_it_sees_a_container_that_is_weaker(render: Render, weaker: dict[str, bool]) -> None:
    documents = copy.deepcopy(list(render()))
    (web,) = [d for d in documents if (d["kind"], d["metadata"]["name"]) == ("Deployment", "web")]
    web["spec"]["template"]["spec"]["containers"][0]["securityContext"].update(weaker)
    found = scored(documents)
    assert found.returncode == 1
    assert "[CRITICAL] web apps/v1/Deployment" in found.stdout
