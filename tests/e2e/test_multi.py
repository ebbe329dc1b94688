"""Two real nodes: the laptop runs web and api, the lab machine runs db."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from playwright.sync_api import expect, sync_playwright
from pytest_helm_charts.clusters import Cluster as PytestCluster
from pytest_helm_charts.k8s.deployment import wait_for_deployments_to_run
from pytest_helm_charts.k8s.stateful_set import wait_for_stateful_sets_to_run

from dev import ROOT
from dev.kind import commands
from dev.kind.cluster import resume
from dev.kind.docker import docker
from dev.kind.process import output
from dev.kind.programs import command
from dev.kind.versions import app_version
from dev.load.faults import accepts_again
from mcapp import wait
from mcapp.config import CHART
from mcapp.errors import UserError
from mcapp.images.archive import full
from tests.e2e import lifecycle
from tests.e2e.conftest import NAME, Up, up
from tests.e2e.journey import read, survives_the_pod, write_and_read
from tests.e2e.processes import signal
from tests.e2e.side import BESIDE, Side
from tests.page.conftest import ARGUMENTS, CHROMIUM

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
# The file of ci/ that `make test` installs.
FIRST = "multi-values.yaml"
# Longer than the three failed liveness probes after which the kubelet would restart a container.
DATABASE_AWAY_SECONDS = 40
TIERS = ("web", "api", "db")
LAPTOP, LAB = f"{NAME}-control-plane", f"{NAME}-worker"


def test_each_tier_landed_where_it_belongs(installed: Up, kube_cluster: PytestCluster) -> None:
    namespace = installed.release.namespace
    wait_for_deployments_to_run(kube_cluster.kube_client, ["web", "api"], namespace, 60)
    wait_for_stateful_sets_to_run(kube_cluster.kube_client, ["db"], namespace, 60)
    assert installed.nodes_of("db") == {LAB}
    assert installed.nodes_of("web") == installed.nodes_of("api") == {LAPTOP}
    (volume,) = kube_cluster.kubectl("get pv")
    assert LAB in json.dumps(volume["spec"]["nodeAffinity"])


def test_the_report_tells_where_everything_is(installed: Up) -> None:
    assert set(installed.report["urls"]) == set(installed.pages())
    assert sorted(installed.report["pods"].values()) == [LAPTOP, LAPTOP, LAPTOP, LAB]


def test_the_values_were_discovered(installed: Up) -> None:
    values = yaml.safe_load(installed.cluster.kubeconfig.with_name("values-multi.yaml").read_text())
    placed = {node["name"]: node["tiers"] for node in values["cluster"]["nodes"]}
    assert placed == {LAPTOP: ["web", "api"], LAB: ["db"]}
    assert set(values["cluster"]["urls"]) == set(installed.pages()[1:])


def test_a_row_goes_through_every_nodes_port(installed: Up) -> None:
    pages = installed.pages()
    assert len(pages) == 3
    for page in pages:
        write_and_read(page)


def test_the_topology_names_the_nodes(installed: Up) -> None:
    seen = httpx.get(f"{installed.pages()[0]}/api/topology", timeout=10).json()
    assert [seen[tier]["node"] for tier in ("web", "api", "db")] == [LAPTOP, LAPTOP, LAB]
    assert seen["db"]["pod"] == "db-0"
    assert all(hop["ms"] is not None for hop in seen["hops"])


def test_the_names_resolve_inside(installed: Up) -> None:
    code = "import socket; print(*map(socket.gethostbyname, ('web', 'api', 'db', 'db-0.db')))"
    shown = installed.release.exec("deploy/api", "python", "-c", code)
    pod = installed.release.get("pod", "db-0")["status"]["podIP"]
    assert shown.split()[-1] == pod


def test_again_changes_nothing(installed: Up) -> None:
    def state() -> list[tuple[str, str]]:
        objects = installed.release.get("all,pvc,secret,configmap")["items"]
        return sorted((o["metadata"]["uid"], str(o["metadata"].get("generation"))) for o in objects)

    before, revision = state(), installed.release.helm("history", "--output", "json")
    done = installed.again()
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stderr
    assert state() == before
    assert installed.release.helm("history", "--output", "json") == revision


def test_again_puts_the_wanted_build_back_under_the_pods_name(installed: Up) -> None:
    ctr = ("exec", LAPTOP, "ctr", "--namespace", "k8s.io", "images")
    web, api = (full(f"mcapp/{tier}:{app_version()}") for tier in ("web", "api"))
    # As after another build, whose image the node keeps: the name of api's image points to another image.
    docker(*ctr, "tag", "--force", web, api)
    done = installed.again()
    assert done.returncode == 0, done.stderr
    assert f"mcapp/api:{app_version()}" in done.stderr
    digests = {line.split()[0]: line.split()[2] for line in docker(*ctr, "ls").splitlines()[1:]}
    assert digests[api] != digests[web]
    write_and_read(installed.pages()[0])


def test_another_topology_is_refused_while_this_one_runs(installed: Up) -> None:
    done = up("single", installed.port)
    assert done.returncode == 2
    assert commands.down(installed.cluster.name) in done.stderr
    assert "Traceback" not in done.stderr


def test_the_row_survives_its_pod(installed: Up) -> None:
    survives_the_pod(installed)


def test_helm_test_passes_and_fails_with_the_database_whose_absence_restarts_nothing(installed: Up) -> None:
    release, page = installed.release, installed.pages()[0]

    def restarts() -> dict[str, int]:
        pods = release.pods("web,api")
        assert len(pods) == 3
        return {
            pod["metadata"]["name"]: sum(one["restartCount"] for one in pod["status"]["containerStatuses"])
            for pod in pods
        }

    def other_answer() -> str:
        answer = httpx.get(f"{page}/api/tasks", timeout=10)
        return "" if answer.status_code == 503 else answer.text or answer.reason_phrase

    shown = release.test()
    assert "ok   the row is read back" in shown
    pod = release.pods("db")[0]["status"]["podIP"]
    assert f"ok   db-0.db is {pod}" in shown
    assert "ok   db:5432 accepts the right password of app" in shown
    assert "ok   a wrong password is refused" in shown
    assert f"db: pod db-0 on node {LAB}" in shown
    before = restarts()
    release.kubectl("scale", "statefulset/db", "--replicas=0")
    try:
        release.kubectl("wait", "--for=delete", "pod/db-0", "--timeout=90s")
        with pytest.raises(UserError, match="FAIL api reaches db") as failed:
            release.test()
        # Nothing of the other Job, which is still there from the run before.
        assert "password" not in str(failed.value)
        assert not wait.until(other_answer, DATABASE_AWAY_SECONDS, pause=1)
    finally:
        release.kubectl("scale", "statefulset/db", "--replicas=1")
        release.kubectl("rollout", "status", "statefulset/db", "--timeout=120s")
    # The api looks again every second or so.
    assert wait.until(lambda: httpx.get(f"{page}/api/tasks", timeout=10).is_success, DATABASE_AWAY_SECONDS)
    write_and_read(page)
    assert restarts() == before


def test_the_page_adds_a_task_and_names_the_databases_node(installed: Up) -> None:
    title = f"by hand {time.time_ns()}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(locale="en-US")
        page.goto(installed.pages()[0])
        expect(page.get_by_text(LAB).first).to_be_visible(timeout=30_000)
        box = page.locator("form input[type=text], form input:not([type])").first
        box.fill(title)
        box.press("Enter")
        expect(page.get_by_text(title, exact=True)).to_be_visible(timeout=30_000)
        page.reload()
        expect(page.get_by_text(title, exact=True)).to_be_visible(timeout=30_000)
        browser.close()


def test_db_is_not_asked_off_the_node_of_its_volume(installed: Up) -> None:
    release = installed.release
    before = release.helm("history", "--output", "json")
    laptop = "placement.databaseNodeLabels.kubernetes\\.io/hostname=" + LAPTOP
    with pytest.raises(UserError, match=rf"NOTHING WAS CHANGED.*is on node {LAB}, which does not carry"):
        release.upgrade(laptop)
    assert release.helm("history", "--output", "json") == before


def test_three_upgrades_keep_the_passwords(installed: Up) -> None:
    release = installed.release
    page = installed.pages()[0]
    task = write_and_read(page)

    def secret() -> object:
        return release.get("secret", "postgres-secret")["data"]

    before = secret()
    for poolsize in ("3", "5", "4"):
        release.upgrade(f"api.poolSize={poolsize}", flags=("--wait",))
        assert secret() == before
        assert read(page, task["id"])["title"] == task["title"]


@pytest.mark.usefixtures("installed")
def test_the_archive_carries_the_names_that_the_chart_asks_for(tmp_path: Path) -> None:
    file = tmp_path / "images.tar"
    tag = app_version()
    wanted = {full(name) for name in (f"mcapp/web:{tag}", f"mcapp/api:{tag}", "postgres:16")}
    subprocess.run([sys.executable, "-m", "dev.saveimages", "--file", str(file)], check=True)
    with file.open("rb") as archive:
        ctr = ["docker", "exec", "--interactive", LAB, "ctr", "--namespace", "check", "images"]
        subprocess.run([*ctr, "import", "--no-unpack", "-"], stdin=archive, check=True, capture_output=True)
    assert set(docker(*ctr[1:], "ls", "--quiet").split()) == wanted
    docker(*ctr[1:], "rm", *wanted)


def test_a_server_waits_until_the_last_one_is_off_the_volume(installed: Up) -> None:
    page, began = installed.pages()[0], time.time()
    task = write_and_read(page)
    # Without its checkpointer the server ends only when it is killed, and its pod is gone by then.
    signal(installed.release, "db-0", "checkpointer", "STOP")
    installed.release.kubectl("delete", "pod", "db-0", "--force", "--grace-period=0")
    accepts_again(installed.release, began)
    assert "Waiting for the container" in installed.release.logs("db-0")
    assert read(page, task["id"])["title"] == task["title"]


def test_the_cluster_comes_back_after_a_reboot(installed: Up) -> None:
    page = installed.pages()[0]
    task = write_and_read(page)
    docker("stop", "--time", "10", *installed.cluster.containers())
    assert resume(installed.cluster)
    assert read(page, task["id"])["title"] == task["title"]
    for node_page in installed.pages():
        write_and_read(node_page)


@pytest.fixture
def together(installed: Up, tmp_path: Path) -> Iterator[Side]:
    """A release of topology single on the laptop, by the values that genvalues makes."""
    release, values = Side.of(installed, "together"), tmp_path / "values.yaml"
    output(
        [
            *(sys.executable, ROOT / "scripts" / "genvalues.py", "--topology", "single", "--file", values),
            *("--kubeconfig", installed.cluster.kubeconfig, "--kubectl", command("kubectl")),
            *("--set", "web.service.nodePort=null", *release.asked),
            *(f"--set={tier}.nodeSelector={{kubernetes.io/hostname: {LAPTOP}}}" for tier in TIERS),
        ]
    )
    release.helm("install", CHART, "--create-namespace", "--values", values, "--set", BESIDE, *lifecycle.WAIT)
    yield release
    release.remove()


def test_topology_single_runs_every_tier_on_one_node(together: Side) -> None:
    page = together.page()
    write_and_read(page)
    seen = httpx.get(f"{page}/api/topology", timeout=10).json()
    assert {pod["spec"]["nodeName"] for pod in together.pods()} == {LAPTOP}
    assert {seen[tier]["node"] for tier in TIERS} == {LAPTOP}


def test_upgrade_from_the_version_before_and_back(installed: Up) -> None:
    lifecycle.upgraded_and_rolled_back(installed)


def test_uninstalled_and_installed_again(installed: Up) -> None:
    lifecycle.uninstalled_and_back(installed)


def test_ct_installs_one_ci_values_file(installed: Up, tmp_path: Path) -> None:
    lifecycle.ct_installs(installed, tmp_path / "mcapp", lambda name: name == FIRST)


def test_ct_installs_the_other_ci_values_files(installed: Up, tmp_path: Path) -> None:
    lifecycle.ct_installs(installed, tmp_path / "mcapp", lambda name: name != FIRST)
