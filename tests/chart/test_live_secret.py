"""Passwords of a live Secret that hold a line break or a NUL stop a rendering before anything is changed."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.support.render import HelmError, render, with_lookups

OWN = {"auth": {"existingSecret": "mine", "keys": {"superuserPassword": "root"}}}


@pytest.fixture
def copied(tmp_path: Path) -> str:
    return with_lookups(tmp_path)


def live(name: str, data: dict[str, str], volume: str = "") -> dict[str, Any]:
    """Return what the cluster would answer: a Secret, and the claim with its volume."""
    encoded = {key: b64encode(text.encode()).decode() for key, text in data.items()}
    return {
        f"v1/Secret/mcapp/{name}": {"data": encoded},
        "v1/PersistentVolumeClaim/mcapp/postgres-pvc": {
            "spec": {"volumeName": volume, "resources": {"requests": {"storage": "5Gi"}}}
        },
    }


@pytest.mark.parametrize("end", ["\n", "\r", "\0", "\nb"])
@pytest.mark.parametrize(
    ("db", "secret", "key"),
    [
        (OWN, "mine", "root"),
        (OWN, "mine", "app-password"),
        ({}, "postgres-secret", "superuser-password"),
        ({}, "postgres-secret", "app-password"),
    ],
)
def test_a_first_start_is_refused_by_the_key(
    copied: str, db: dict[str, Any], secret: str, key: str, end: str
) -> None:
    others = dict.fromkeys(("root", "superuser-password", "app-password"), "good")
    with pytest.raises(HelmError) as told:
        render({"db": db, "_live": live(secret, {**others, key: f"pw{end}"})}, chart=copied)
    assert f"NOTHING WAS CHANGED. The password in Secret {secret}, key {key}, holds a line break" in str(
        told.value
    )


def test_a_good_secret_and_one_that_is_not_there_pass(copied: str) -> None:
    good = {"root": "it's $x", "app-password": "b"}
    for answers in (live("mine", good), live("mine", {}), live("other", {"root": "pw\n"})):
        render({"db": OWN, "_live": answers}, chart=copied)


def test_a_server_that_has_its_data_goes_on_unless_its_passwords_are_reset(copied: str) -> None:
    answers = live("mine", {"root": "pw\n", "app-password": "b"}, volume="pvc-1")
    render({"db": OWN, "_live": answers}, chart=copied)
    reset = {"auth": {**OWN["auth"], "resetPasswords": True}}
    with pytest.raises(HelmError, match="key root, holds a line break"):
        render({"db": reset, "_live": answers}, chart=copied)
