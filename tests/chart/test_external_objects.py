"""The mode in which the database is somebody else's: what is made then, and how api finds it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict

from mcapp.genvalues.values import merge
from tests.support.definitions import validate_native
from tests.support.render import EXTERNAL, KUBERNETES, Objects, notes

Render = Callable[..., Objects]

OBJECTS = {
    ("ConfigMap", "test-chain"),
    ("ConfigMap", "test-database"),
    ("Deployment", "api"),
    ("Deployment", "web"),
    ("Job", "test-chain"),
    ("Job", "test-database"),
    ("NetworkPolicy", "api"),
    ("NetworkPolicy", "default-deny"),
    ("NetworkPolicy", "test"),
    ("NetworkPolicy", "test-database"),
    ("NetworkPolicy", "web"),
    ("PodDisruptionBudget", "api"),
    ("Service", "api"),
    ("Service", "web"),
}


def external(**values: Any) -> dict[str, Any]:
    """Return values of the mode with these ones of db.external on top."""
    return merge(EXTERNAL, {"db": {"external": values}})


def environment(objects: Objects) -> dict[str, Any]:
    """Return what api is told: a value, or the (Secret, key) that it is taken from."""
    found = {}
    for variable in objects.pod("api")["containers"][0]["env"]:
        source = variable.get("valueFrom", {}).get("secretKeyRef")
        found[variable["name"]] = (source["name"], source["key"]) if source else variable.get("value")
    return found


def address(objects: Objects) -> dict[str, Any]:
    """Return how libpq reads the DATABASE_URL of api."""
    return dict(conninfo_to_dict(environment(objects)["DATABASE_URL"]))


def test_nothing_of_a_database_is_made(render: Render) -> None:
    assert render(EXTERNAL).names() == OBJECTS
    prefixed = render({**EXTERNAL, "namePrefix": "blue"})
    assert prefixed.names() == {(kind, f"blue-{name}") for kind, name in OBJECTS}


def test_every_object_is_valid(render: Render) -> None:
    for minor in (KUBERNETES[0], KUBERNETES[-1]):
        for document in render(EXTERNAL):
            validate_native(document, minor)


def test_api_finds_the_server_and_logs_in_as_it_was_told(render: Render) -> None:
    given = external(port=6432, user="mcapp", keys={"password": "PG_PASSWORD"})
    objects = render(merge(given, {"db": {"database": "lab-3"}}))
    assert address(objects) == {
        **{"host": "pg.lab.example", "port": "6432", "dbname": "lab-3", "sslmode": "verify-full"},
        "sslrootcert": "/etc/mcapp/db-ca/ca.crt",
    }
    told = environment(objects)
    assert (told["PGUSER"], told["PGPASSWORD"]) == ("mcapp", ("pg", "PG_PASSWORD"))


@pytest.mark.parametrize("host", ["192.0.2.7", "2001:db8::7", "db", "pg-rw.databases.svc"])
def test_a_host_may_be_a_name_or_an_address(render: Render, host: str) -> None:
    assert address(render(external(host=host)))["host"] == host


@pytest.mark.parametrize("mode", ["verify-ca", "verify-full"])
def test_the_ca_is_mounted_where_it_is_needed(render: Render, mode: str) -> None:
    objects = render(external(sslMode=mode, keys={"ca": "root.pem"}))
    pod = objects.pod("api")
    assert {"name": "db-ca", "mountPath": "/etc/mcapp/db-ca", "readOnly": True} in pod["containers"][0][
        "volumeMounts"
    ]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == "db-ca"]
    assert volume["secret"] == {"secretName": "pg-ca", "items": [{"key": "root.pem", "path": "ca.crt"}]}
    assert address(objects)["sslmode"] == mode


@pytest.mark.parametrize("mode", ["disable", "require"])
def test_without_a_ca_nothing_is_mounted(render: Render, mode: str) -> None:
    objects = render(external(sslMode=mode, caSecret=""))
    assert "db-ca" not in json.dumps(list(objects))
    query = parse_qs(urlsplit(environment(objects)["DATABASE_URL"]).query)
    assert query == {"sslmode": [mode]}


def test_the_own_database_is_asked_by_its_own_way(render: Render) -> None:
    checks = "?sslmode=verify-full&sslrootcert=/etc/mcapp/db-ca/ca.crt"
    assert environment(render())["DATABASE_URL"] == f"postgresql://db:5432/appdb{checks}"
    assert environment(render())["PGUSER"] == "app"


def test_the_notes_name_the_server_and_promise_nothing_of_ours() -> None:
    told = notes(json.dumps(EXTERNAL))
    assert "outside of this release, at pg.lab.example:5432 (sslmode verify-full)" in told
    assert "`helm uninstall` leaves them and the Secret pg alone" in told
    assert "postgres-pvc" not in told


def test_the_notes_lead_renderers_to_a_secret_of_ones_own() -> None:
    way = "db.auth.existingSecret"
    assert way in notes("{}")
    assert way not in notes(json.dumps(EXTERNAL))
    own = notes(json.dumps({"db": {"auth": {"existingSecret": "mine"}}}))
    assert way not in own
    # The Secret is not ours to delete.
    assert "delete pvc/postgres-pvc\n" in own
