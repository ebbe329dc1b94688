"""The mode in which the database is several servers: what is made then, and what an upgrade may change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from mcapp.genvalues.values import merge
from mcapp_db import leave
from mcapp_db.__main__ import COMMANDS
from tests.support.definitions import validate_native
from tests.support.render import HA, KUBERNETES, Objects, notes

Render = Callable[..., Objects]

MORE = {
    ("ConfigMap", "db-patroni"),
    ("PodDisruptionBudget", "db"),
    ("Role", "db"),
    ("RoleBinding", "db"),
    ("Service", "db-ro"),
    ("ServiceAccount", "db"),
    ("StatefulSet", "db-ha"),
}
# What the API server lets an upgrade change; it refuses one that changes anything else.
CHANGEABLE = {
    "minReadySeconds",
    "ordinals",
    "persistentVolumeClaimRetentionPolicy",
    "replicas",
    "revisionHistoryLimit",
    "template",
    "updateStrategy",
}


def ha(**values: Any) -> dict[str, Any]:
    """Return values of the mode with these ones on top."""
    return merge(HA, values)


def fixed(objects: Objects, name: str) -> dict[str, Any]:
    """Return the part of a StatefulSet that cannot be changed."""
    spec = objects.one("StatefulSet", name)["spec"]
    return {key: value for key, value in spec.items() if key not in CHANGEABLE}


def template(objects: Objects, name: str) -> dict[str, Any]:
    found: dict[str, Any] = objects.one("StatefulSet", name)["spec"]["template"]
    return found


def patroni(objects: Objects, name: str = "db-patroni") -> dict[str, Any]:
    """Return Patroni's configuration."""
    document: dict[str, Any] = yaml.safe_load(objects.one("ConfigMap", name)["data"]["patroni.yaml"])
    return document


def test_it_adds_to_what_standalone_has(render: Render) -> None:
    assert render(HA).names() - render({"topology": "multi"}).names() == MORE
    assert render({"topology": "multi"}).names() < render(HA).names()
    prefixed = render(ha(namePrefix="blue")).names()
    assert prefixed == {(kind, f"blue-{name}") for kind, name in render(HA).names()}


@pytest.mark.parametrize("minor", [KUBERNETES[0], KUBERNETES[-1]])
def test_every_object_is_valid(render: Render, minor: str) -> None:
    for document in render(HA):
        validate_native(document, minor)


def test_an_upgrade_leads_to_it_and_back(render: Render) -> None:
    """What cannot be changed is the same, and so is the first member's claim."""
    assert fixed(render(HA), "db") == fixed(render({"topology": "multi"}), "db")
    for objects in (render(HA), render({"topology": "multi"})):
        assert objects.one("StatefulSet", "db")["spec"]["replicas"] == 1
        (data,) = [v for v in template(objects, "db")["spec"]["volumes"] if v["name"] == "data"]
        assert data["persistentVolumeClaim"] == {"claimName": "postgres-pvc"}
    assert render(HA).one("PersistentVolumeClaim", "postgres-pvc") == render().one(
        "PersistentVolumeClaim", "postgres-pvc"
    )


def test_no_version_is_where_it_could_never_be_changed(render: Render) -> None:
    for name in ("db", "db-ha"):
        assert "0.2.0" not in json.dumps(fixed(render(HA), name))


@pytest.mark.parametrize(("members", "others"), [(3, 2), (5, 4)])
def test_the_other_members_are_the_same_with_a_claim_each(render: Render, members: int, others: int) -> None:
    objects = render(ha(db={"ha": {"members": members}, "auth": {"existingSecret": "mine"}}))
    spec = objects.one("StatefulSet", "db-ha")["spec"]
    assert (spec["replicas"], spec["ordinals"]) == (others, {"start": 1})
    assert [claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]] == ["data"]
    first, other = template(objects, "db"), template(objects, "db-ha")
    assert other["metadata"]["labels"].pop("mcapp/workload") == "db-ha"
    first["spec"]["volumes"] = [v for v in first["spec"]["volumes"] if v["name"] != "data"]
    assert other == first


@pytest.mark.parametrize(
    ("keep", "when_deleted"), [(True, "Retain"), (False, "Delete")], ids=["kept", "not kept"]
)
def test_the_claims_outlive_the_release_where_they_are_to_be_kept(
    render: Render, keep: bool, when_deleted: str
) -> None:
    objects = render(ha(db={"persistence": {"keep": keep}}))
    policy = objects.one("StatefulSet", "db-ha")["spec"]["persistentVolumeClaimRetentionPolicy"]
    assert policy["whenDeleted"] == when_deleted


def test_members_are_kept_apart_on_the_nodes_of_the_database(render: Render) -> None:
    for name in ("db", "db-ha"):
        affinity = template(render(HA), name)["spec"]["affinity"]
        (term,) = affinity["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        labels = template(render(HA), name)["metadata"]["labels"]
        assert term["labelSelector"]["matchLabels"].items() <= labels.items()
        assert "nodeAffinity" in affinity
    soft = template(render(ha(db={"ha": {"antiAffinity": "preferred"}})), "db")["spec"]["affinity"]
    assert list(soft["podAntiAffinity"]) == ["preferredDuringSchedulingIgnoredDuringExecution"]
    alone = template(render(ha(topology="single")), "db")["spec"]["affinity"]
    assert list(alone) == ["podAntiAffinity"]
    # The hook's pod runs beside a member.
    job = render(HA).one("Job", "db-passwords")["spec"]["template"]["spec"]
    assert "podAntiAffinity" not in job["affinity"]


def test_the_services_lead_to_the_leader_and_to_the_replicas(render: Render) -> None:
    config = patroni(render(HA))["kubernetes"]
    for name, role in (("db", config["leader_label_value"]), ("db-ro", config["follower_label_value"])):
        selector = render(HA).one("Service", name)["spec"]["selector"]
        assert selector.pop(config["role_label"]) == role
        assert selector == render().one("Service", "db")["spec"]["selector"]


def test_api_asks_for_a_leader(render: Render) -> None:
    environment = render(HA).pod("api")["containers"][0]["env"]
    (url,) = [variable["value"] for variable in environment if variable["name"] == "DATABASE_URL"]
    assert conninfo_to_dict(url)["target_session_attrs"] == "read-write"


def test_patroni_finds_its_members(render: Render) -> None:
    objects = render(ha(namePrefix="blue"))
    config = patroni(objects, "blue-db-patroni")
    wanted = {**config["kubernetes"]["labels"], config["kubernetes"]["scope_label"]: config["scope"]}
    for name in ("blue-db", "blue-db-ha"):
        assert wanted.items() <= template(objects, name)["metadata"]["labels"].items()
    (rule, *_) = objects.one("Role", "blue-db")["rules"]
    parts = ("config", "leader", "sync", "failover")
    assert rule["resourceNames"] == [f"{config['scope']}-{part}" for part in parts]


def test_only_members_get_a_token_and_only_for_this_namespace(render: Render) -> None:
    objects = render(HA)
    assert not {kind for kind, _ in objects.names()} & {"ClusterRole", "ClusterRoleBinding"}
    mounted = {
        document["metadata"]["name"]
        for document in objects
        if "template" in document.get("spec", {})
        and document["spec"]["template"]["spec"]["automountServiceAccountToken"]
    }
    assert mounted == {"db", "db-ha"}
    verbs = {verb for rule in objects.one("Role", "db")["rules"] for verb in rule["verbs"]}
    assert not verbs & {"*", "delete", "deletecollection"}


def test_the_way_back_gives_up_the_members_account(render: Render) -> None:
    # The API server keeps an account of its own accord; only another one replaces it.
    assert template(render(), "db")["spec"]["serviceAccountName"] == "default"
    assert template(render(HA), "db")["spec"]["serviceAccountName"] == "db"


def test_no_acknowledged_write_is_lost_with_a_node_unless_one_asks_for_it(render: Render) -> None:
    shared = patroni(render(HA))["bootstrap"]["dcs"]
    assert (shared["synchronous_mode"], shared["synchronous_mode_strict"]) == ("quorum", False)
    strict = patroni(render(ha(db={"ha": {"synchronousStrict": True}})))["bootstrap"]["dcs"]
    assert strict["synchronous_mode_strict"] is True
    fast = patroni(render(ha(db={"ha": {"synchronous": False}})))["bootstrap"]["dcs"]
    assert fast["synchronous_mode"] is False


def test_a_member_has_time_to_wait_for_the_first_and_to_shut_down(render: Render) -> None:
    spec = template(render(HA), "db-ha")["spec"]
    *python, command = spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert python == ["python", "-m", "mcapp_db"]
    assert COMMANDS[command] is leave.main
    assert spec["terminationGracePeriodSeconds"] - leave.SETTLE_SECONDS - leave.WAIT_SECONDS > 50


@pytest.mark.parametrize("ttl", [7, 8, 20, 30, 300])
def test_the_times_keep_patronis_rule(render: Render, ttl: int) -> None:
    shared = patroni(render(ha(db={"ha": {"ttl": ttl}})))["bootstrap"]["dcs"]
    assert shared["ttl"] == ttl
    assert shared["retry_timeout"] >= 3
    assert shared["loop_wait"] + 2 * shared["retry_timeout"] <= ttl


def test_another_setting_of_patroni_restarts_the_members(render: Render) -> None:
    given = {"db": {"auth": {"existingSecret": "mine"}}}
    before = render(ha(**given))
    after = render(ha(**merge(given, {"db": {"ha": {"ttl": 30}}})))
    for name in ("db", "db-ha"):
        assert template(before, name) != template(after, name)
        assert template(before, name) == template(render(ha(**merge(given, {"web": {"replicas": 2}}))), name)


def test_the_replicators_password_is_in_the_secret(render: Render) -> None:
    given = render(ha(db={"auth": {"replicationPassword": "s3cret"}})).one("Secret", "postgres-secret")
    assert given["data"]["replication-password"] == "czNjcmV0"
    assert len(render(HA).one("Secret", "postgres-secret")["data"]["replication-password"]) == 32
    assert "replication-password" not in render().one("Secret", "postgres-secret")["data"]
    own = render(ha(db={"auth": {"existingSecret": "mine", "keys": {"replicationPassword": "repl"}}}))
    environment = template(own, "db-ha")["spec"]["containers"][0]["env"]
    secrets = [
        v["valueFrom"]["secretKeyRef"] for v in environment if "secretKeyRef" in v.get("valueFrom", {})
    ]
    assert {"name": "mine", "key": "repl"} in secrets


def test_the_notes_lead_to_the_members_and_to_all_that_is_kept() -> None:
    told = notes(json.dumps(HA))
    assert "exec db-0 -- patronictl" in told
    assert "delete pvc,configmap -l app.kubernetes.io/instance=mcapp,app.kubernetes.io/component=db" in told
    assert "patronictl" not in notes("{}")
