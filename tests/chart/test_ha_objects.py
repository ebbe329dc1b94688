"""The mode in which the database is several servers: what is made then, and what Patroni needs of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from mcapp.genvalues.values import merge
from tests.support.definitions import validate_native
from tests.support.render import HA, KUBERNETES, HelmError, Objects, notes

Render = Callable[..., Objects]

MORE = {
    ("ConfigMap", "db-patroni"),
    ("PodDisruptionBudget", "db"),
    ("Role", "db"),
    ("RoleBinding", "db"),
    ("Service", "db-config"),
    ("Service", "db-members"),
    ("Service", "db-ro"),
    ("Service", "db-sync"),
    ("ServiceAccount", "db"),
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


def members(objects: Objects, name: str = "db") -> dict[str, Any]:
    """Return what the StatefulSet asks for."""
    spec: dict[str, Any] = objects.one("StatefulSet", name)["spec"]
    return spec


def patroni(objects: Objects, name: str = "db-patroni") -> dict[str, Any]:
    """Return Patroni's configuration."""
    document: dict[str, Any] = yaml.safe_load(objects.one("ConfigMap", name)["data"]["patroni.yaml"])
    return document


def environment(objects: Objects) -> dict[str, Any]:
    """Return the variables of a member's container that have a value."""
    return {v["name"]: v.get("value") for v in objects.pod("db")["containers"][0]["env"]}


def test_it_adds_to_what_standalone_has_but_for_the_claim(render: Render) -> None:
    one = render({"topology": "multi"}).names()
    assert render(HA).names() - one == MORE
    assert one - render(HA).names() == {("PersistentVolumeClaim", "postgres-pvc")}
    prefixed = render(ha(namePrefix="blue")).names()
    assert prefixed == {(kind, f"blue-{name}") for kind, name in render(HA).names()}


@pytest.mark.parametrize("minor", [KUBERNETES[0], KUBERNETES[-1]])
def test_every_object_is_valid(render: Render, minor: str) -> None:
    for document in render(HA):
        validate_native(document, minor)


@pytest.mark.parametrize("count", [3, 5])
def test_one_statefulset_has_all_members_with_a_claim_each(render: Render, count: int) -> None:
    spec = members(render(ha(db={"ha": {"members": count}})))
    assert spec["replicas"] == count
    assert [claim["metadata"]["name"] for claim in spec["volumeClaimTemplates"]] == ["data"]
    assert (spec["podManagementPolicy"], spec["updateStrategy"]) == (
        "Parallel",
        {"type": "RollingUpdate"},
    )
    assert not [volume for volume in spec["template"]["spec"]["volumes"] if volume["name"] == "data"]


@pytest.mark.parametrize("count", [1, 2, 4, 7])
def test_the_number_of_members_is_one_that_can_have_a_majority(render: Render, count: int) -> None:
    with pytest.raises(HelmError, match="at '/db/ha/members': value must be one of 3, 5"):
        render(ha(db={"ha": {"members": count}}))


def test_no_version_is_where_it_could_never_be_changed(render: Render) -> None:
    fixed = {key: value for key, value in members(render(HA)).items() if key not in CHANGEABLE}
    assert "0.2.0" not in json.dumps(fixed)


def test_it_never_takes_over_the_pod_of_one_server(render: Render) -> None:
    chosen = members(render(HA))["selector"]["matchLabels"]
    single = members(render({"topology": "multi"}))["template"]["metadata"]["labels"]
    assert not chosen.items() <= single.items()
    assert chosen.items() <= members(render(HA))["template"]["metadata"]["labels"].items()


@pytest.mark.parametrize(
    ("keep", "when_deleted"), [(True, "Retain"), (False, "Delete")], ids=["kept", "not kept"]
)
def test_the_claims_outlive_the_release_with_patronis_state(
    render: Render, keep: bool, when_deleted: str
) -> None:
    objects = render(ha(db={"persistence": {"keep": keep}}))
    assert members(objects)["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == when_deleted
    for name in ("db-config", "db-sync"):
        annotations = objects.one("Service", name)["metadata"].get("annotations", {})
        assert (annotations.get("helm.sh/resource-policy") == "keep") is keep


def test_members_are_kept_apart_on_the_nodes_of_the_database(render: Render) -> None:
    affinity = render(HA).pod("db")["affinity"]
    (term,) = affinity["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    labels = members(render(HA))["template"]["metadata"]["labels"]
    assert term["labelSelector"]["matchLabels"].items() <= labels.items()
    assert "nodeAffinity" in affinity
    soft = render(ha(db={"ha": {"antiAffinity": "preferred"}})).pod("db")["affinity"]
    assert list(soft["podAntiAffinity"]) == ["preferredDuringSchedulingIgnoredDuringExecution"]
    assert list(render(ha(topology="single")).pod("db")["affinity"]) == ["podAntiAffinity"]
    # The hook's pod runs beside a member.
    job = render(HA).one("Job", "db-passwords")["spec"]["template"]["spec"]
    assert "podAntiAffinity" not in job["affinity"]


def test_one_member_at_a_time_may_be_away(render: Render) -> None:
    budget = render(HA).one("PodDisruptionBudget", "db")["spec"]
    assert budget["maxUnavailable"] == 1
    labels = members(render(HA))["template"]["metadata"]["labels"]
    assert budget["selector"]["matchLabels"].items() <= labels.items()


@pytest.mark.parametrize("prefix", ["", "blue"])
def test_patroni_alone_writes_where_the_leaders_service_sends(render: Render, prefix: str) -> None:
    objects = render(ha(namePrefix=prefix))
    stem = f"{prefix}-" if prefix else ""
    config = patroni(objects, f"{stem}db-patroni")
    service = objects.one("Service", f"{stem}db")
    assert "selector" not in service["spec"]
    assert "publishNotReadyAddresses" not in service["spec"]
    assert config["kubernetes"]["use_endpoints"] is True
    # Patroni's Endpoints have its scope as their name.
    assert config["scope"] == service["metadata"]["name"]
    (port,) = service["spec"]["ports"]
    assert config["kubernetes"]["ports"] == [{"name": port["name"], "port": port["port"]}]
    assert environment(objects)["PATRONI_KUBERNETES_POD_IP"] == "$(POD_IP)"


def test_the_other_services(render: Render) -> None:
    objects = render(HA)
    config = patroni(objects)["kubernetes"]
    selector = objects.one("Service", "db-ro")["spec"]["selector"]
    assert selector.pop(config["role_label"]) == config["follower_label_value"]
    labels = members(objects)["template"]["metadata"]["labels"]
    assert selector.items() <= labels.items()
    # The members' names are there before they are ready: they need each other for that.
    governing = objects.one("Service", members(objects)["serviceName"])["spec"]
    assert (governing["clusterIP"], governing["publishNotReadyAddresses"]) == ("None", True)
    assert governing["selector"].items() <= labels.items()
    for name in ("db-config", "db-sync"):
        assert objects.one("Service", name)["spec"] == {"clusterIP": "None"}


def test_helm_test_looks_a_member_up(render: Render) -> None:
    for values, name in (
        (HA, "db-0.db-members"),
        ({}, "db-0.db"),
        (ha(namePrefix="b"), "b-db-0.b-db-members"),
    ):
        (job,) = [
            d
            for d in render(values)
            if d["metadata"]["name"].endswith("test-database") and d["kind"] == "Job"
        ]
        assert name in job["spec"]["template"]["spec"]["containers"][0]["command"]


def test_api_asks_for_a_leader(render: Render) -> None:
    variables = render(HA).pod("api")["containers"][0]["env"]
    (url,) = [variable["value"] for variable in variables if variable["name"] == "DATABASE_URL"]
    assert conninfo_to_dict(url)["target_session_attrs"] == "read-write"


@pytest.mark.parametrize("prefix", ["", "blue"])
def test_the_members_have_the_rights_that_patroni_needs_and_no_other(render: Render, prefix: str) -> None:
    stem = f"{prefix}-" if prefix else ""
    objects = render(ha(namePrefix=prefix, db={"ha": {"members": 5}}))
    rights = {
        (*rule["apiGroups"], resource, verb, tuple(rule.get("resourceNames", ())))
        for rule in objects.one("Role", f"{stem}db")["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    state = tuple(f"{stem}db{part}" for part in ("", "-config", "-failover", "-sync"))
    assert rights == {
        ("", "endpoints", "get", state),
        ("", "endpoints", "patch", state),
        ("", "endpoints", "create", ()),
        ("", "endpoints", "list", ()),
        ("", "endpoints", "watch", ()),
        ("", "pods", "list", ()),
        ("", "pods", "watch", ()),
        ("", "pods", "patch", tuple(f"{stem}db-{number}" for number in range(5))),
        ("", "secrets", "get", (f"{stem}postgres-secret",)),
    }
    assert not {kind for kind, _ in objects.names()} & {"ClusterRole", "ClusterRoleBinding"}


def test_only_members_get_a_token(render: Render) -> None:
    mounted = {
        document["metadata"]["name"]
        for document in render(HA)
        if "template" in document.get("spec", {})
        and document["spec"]["template"]["spec"]["automountServiceAccountToken"]
    }
    assert mounted == {"db"}


def test_patroni_finds_its_members(render: Render) -> None:
    objects = render(ha(namePrefix="blue"))
    config = patroni(objects, "blue-db-patroni")
    wanted = {**config["kubernetes"]["labels"], config["kubernetes"]["scope_label"]: config["scope"]}
    assert wanted.items() <= members(objects, "blue-db")["template"]["metadata"]["labels"].items()


def test_no_acknowledged_write_is_lost_with_a_node_unless_one_asks_for_it(render: Render) -> None:
    shared = patroni(render(HA))["bootstrap"]["dcs"]
    assert (shared["synchronous_mode"], shared["synchronous_mode_strict"]) == ("quorum", False)
    strict = patroni(render(ha(db={"ha": {"synchronousStrict": True}})))["bootstrap"]["dcs"]
    assert strict["synchronous_mode_strict"] is True
    fast = patroni(render(ha(db={"ha": {"synchronous": False}})))["bootstrap"]["dcs"]
    assert fast["synchronous_mode"] is False


@pytest.mark.parametrize("ttl", [20, 21, 30, 300])
def test_the_times_keep_patronis_rule(render: Render, ttl: int) -> None:
    shared = patroni(render(ha(db={"ha": {"ttl": ttl}})))["bootstrap"]["dcs"]
    assert shared["ttl"] == ttl
    assert shared["retry_timeout"] >= 3
    assert shared["loop_wait"] + 2 * shared["retry_timeout"] <= ttl


def test_a_lease_is_not_shorter_than_patroni_allows(render: Render) -> None:
    assert patroni(render(HA))["bootstrap"]["dcs"]["ttl"] == 20
    with pytest.raises(HelmError, match="at '/db/ha/ttl': minimum: got 19, want 20"):
        render(ha(db={"ha": {"ttl": 19}}))


def test_another_setting_of_patroni_restarts_the_members(render: Render) -> None:
    given = {"db": {"auth": {"existingSecret": "mine"}}}
    before = members(render(ha(**given)))["template"]
    assert before != members(render(ha(**merge(given, {"db": {"ha": {"ttl": 30}}}))))["template"]
    assert before == members(render(ha(**merge(given, {"web": {"replicas": 2}}))))["template"]


def test_the_replicators_password_is_in_the_secret(render: Render) -> None:
    given = render(ha(db={"auth": {"replicationPassword": "s3cret"}})).one("Secret", "postgres-secret")
    assert given["data"]["replication-password"] == "czNjcmV0"
    assert len(render(HA).one("Secret", "postgres-secret")["data"]["replication-password"]) == 32
    assert "replication-password" not in render().one("Secret", "postgres-secret")["data"]
    own = render(ha(db={"auth": {"existingSecret": "mine", "keys": {"replicationPassword": "repl"}}}))
    variables = own.pod("db")["containers"][0]["env"]
    secrets = [v["valueFrom"]["secretKeyRef"] for v in variables if "secretKeyRef" in v.get("valueFrom", {})]
    assert {"name": "mine", "key": "repl"} in secrets


def test_the_notes_lead_to_the_members_and_to_all_that_is_kept() -> None:
    told = notes(json.dumps(HA))
    assert "exec db-0 -- patronictl" in told
    labels = "app.kubernetes.io/instance=mcapp,app.kubernetes.io/component=db"
    assert f"delete pvc,services,endpoints,secrets -l {labels}" in told
    assert "get pvc data-db-0 -o" in told
    assert "patronictl" not in notes("{}")
