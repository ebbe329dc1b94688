"""The release in the middle of something: helm killed or interrupted, two at once, leftovers."""

from __future__ import annotations

import base64
import json
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import ROOT
from dev.kind.programs import command
from dev.kind.release import WAIT, Release
from mcapp import wait
from mcapp.config import CHART
from mcapp.errors import UserError
from tests.e2e.conftest import Up
from tests.e2e.examination import doctor, wait_for_cause
from tests.e2e.journey import read, write_and_read
from tests.e2e.side import Side

pytestmark = pytest.mark.kind
TOPOLOGY = "single"
PENDING_SECONDS = 20
# A change that rolls api, so that helm has something to wait for.
CHANGED = ("--reset-then-reuse-values", "--set")


def started(release: Release, verb: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
    """Start a helm in a process group of its own."""
    words = [command("helm"), verb, release.name, *arguments, "--namespace", release.namespace]
    return subprocess.Popen(
        [str(word) for word in words],
        env={**os.environ, **release.cluster.env()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def upgrading(release: Release, number: int) -> subprocess.Popen[bytes]:
    return started(release, "upgrade", CHART, *CHANGED, f"api.podAnnotations.try=n{number}", *WAIT)


def make_up(installed: Up) -> subprocess.CompletedProcess[str]:
    """Run `make up` again, but for `helm test`: the rows of these tests go through all tiers."""
    return installed.again("--no-test")


def status(release: Release) -> str:
    """Return the state of the newest revision, by the labels of Helm's Secrets; "" where there is none."""
    chosen = f"owner=helm,name={release.name}"
    found = [one["metadata"]["labels"] for one in release.get("secrets", "--selector", chosen)["items"]]
    newest = max(found, key=lambda labels: int(labels["version"]), default={"status": ""})
    return str(newest["status"])


def killed(release: Release, helm: subprocess.Popen[bytes], wanted: str) -> None:
    """Kill a helm as soon as it has recorded this state."""
    assert wait.until(lambda: status(release) == wanted, PENDING_SECONDS, pause=0.05), status(release)
    helm.kill()
    helm.wait()


def run_remedies(release: Release, report: dict[str, object]) -> None:
    """Run the doctor's commands as they are printed."""
    path = ":".join(str(command(name).parent) for name in ("helm", "kubectl"))
    environment = {**os.environ, **release.cluster.env(), "PATH": f"{path}:{os.environ['PATH']}"}
    commands = report["commands"]
    assert isinstance(commands, list)
    assert commands
    for one in commands:
        subprocess.run(
            shlex.split(one["command"]), cwd=ROOT, env=environment, check=True, capture_output=True
        )


@pytest.fixture
def task(installed: Up) -> Iterator[int]:
    """A row that outlives the test."""
    page = installed.pages()[0]
    made = write_and_read(page)
    yield made["id"]
    assert read(page, made["id"])["title"] == made["title"]


@pytest.mark.usefixtures("task")
def test_a_killed_upgrade_is_named_and_its_remedy_ends_it(installed: Up) -> None:
    release = installed.release
    killed(release, upgrading(release, 1), "pending-upgrade")
    code, report = wait_for_cause(release, "release-stuck")
    assert (code, report["cause"]) == (1, "release-stuck"), report
    assert " rollback " in str(report["commands"])
    run_remedies(release, report)
    code, report = wait_for_cause(release, None)
    assert (code, report["healthy"]) == (0, True), report
    # The next upgrade is as any other.
    release.helm("upgrade", CHART, *CHANGED, "api.podAnnotations.try=n2", *WAIT)


@pytest.mark.usefixtures("task")
def test_make_up_ends_what_a_killed_upgrade_has_left(installed: Up) -> None:
    killed(installed.release, upgrading(installed.release, 3), "pending-upgrade")
    again = make_up(installed)
    assert again.returncode == 0, again.stderr
    assert "was cut off: it is recorded as failed now" in again.stderr
    assert status(installed.release) == "deployed"


# Each second costs an upgrade and a `make up`, so that the two signals share the seconds.
@pytest.mark.long
@pytest.mark.parametrize(
    ("number", "seconds"),
    [(signal.SIGINT, (0, 2, 4)), (signal.SIGKILL, (1, 3, 5))],
    ids=["interrupted", "killed"],
)
@pytest.mark.usefixtures("task")
def test_an_upgrade_that_ends_at_any_second(
    installed: Up, number: signal.Signals, seconds: tuple[int, ...]
) -> None:
    for second in seconds:
        helm = upgrading(installed.release, 10 * number + second)
        time.sleep(second + 0.5)
        os.killpg(helm.pid, number)
        helm.wait()
        again = make_up(installed)
        assert again.returncode == 0, f"after {second} s: {again.stderr}"
    assert doctor(installed.release)[0] == 0


@pytest.mark.usefixtures("task")
def test_two_upgrades_at_once(installed: Up) -> None:
    """Helm lets one of them go on; `make up` waits for another helm."""
    release = installed.release
    first = upgrading(release, 4)
    assert wait.until(lambda: status(release) == "pending-upgrade", PENDING_SECONDS, pause=0.05)
    with pytest.raises(UserError, match="another operation"):
        release.helm("upgrade", CHART, *CHANGED, "api.podAnnotations.try=n5")
    again = make_up(installed)
    assert again.returncode == 0, again.stderr
    assert first.wait() == 0, "make up did not wait"


@pytest.mark.usefixtures("task")
def test_an_uninstall_that_keeps_the_history(installed: Up) -> None:
    installed.release.helm("uninstall", "--keep-history", "--wait")
    code, report = doctor(installed.release)
    assert (code, report["cause"]) == (1, "release-missing")
    assert "helm upgrade --install" in str(report["commands"])
    again = make_up(installed)
    assert again.returncode == 0, again.stderr


@pytest.mark.usefixtures("task")
def test_an_uninstall_that_is_killed(installed: Up) -> None:
    killed(installed.release, started(installed.release, "uninstall", "--wait"), "uninstalling")
    again = make_up(installed)
    assert again.returncode == 0, again.stderr


@pytest.mark.usefixtures("task")
def test_an_install_that_is_killed(installed: Up) -> None:
    release = installed.release
    release.helm("uninstall", "--wait")
    values = installed.cluster.kubeconfig.with_name(f"values-{TOPOLOGY}.yaml")
    killed(release, started(release, "install", CHART, "--values", values, *WAIT), "pending-install")
    again = make_up(installed)
    assert again.returncode == 0, again.stderr
    assert doctor(release)[0] == 0


# Rollouts of api and restarts of db: a minute.
@pytest.mark.long
@pytest.mark.usefixtures("task")
def test_a_secret_edited_by_hand_and_api_restarted(installed: Up) -> None:
    release = installed.release
    password = base64.b64encode(b"by hand").decode()
    release.kubectl(
        "patch", "secret/postgres-secret", "--patch", json.dumps({"data": {"app-password": password}})
    )
    release.kubectl("rollout", "restart", "deployment/api")
    code, report = wait_for_cause(release, "password-rejected")
    assert (code, report["cause"]) == (1, "password-rejected"), report
    run_remedies(release, report)
    code, report = wait_for_cause(release, None)
    assert (code, report["healthy"]) == (0, True), report
    release.upgrade("db.auth.resetPasswords=false", flags=WAIT)


def test_a_namespace_that_does_not_end(installed: Up) -> None:
    side = Side.of(installed, "ending")
    held = {"name": "held", "namespace": side.namespace, "finalizers": ["example.org/held"]}
    installed.cluster.kubectl("create", "namespace", side.namespace)
    try:
        side.apply_manifest(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}))
        installed.cluster.kubectl("delete", "namespace", side.namespace, "--wait=false")
        code, report = wait_for_cause(side, "namespace-terminating", *side.asked)
        assert (code, report["cause"]) == (1, "namespace-terminating"), report
        assert wait.until(lambda: "example.org/held" in str(doctor(side, *side.asked)[1]["evidence"]), 30)
    finally:
        side.kubectl("patch", "configmap/held", "--type=merge", "--patch", '{"metadata":{"finalizers":null}}')
    assert wait.until(lambda: not installed.cluster.kubectl("get", "ns", side.name, "--ignore-not-found"), 60)
