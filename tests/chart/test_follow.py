"""In the middle of a move to another mode: who serves meanwhile, and who follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.chart.test_ha_objects import ha, members, patroni
from tests.chart.test_live_mode import GIVEN, HOLDS_HA, HOLDS_ONE, RUNS_ONE, STATE, copied, on
from tests.support.definitions import validate_native
from tests.support.render import HA, KUBERNETES, Objects

__all__ = ["copied"]
Render = Callable[..., Objects]
FOLLOW: dict[str, Any] = {"ha": {"follow": True}}


def test_the_name_of_the_server_stays_free(render: Render) -> None:
    for count in (3, 5):
        spec = members(render(ha(db={"ha": {"follow": True, "members": count}})))
        assert (spec["ordinals"], spec["replicas"]) == ({"start": 1}, count - 1)
    assert "ordinals" not in members(render(HA))


def test_patroni_copies_from_the_server(render: Render) -> None:
    objects = render(ha(namePrefix="blue", db=FOLLOW))
    assert patroni(objects, "blue-db-patroni")["bootstrap"]["dcs"].pop("standby_cluster") == {
        "host": "blue-db-source",
        "port": 5432,
        "primary_slot_name": "mcapp_move",
        "create_replica_methods": ["basebackup"],
    }
    source = objects.one("Service", "blue-db-source")["spec"]
    assert source["selector"]["statefulset.kubernetes.io/pod-name"] == "blue-db-0"
    # The server has no label of a member.
    assert "mcapp/mode" not in source["selector"]
    # A member asks DNS for that name.
    policy = render(ha(db=FOLLOW)).one("NetworkPolicy", "db")["spec"]["egress"]
    assert any(port["port"] == 53 for rule in policy for port in rule["ports"])


def test_nobody_rolls_back_to_it(render: Render) -> None:
    for values, to in ((ha(db=FOLLOW), "move"), (HA, "ha"), ({"db": FOLLOW}, "move"), ({}, "standalone")):
        (container,) = render(values).one("Job", "db-passwords")["spec"]["template"]["spec"]["containers"]
        assert {"name": "ROLLBACK_TO", "value": to} in container["env"]


def test_no_member_restarts_when_it_ends(render: Render) -> None:
    # Passwords that are drawn are others in each rendering.
    auth = {"auth": GIVEN}
    during, after = render(ha(db={**FOLLOW, **auth})), render(ha(db=auth))
    assert members(during)["template"] == members(after)["template"]
    assert "standby_cluster" not in patroni(after)["bootstrap"]["dcs"]
    config = patroni(during)
    del config["bootstrap"]["dcs"]["standby_cluster"]
    assert config == patroni(after)
    assert during.names() - after.names() == {("Service", "db-source")}


@pytest.mark.parametrize("minor", [KUBERNETES[0], KUBERNETES[-1]])
def test_every_object_is_valid(render: Render, minor: str) -> None:
    for document in render(ha(db=FOLLOW)):
        validate_native(document, minor)


def test_beside_the_data_of_one_server_it_is_let_through(copied: str) -> None:
    on(copied, dict(HA), RUNS_ONE, HOLDS_ONE, ha={"follow": True})
    on(copied, dict(HA), HOLDS_ONE, ha={"follow": True})


ONE: dict[str, Any] = {"topology": "multi", "db": FOLLOW}


def test_the_server_serves_while_the_members_follow(render: Render) -> None:
    service = render(ha(namePrefix="blue", db=FOLLOW)).one("Service", "blue-db")
    assert service["spec"]["selector"]["statefulset.kubernetes.io/pod-name"] == "blue-db-0"
    # Kubernetes gives its labels to the Endpoints, in which Patroni keeps the lease.
    assert service["metadata"]["labels"]["mcapp/cluster"] == "blue-db"


def test_the_members_serve_while_the_one_server_follows(render: Render) -> None:
    during, before, after = render(ONE), render(HA), render({"topology": "multi"})
    assert "selector" not in during.one("Service", "db")["spec"]
    assert during.one("Service", "db") == before.one("Service", "db")
    for name in ("Role", "RoleBinding", "ServiceAccount"):
        assert during.one(name, "db") == before.one(name, "db")
    assert patroni(during) == patroni(before)
    # The one server is as it is afterwards, so it need not start again.
    assert during.one("StatefulSet", "db") == after.one("StatefulSet", "db")
    (policy,) = [
        one["spec"]["egress"]
        for one in during
        if one["kind"] == "NetworkPolicy" and one["metadata"]["name"] == "db"
    ]
    assert {port["port"] for rule in policy for port in rule["ports"]} >= {53, 5432, 8008}


def test_a_move_lets_itself_through_to_one_server(copied: str) -> None:
    on(copied, {"topology": "multi"}, HOLDS_HA, STATE, HOLDS_ONE, ha={"follow": True})
    on(copied, {"topology": "multi"}, RUNS_ONE, HOLDS_HA, STATE, HOLDS_ONE)
