"""Another size or class for the claim: applied where Kubernetes allows it, else refused beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mcapp.config import CHART
from mcapp.errors import UserError
from tests.e2e.conftest import Up
from tests.e2e.side import BESIDE, Side

pytestmark = pytest.mark.kind
TOPOLOGY = "multi"
CLASS = "grows"


@pytest.fixture(scope="module")
def database(installed: Up) -> Iterator[Side]:
    """A release of nothing but a database, whose StorageClass lets claims grow."""
    cluster, side = installed.cluster, Side.of(installed, "volume")
    (local_path,) = cluster.get("storageclasses")["items"]
    larger = {
        **{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": CLASS}},
        **{"provisioner": local_path["provisioner"], "volumeBindingMode": local_path["volumeBindingMode"]},
        "allowVolumeExpansion": True,
    }
    side.apply_manifest(json.dumps(larger))
    try:
        alone = f"{BESIDE},topology=multi,web.replicas=0,api.replicas=0"
        claim = f"db.persistence.size=1Gi,db.persistence.storageClass={CLASS}"
        side.helm("install", CHART, "--create-namespace", "--set", f"{alone},{claim}", "--wait")
        yield side
    finally:
        side.remove()
        cluster.kubectl("delete", "storageclass", CLASS)


def upgrade(side: Side, **persistence: str) -> str:
    values = ",".join(f"db.persistence.{key}={value}" for key, value in persistence.items())
    return side.helm("upgrade", CHART, "--reuse-values", "--set", values)


def asked(side: Side) -> str:
    return side.kubectl("get", "pvc/postgres-pvc", "--output", "jsonpath={.spec.resources.requests.storage}")


def test_a_claim_grows_where_its_class_allows_it(database: Side) -> None:
    upgrade(database, size="2Gi")
    assert asked(database) == "2Gi"


@pytest.mark.parametrize(
    ("persistence", "said"),
    [
        ({"size": "512Mi"}, r"asks for 2Gi, db\.persistence\.size for 512Mi: a claim cannot shrink"),
        ({"storageClass": "local-path"}, "is of StorageClass grows, which cannot become local-path"),
    ],
    ids=["smaller", "class"],
)
def test_what_no_claim_can_do_is_refused(database: Side, persistence: dict[str, str], said: str) -> None:
    size, history = asked(database), database.helm("history")
    with pytest.raises(UserError, match=rf"NOTHING WAS CHANGED.*{said}"):
        upgrade(database, **persistence)
    assert (asked(database), database.helm("history")) == (size, history)


def test_a_class_that_cannot_grow_is_refused_with_the_way_out(installed: Up) -> None:
    release = installed.release
    before = release.helm("history")
    grown = ("upgrade", CHART, "--reset-then-reuse-values", "--set", "db.persistence.size=6Gi")
    with pytest.raises(UserError, match=r"NOTHING WAS CHANGED.*cannot make a volume larger") as refused:
        release.helm(*grown)
    assert "--set db.persistence.size=5Gi" in str(refused.value)
    assert release.helm("history") == before
    # Without the right to read StorageClasses, Kubernetes itself decides.
    blind = (*grown, "--set", "placement.checkVolume=false", "--dry-run=server")
    assert "6Gi" in release.helm(*blind)
