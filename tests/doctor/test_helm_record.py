"""Helm's record of a release, as a real kubectl prints it from what an API server holds."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcapp.doctor.read.reader import Reader
from tests.support.api_server import asking

SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"type": "NodePort"}}
INSTALLED = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())


def secret(number: int, status: str, minute: int) -> dict[str, Any]:
    """Return a revision's Secret: Helm writes it twice, and copies the label modifiedAt of the first one."""
    release = {"manifest": f"---\n{yaml.safe_dump(SERVICE)}", "apply_method": "ssa"}
    packed = base64.b64encode(gzip.compress(json.dumps(release).encode()))
    labels = {"owner": "helm", "name": "mcapp", "version": str(number), "status": status}
    written = {"manager": "helm", "operation": "Update", "time": f"2026-11-29T11:{minute:02}:30Z"}
    metadata = {
        "name": f"sh.helm.release.v1.mcapp.v{number}",
        "namespace": "mcapp",
        "creationTimestamp": f"2026-11-29T11:{minute:02}:00Z",
        "labels": {**labels, "modifiedAt": str(INSTALLED)},
        "managedFields": [{**written, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": {}}],
    }
    return {"metadata": metadata, "data": {"release": base64.b64encode(packed).decode()}}


RESOURCE = {
    "name": "secrets",
    "singularName": "secret",
    "namespaced": True,
    "kind": "Secret",
    "verbs": ["list"],
}
ANSWERS: dict[str, dict[str, Any]] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"]},
    "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": [RESOURCE]},
}


class Server:
    secrets: tuple[dict[str, Any], ...] = ()


def answer(path: str) -> dict[str, Any]:
    listed = {"kind": "SecretList", "apiVersion": "v1", "metadata": {}, "items": list(Server.secrets)}
    return ANSWERS.get(path.partition("?")[0], listed)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with asking(answer, tmp_path, seconds=5) as kubectl:
        yield Reader(kubectl, "mcapp", "mcapp")


def test_a_deployed_revision(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "secrets", (secret(1, "superseded", 1), secret(2, "deployed", 2)))
    seen, manifest = reader.helm()
    assert seen is not None
    assert (seen.good, manifest.objects, manifest.owned) == (1, (SERVICE,), True)


def test_a_failed_revision_has_its_own_time(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Server, "secrets", (secret(1, "deployed", 1), secret(2, "failed", 2)))
    seen, manifest = reader.helm()
    assert seen is not None
    assert seen.last is not None
    assert seen.last.since == datetime(2026, 11, 29, 11, 2, 30, tzinfo=UTC)
    assert (seen.good, manifest.objects, manifest.owned) == (1, (), True)


def test_no_revision(reader: Reader) -> None:
    seen, manifest = reader.helm()
    assert seen is not None
    assert (seen.revisions, manifest.objects, manifest.why) == ((), (), "")
