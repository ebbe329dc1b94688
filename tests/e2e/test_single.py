"""One real node with both IP families runs all three tiers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from dev.kind import commands
from dev.kind.release import Release
from mcapp.config import CHART
from mcapp.errors import Exit, UserError
from tests.e2e import lifecycle
from tests.e2e.conftest import NAME, Up, up
from tests.e2e.examination import doctor
from tests.e2e.faults.site import Site
from tests.e2e.journey import write_and_read
from tests.support.wrong_values import WRONG, Wrong

pytestmark = pytest.mark.kind
TOPOLOGY = "single"
NODE = f"{NAME}-control-plane"
# tests/chart has every wrong value refused by the same code of Helm's, without a cluster.
SAMPLED = 10


def test_every_tier_runs_on_the_one_node(installed: Up) -> None:
    for tier in ("web", "api", "db"):
        assert installed.nodes_of(tier) == {NODE}


def test_a_row_goes_through_the_nodes_port(installed: Up) -> None:
    pages = installed.pages()
    assert [":" in urlsplit(page).netloc.rpartition(":")[0] for page in pages] == [False, False, True]
    for page in pages:
        write_and_read(page)


def test_the_topology_names_the_node(installed: Up) -> None:
    seen = httpx.get(f"{installed.pages()[0]}/api/topology", timeout=10).json()
    assert {seen[tier]["node"] for tier in ("web", "api", "db")} == {NODE}


def test_every_tier_listens_on_both_ip_families(installed: Up) -> None:
    """Web reaches api, and api reaches db, at each address of the Service and of the pods."""
    services = {item["metadata"]["name"]: item["spec"] for item in installed.release.get("services")["items"]}
    assert [len(services[tier]["clusterIPs"]) for tier in ("web", "api", "db")] == [2, 2, 2]
    for address in (*services["api"]["clusterIPs"], *_addresses(installed, "api")):
        host = f"[{address}]" if ":" in address else address
        asked = f"curl -sS -o /dev/null -w %{{http_code}} -m 5 http://{host}:8000/readyz"
        assert installed.release.exec("deploy/web", *asked.split()) == "200"
    for address in (*services["db"]["clusterIPs"], *_addresses(installed, "db")):
        code = (
            "import os, psycopg; "
            f"print(psycopg.connect(os.environ['DATABASE_URL'], hostaddr={address!r}).info.hostaddr)"
        )
        assert installed.release.exec("deploy/api", "python", "-c", code) == address


def _addresses(up: Up, tier: str) -> list[str]:
    pods = up.release.pods(tier)
    found = [one["ip"] for pod in pods for one in pod["status"]["podIPs"]]
    assert len(found) == 2 * len(pods)
    return found


def test_the_tools_know_both_ip_families(installed: Up) -> None:
    values = yaml.safe_load(installed.cluster.kubeconfig.with_name("values-single.yaml").read_text())
    assert set(values["cluster"]["urls"]) == set(installed.pages()[1:])
    code, report = doctor(Site(installed.cluster))
    assert (code, report["cause"]) == (0, None), report
    assert "ok   the row is read back" in installed.release.test()


def test_a_refused_install_leaves_nothing_behind(installed: Up) -> None:
    """At a real install, too, no namespace is created, so no object and no release."""

    release = Release(installed.cluster, "refused", "refused")
    sample = WRONG[::SAMPLED]

    def refused(wrong: Wrong) -> bool:
        try:
            flags = ("--create-namespace", "--values", "-")
            release.helm("install", CHART, *flags, stdin=json.dumps(wrong["values"]))
        except UserError as error:
            return wrong["says"] in str(error)
        return False

    with ThreadPoolExecutor(4) as pool:
        accepted = [wrong for wrong, was in zip(sample, pool.map(refused, sample), strict=True) if not was]
    assert not accepted
    assert "refused" not in {
        item["metadata"]["name"] for item in installed.cluster.get("namespaces")["items"]
    }


def test_a_refused_upgrade_changes_nothing(installed: Up) -> None:
    def state() -> set[tuple[str, str, int]]:
        kinds = "deployments,statefulsets,services,secrets,configmaps,persistentvolumeclaims"
        return {
            (item["kind"], item["metadata"]["name"], item["metadata"].get("generation", 0))
            for item in installed.release.get(kinds)["items"]
        }

    before = state()
    wrong = {"api": {"replicas": 3, "extraEnv": [{"name": "PGUSER", "value": "root"}]}}
    with pytest.raises(UserError, match="at '/api/extraEnv': got 'PGUSER'"):
        installed.release.helm("upgrade", CHART, "--values", "-", stdin=json.dumps(wrong))
    assert state() == before


def test_other_nodes_than_those_that_are_there_are_refused(installed: Up) -> None:
    for asked in (["--topology", "multi"], ["--node-image", "kindest/node:v1.34.11"]):
        refused = up(installed.topology, installed.port, *asked)
        assert refused.returncode == Exit.USAGE
        assert asked[1] in refused.stderr
        assert commands.down(installed.cluster.name) in refused.stderr


def test_the_data_outlive_their_secret(installed: Up) -> None:
    lifecycle.without_its_secret(installed)
