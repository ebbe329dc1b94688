"""Where the two passwords come from."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256

import pytest

from tests.support.render import Objects, render

GIVEN = {"superuserPassword": "s3cret", "appPassword": "hunter2"}


def secret(objects: Objects) -> dict[str, str]:
    data = objects.one("Secret", "postgres-secret")["data"]
    return {key: b64decode(value).decode() for key, value in data.items()}


def asked(objects: Objects) -> set[tuple[str, str]]:
    """Return every (Secret, key) that an environment variable of a pod is filled from."""
    return {
        (source["name"], source["key"])
        for tier in ("api", "db")
        for variable in objects.pod(tier)["containers"][0]["env"]
        if (source := variable.get("valueFrom", {}).get("secretKeyRef"))
    }


def test_given_ones_are_taken() -> None:
    objects = render({"db": {"auth": GIVEN}})
    assert secret(objects) == {"superuser-password": "s3cret", "app-password": "hunter2"}


def test_others_are_random_and_long() -> None:
    first, second = secret(render()), secret(render(release="other"))
    assert all(len(password) == 24 for password in first.values())
    assert len({*first.values(), *second.values()}) == 4


def test_the_checksum_is_that_of_the_secret_in_the_same_rendering() -> None:
    objects = render()
    annotations = objects.one("Deployment", "api")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["checksum/password"] == sha256(secret(objects)["app-password"].encode()).hexdigest()


def test_every_rollback_may_bring_other_passwords_and_takes_them_to_the_database() -> None:
    objects = render({"db": {"auth": GIVEN}})
    carried = {key: b64decode(value) for key, value in objects.one("Secret", "db-passwords")["data"].items()}
    assert carried == {"superuser": b"s3cret", "app": b"hunter2"}
    for kind in ("Secret", "Job"):
        annotations = objects.one(kind, "db-passwords")["metadata"]["annotations"]
        # That an upgrade needs it too shows only beside a live Secret.
        assert annotations["helm.sh/hook"] == "pre-rollback"
    container = objects.one("Job", "db-passwords")["spec"]["template"]["spec"]["containers"][0]
    sources = {
        variable["name"]: tuple(variable["valueFrom"]["secretKeyRef"].values())
        for variable in container["env"]
        if "valueFrom" in variable
    }
    assert sources == {
        "LIVE_SUPERUSER": ("postgres-secret", "superuser-password"),
        "LIVE_APP": ("postgres-secret", "app-password"),
        # There in mode ha only: by it the Job sees a rollback to another mode.
        "LIVE_REPLICATION": ("postgres-secret", "replication-password", True),
        "NEXT_SUPERUSER": ("db-passwords", "superuser"),
        "NEXT_APP": ("db-passwords", "app"),
    }


def test_a_reset_happens_before_the_server_starts_and_only_when_asked_for() -> None:
    assert "initContainers" not in render().pod("db")
    (reset,) = render({"db": {"auth": {"resetPasswords": True}}}).pod("db")["initContainers"]
    assert {variable["name"] for variable in reset["env"]} == {"PGDATA", "POSTGRES_PASSWORD", "APP_PASSWORD"}


@pytest.mark.parametrize("prefix", ["", "blue"])
def test_an_existing_secret_is_used_and_none_made(prefix: str) -> None:
    keys = {"superuserPassword": "root", "appPassword": "app"}
    auth = {"existingSecret": "mine", "keys": keys}
    tls = {"mode": "existingSecret", "existingSecret": "certificate"}
    objects = render({"namePrefix": prefix, "db": {"auth": auth, "tls": tls}})
    # Nor is anything changed in it or in the database.
    assert not [name for kind, name in objects.names() if kind == "Secret" or name.endswith("db-passwords")]
    pods = [
        document["spec"]["template"]["spec"]
        for document in objects
        if document["kind"] in ("Deployment", "StatefulSet")
    ]
    seen = {
        (variable["valueFrom"]["secretKeyRef"]["name"], variable["valueFrom"]["secretKeyRef"]["key"])
        for pod in pods
        for variable in pod["containers"][0]["env"]
        if "secretKeyRef" in variable.get("valueFrom", {})
    }
    assert seen == {("mine", "root"), ("mine", "app")}


def test_the_releases_own_secret_holds_every_key_that_is_asked_for() -> None:
    objects = render()
    assert asked(objects) == {("postgres-secret", key) for key in secret(objects)}
