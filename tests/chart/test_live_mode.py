"""Another db.mode on a release with data: refused before anything is changed, with the command that moves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.render import HA, HelmError, Objects, render, with_lookups

SINGLE = {"topology": "multi"}
STATEFUL, CLAIM = "apps/v1/StatefulSet/mcapp/", "v1/PersistentVolumeClaim/mcapp/"
ASKED = {"spec": {"volumeName": "pvc-1", "resources": {"requests": {"storage": "5Gi"}}}}
RUNS_ONE = {f"{STATEFUL}db": {"metadata": {"labels": {}}, "spec": {"replicas": 1}}}
TEMPLATE = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "5Gi"}}}}
MEMBERS = {"metadata": {"labels": {"mcapp/mode": "ha"}}, "spec": {"volumeClaimTemplates": [TEMPLATE]}}
RUNS_HA = {f"{STATEFUL}db": MEMBERS}
HOLDS_ONE = {f"{CLAIM}postgres-pvc": ASKED}
HOLDS_HA = {f"{CLAIM}data-db-1": {**ASKED, "metadata": {"name": "data-db-1"}}}
STATE: dict[str, Any] = {"v1/Service/mcapp/db-config": {"spec": {}}}
LEFT: dict[str, Any] = {"v1/Service/mcapp/db-config": {"metadata": {"labels": {"mcapp/data-left": "true"}}}}
GIVEN = {"superuserPassword": "a", "appPassword": "b", "replicationPassword": "c"}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> str:
    return with_lookups(tmp_path_factory.mktemp("chart"))


def on(copied: str, values: dict[str, Any], *live: dict[str, Any], **db: Any) -> Objects:
    """Render values on a cluster that holds these objects."""
    answers = {key: value for one in live for key, value in one.items()}
    mine = {**values, "db": {**values.get("db", {}), "auth": GIVEN, **db}, "_live": answers}
    return render(mine, chart=copied)


@pytest.mark.parametrize(
    "live",
    [(RUNS_ONE,), (RUNS_ONE, HOLDS_ONE), (HOLDS_ONE,), (HOLDS_ONE, HOLDS_HA, LEFT), (HOLDS_ONE, HOLDS_HA)],
    ids=["runs", "runs with data", "uninstalled", "moved and uninstalled", "without Patroni's state"],
)
def test_one_server_does_not_become_several_by_an_upgrade(
    copied: str, live: tuple[dict[str, Any], ...]
) -> None:
    with pytest.raises(HelmError) as told:
        on(copied, dict(HA), *live)
    assert "NOTHING WAS CHANGED" in str(told.value)
    assert "on the claim postgres-pvc." in str(told.value)
    assert "--set db.mode=standalone" in str(told.value)
    assert "python scripts/movedb.py --to ha -n mcapp --release mcapp" in str(told.value)
    on(copied, SINGLE, *live)


@pytest.mark.parametrize(
    "live",
    [(RUNS_HA,), (RUNS_HA, HOLDS_HA, STATE), (HOLDS_HA,), (HOLDS_HA, STATE, HOLDS_ONE)],
    ids=["runs", "runs with data", "uninstalled", "moved and uninstalled"],
)
def test_several_do_not_become_one_by_an_upgrade(copied: str, live: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(HelmError) as told:
        on(copied, SINGLE, *live)
    assert "NOTHING WAS CHANGED" in str(told.value)
    assert "on the claims data-db-0 and so on." in str(told.value)
    assert "--set db.mode=ha" in str(told.value)
    assert "python scripts/movedb.py --to standalone -n mcapp --release mcapp" in str(told.value)
    on(copied, dict(HA), *live)


def moving(to: str, *done: str) -> dict[str, Any]:
    """Return the record of a move to another mode."""
    return {"v1/ConfigMap/mcapp/db-mode": {"data": {"move.json": json.dumps({"to": to, "done": done})}}}


@pytest.mark.parametrize(
    ("to", "values", "before", "after"),
    [("ha", dict(HA), RUNS_ONE, RUNS_HA), ("standalone", SINGLE, RUNS_HA, RUNS_ONE)],
    ids=["to ha", "to standalone"],
)
def test_an_upgrade_in_the_middle_of_a_move_is_refused(
    copied: str, to: str, values: dict[str, Any], before: dict[str, Any], after: dict[str, Any]
) -> None:
    begun = moving(to, "prepare")
    with pytest.raises(HelmError) as told:
        on(copied, values, after, begun)
    assert f"NOTHING WAS CHANGED. A move of the data to db.mode {to} is not finished." in str(told.value)
    assert f"python scripts/movedb.py --to {to} -n mcapp --release mcapp" in str(told.value)
    assert "python scripts/movedb.py --back -n mcapp --release mcapp" in str(told.value)
    # The move itself, its last upgrade, and an upgrade before it has changed anything.
    on(copied, values, after, begun, ha={"follow": True})
    on(copied, values, after, moving(to, "prepare", "join", "verify", "switch"))
    on(copied, SINGLE if to == "ha" else dict(HA), before, moving(to))


def test_without_data_either_mode_is_free(copied: str) -> None:
    on(copied, SINGLE)
    on(copied, dict(HA))
    # A record that Patroni left behind holds no data.
    on(copied, SINGLE, STATE)


@pytest.mark.parametrize("asked", [{"size": "6Gi"}, {"size": "4Gi"}, {"storageClass": "fast"}])
def test_the_template_of_the_claims_stays_as_it_is(copied: str, asked: dict[str, str]) -> None:
    with pytest.raises(HelmError) as told:
        on(copied, dict(HA), RUNS_HA, HOLDS_HA, persistence=asked)
    assert "NOTHING WAS CHANGED. The StatefulSet db makes the members' claims of 5Gi" in str(told.value)
    assert "--set db.persistence.size=5Gi" in str(told.value)
    on(copied, dict(HA), RUNS_HA, HOLDS_HA, persistence={"size": 5 * 2**30})
    # Without the StatefulSet, as when it was deleted so that Helm makes it anew.
    on(copied, dict(HA), HOLDS_HA, persistence=asked)


def test_a_lost_secret_is_told_with_the_members_claim(copied: str) -> None:
    with pytest.raises(HelmError, match=r"The claim data-db-0 holds a database") as told:
        render({**HA, "_live": {**RUNS_HA, **HOLDS_HA}}, chart=copied)
    assert "delete pvc/data-db-1\n" in str(told.value)


def test_patronis_record_of_data_that_are_gone_is_reset(copied: str) -> None:
    record: dict[str, Any] = {"v1/Endpoints/mcapp/db-config": {"metadata": {}}}
    names = {("Endpoints", name) for name in ("db", "db-config", "db-failover", "db-sync")}
    reset = on(copied, dict(HA), record)
    assert names <= reset.names()
    for _, name in names:
        policy = reset.one("Endpoints", name)["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
        assert policy == "before-hook-creation,hook-succeeded"
    for live in (RUNS_HA, HOLDS_HA):
        assert not names & on(copied, dict(HA), record, live).names()
    assert not names & on(copied, dict(HA)).names()


def on_node(claim: str, **labels: str) -> dict[str, Any]:
    """Return a claim whose volume is on a node with these labels."""
    hostname = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["lab"]}
    terms = {"required": {"nodeSelectorTerms": [{"matchExpressions": [hostname]}]}}
    node = {"metadata": {"name": "lab", "labels": {"kubernetes.io/hostname": "lab", **labels}}}
    return {
        f"{CLAIM}{claim}": {**ASKED, "metadata": {"name": claim}},
        "v1/PersistentVolume//pvc-1": {"spec": {"nodeAffinity": terms}},
        "v1/Node//": {"items": [node]},
    }


def test_a_volume_on_a_node_without_the_label_is_found_for_any_member(copied: str) -> None:
    for claim in ("data-db-0", "data-db-2"):
        with pytest.raises(HelmError) as told:
            on(copied, dict(HA), RUNS_HA, on_node(claim))
        assert f"(pvc-1, claim {claim}) is on node lab, which does not carry role=database" in str(told.value)
        member = claim.removeprefix("data-")
        assert f"kubectl -n mcapp delete pvc/{claim} pod/{member} --wait=false" in str(told.value)
        on(copied, dict(HA), RUNS_HA, on_node(claim, role="database"))
    with pytest.raises(HelmError, match=r"movedb\.py --to multi -n mcapp --release mcapp"):
        on(copied, SINGLE, RUNS_ONE, on_node("postgres-pvc"))
    on(copied, SINGLE, RUNS_ONE, on_node("postgres-pvc", role="database"))
