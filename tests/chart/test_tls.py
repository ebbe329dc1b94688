"""The certificate of the release's own PostgreSQL: made, found again, renewed, given, or by cert-manager."""

from __future__ import annotations

import subprocess
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.render import HA, HelmError, Objects, render, with_lookups

Render = Callable[..., Objects]
DAY = timedelta(days=1)
GIVEN = {"db": {"tls": {"mode": "existingSecret", "existingSecret": "mine"}}}
MANAGED = {"db": {"tls": {"mode": "certManager"}}}
OFF: tuple[Mapping[str, Any], ...] = ({"db": {"tls": {"mode": "off"}}}, {"db": {"tls": {"mode": False}}})


def data(objects: Objects, name: str) -> dict[str, bytes]:
    return {key: b64decode(text) for key, text in objects.one("Secret", name)["data"].items()}


def openssl(*words: str, stdin: bytes) -> str:
    done = subprocess.run(["openssl", *words], input=stdin, capture_output=True, check=False)
    return (done.stdout + done.stderr).decode()


def verified(objects: Objects, folder: Path, name: str) -> bool:
    """Tell whether a client with the CA's certificate takes the server's for this name."""
    made, ca = data(objects, "db-tls"), folder / "ca.crt"
    ca.write_bytes(made["ca.crt"])
    return "stdin: OK" in openssl(
        "verify", "-CAfile", str(ca), "-verify_hostname", name, stdin=made["tls.crt"]
    )


def ends(certificate: bytes) -> datetime:
    shown = openssl("x509", "-noout", "-enddate", "-dateopt", "iso_8601", stdin=certificate)
    return datetime.fromisoformat(shown.strip().removeprefix("notAfter="))


NAMES = ("db", "db.mcapp", "db.mcapp.svc", "db-0.db", "db-ro", "db-2.db-members", "db-2.db-members.mcapp.svc")


@pytest.mark.parametrize("name", NAMES)
def test_a_client_takes_each_name_of_a_server(render: Render, tmp_path: Path, name: str) -> None:
    assert verified(render(HA), tmp_path, name)


@pytest.mark.parametrize("name", ["api", "db.other", "db-3.db-members"])
def test_it_takes_no_other_name(render: Render, tmp_path: Path, name: str) -> None:
    assert not verified(render(HA), tmp_path, name)


def test_key_and_certificate_belong_together_and_only_servers_get_the_key(render: Render) -> None:
    objects = render()
    made = data(objects, "db-tls")
    public = openssl("x509", "-noout", "-pubkey", stdin=made["tls.crt"])
    assert public == openssl("pkey", "-pubout", stdin=made["tls.key"])
    assert made["ca.crt"] == data(objects, "db-ca")["tls.crt"]
    (volume,) = [one for one in objects.pod("db")["volumes"] if one["name"] == "tls"]
    # PostgreSQL refuses a key that others may read.
    assert volume["secret"] == {"secretName": "db-tls", "defaultMode": 0o440}
    (trust,) = [one for one in objects.pod("api")["volumes"] if one["name"] == "db-ca"]
    assert trust["secret"] == {"secretName": "db-tls", "items": [{"key": "ca.crt", "path": "ca.crt"}]}


def test_it_is_valid_for_the_days_asked_for() -> None:
    objects = render({"db": {"tls": {"days": 30}}})
    end = ends(data(objects, "db-tls")["tls.crt"])
    assert abs(end - datetime.now(UTC) - 30 * DAY) < DAY / 24
    told = objects.one("Secret", "db-tls")["metadata"]["annotations"]["mcapp/ends"]
    assert abs(datetime.fromisoformat(told) - end) < timedelta(minutes=1)


def again(folder: Path, left: Mapping[str, timedelta], **values: Any) -> tuple[Objects, Objects]:
    """Return a first rendering, and the next one when so much is left of each Secret's certificate."""
    first = render({"db": {"tls": {"days": 90}}, "namePrefix": ""})
    live = {}
    for name in ("db-ca", "db-tls"):
        secret = first.one("Secret", name)
        notes = dict(secret["metadata"]["annotations"])
        if name in left:
            notes["mcapp/ends"] = (datetime.now(UTC) + left[name]).strftime("%Y-%m-%dT%H:%M:%SZ")
        live[f"v1/Secret/mcapp/{name}"] = {**secret, "metadata": {**secret["metadata"], "annotations": notes}}
    return first, render({"_live": live, **values}, chart=with_lookups(folder))


def test_an_upgrade_keeps_what_is_there(tmp_path: Path) -> None:
    first, second = again(tmp_path, {"db-tls": 31 * DAY})
    for name in ("db-ca", "db-tls"):
        assert data(first, name) == data(second, name)


def test_it_renews_in_the_last_third_by_the_same_ca(tmp_path: Path) -> None:
    first, second = again(tmp_path, {"db-tls": 29 * DAY})
    assert data(first, "db-ca") == data(second, "db-ca")
    assert data(first, "db-tls")["tls.crt"] != data(second, "db-tls")["tls.crt"]
    assert verified(second, tmp_path, "db")
    assert ends(data(second, "db-tls")["tls.crt"]) - datetime.now(UTC) > 89 * DAY


def test_more_members_need_more_names(tmp_path: Path) -> None:
    ha = {"topology": "multi", "db": {"mode": "ha", "ha": {"members": 5}}}
    first, second = again(tmp_path, {}, **ha)
    assert data(first, "db-ca") == data(second, "db-ca")
    assert verified(second, tmp_path, "db-4.db-members")


@pytest.mark.parametrize("days", [30, 3650])
def test_a_second_upgrade_makes_nothing_new(tmp_path: Path, days: int) -> None:
    values = {"db": {"tls": {"days": days}}}
    first = render(values)
    live = {f"v1/Secret/mcapp/{name}": first.one("Secret", name) for name in ("db-ca", "db-tls")}
    second = render({**values, "_live": live}, chart=with_lookups(tmp_path))
    assert data(first, "db-tls") == data(second, "db-tls")


def test_a_ca_at_its_end_takes_the_certificate_along(tmp_path: Path) -> None:
    first, second = again(tmp_path, {"db-ca": 179 * DAY})
    assert data(first, "db-ca") != data(second, "db-ca")
    assert verified(second, tmp_path, "db")


def test_a_given_secret_is_used_and_none_made(render: Render) -> None:
    objects = render(GIVEN)
    assert not {"db-ca", "db-tls"} & {name for _, name in objects.names()}
    used = {
        volume["secret"]["secretName"]
        for tier in ("api", "db")
        for volume in objects.pod(tier)["volumes"]
        if volume["name"] in ("tls", "db-ca")
    }
    assert used == {"mine"}


@pytest.mark.parametrize("name", ["", "lab"])
def test_cert_manager_is_asked(render: Render, name: str) -> None:
    issuer = {"name": name, "kind": "ClusterIssuer", "group": "cert-manager.io"} if name else {}
    objects = render({"db": {"tls": {"mode": "certManager", "certManager": {"issuer": issuer}}}})
    spec = objects.one("Certificate", "db-certificate")["spec"]
    assert (spec["secretName"], spec["duration"]) == ("db-certificate", "2160h")
    # Before the doctor warns.
    assert spec["renewBefore"] == "720h"
    assert {"db", "db.mcapp.svc", "db-0.db"} <= set(spec["dnsNames"])
    own = {
        ("Issuer", "db-ca-certificate"),
        ("Certificate", "db-ca-certificate"),
        ("Issuer", "db-certificate"),
    }
    if name:
        assert not own & objects.names()
        assert spec["issuerRef"] == issuer
    else:
        assert own <= objects.names()
        assert spec["issuerRef"]["name"] == "db-certificate"


@pytest.mark.parametrize("values", OFF, ids=["text", "boolean"])
def test_off_leaves_no_trace(values: Mapping[str, Any]) -> None:
    objects = render(values)
    assert not {"db-ca", "db-tls"} & {name for _, name in objects.names()}
    text = str(list(objects))
    assert "ssl" not in text
    assert "/etc/mcapp/db-" not in text.replace("ca=/etc/mcapp/db-ca/ca.crt", "")


LIVE = "apps/v1/StatefulSet/mcapp/db"


def begins(chart: str, annotations: Mapping[str, str] | None, updated: int = 3, **spec: Any) -> Objects:
    """Return mode ha over members that the chart before has made, or this one."""
    metadata = {"labels": {"mcapp/mode": "ha"}, "annotations": annotations or {}, "generation": 2}
    status = {"updatedReplicas": updated, "readyReplicas": 3, "observedGeneration": 2}
    live = {LIVE: {"metadata": metadata, "spec": {"replicas": 3, **spec}, "status": status}}
    return render({**HA, "_live": live}, chart=chart)


def told_all(objects: Objects) -> dict[str, str]:
    return dict(objects.one("StatefulSet", "db")["metadata"]["annotations"])


def told(objects: Objects) -> str:
    return told_all(objects)["mcapp/tls"]


def patroni(objects: Objects) -> str:
    return str(objects.one("ConfigMap", "db-patroni")["data"]["patroni.yaml"])


def test_members_without_certificates_are_understood_for_one_upgrade(tmp_path: Path) -> None:
    chart = with_lookups(tmp_path)
    first = begins(chart, None)
    annotations = first.one("StatefulSet", "db")["metadata"]["annotations"]
    assert annotations == {"mcapp/tls": "begun", "mcapp/tls-secret": "db-tls"}
    assert 'ssl: "on"' in patroni(first)
    assert "hostssl" not in patroni(first)
    assert "PATRONI_REPLICATION_SSLMODE" not in str(first.pod("db"))
    # Clients ask for no more: the leader may still be without.
    assert "sslmode=prefer" in str(first.pod("api"))
    second = begins(chart, annotations)
    assert told(second) == "required"
    assert "sslmode=verify-full" in str(second.pod("api"))
    assert " host " not in patroni(second)
    assert "PATRONI_REPLICATION_SSLMODE" in str(second.pod("db"))
    probes = second.pod("db")["containers"][0]
    assert probes["readinessProbe"]["httpGet"]["scheme"] == "HTTPS"
    # A move has an upgrade in its middle, and one at its end.
    assert told(begins(chart, annotations, ordinals={"start": 1})) == "begun"
    # Nor is it over while members are still replaced.
    assert told(begins(chart, annotations, updated=2)) == "begun"
    # Another Secret may have another CA.
    assert told(begins(chart, {**told_all(second), "mcapp/tls-secret": "mine"})) == "begun"


WRONG = [
    ({"mode": "existingSecret"}, "at '/db/tls/existingSecret': minLength: got 0, want 1"),
    ({"existingSecret": "mine"}, "at '/db/tls/existingSecret': value must be ''"),
    (
        {"mode": "on"},
        "at '/db/tls/mode': value must be one of 'auto', 'existingSecret', 'certManager', 'off'",
    ),
    ({"mode": "existingSecret", "existingSecret": "db-tls"}, "got 'db-tls', want a Secret of your own"),
    ({"days": 3}, "at '/db/tls/days': minimum: got 3, want 30"),
]


@pytest.mark.parametrize(("tls", "says"), WRONG, ids=[says[4:60] for _, says in WRONG])
def test_wrong_values_are_refused(tls: dict[str, Any], says: str) -> None:
    with pytest.raises(HelmError, match="db/tls") as told:
        render({"db": {"tls": tls}})
    assert says in str(told.value)
