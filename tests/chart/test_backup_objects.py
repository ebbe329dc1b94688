"""Backups by a schedule: nothing until it is on, then a CronJob that reaches db and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from mcapp.config import CHART
from tests.chart.test_hardening import scored
from tests.chart.test_objects import OBJECTS
from tests.chart.test_policies import ENDS, RELEASE, End, reaches
from tests.support.definitions import validate_native
from tests.support.render import KUBERNETES, Objects

Render = Callable[..., Objects]
ON = {"backup": {"enabled": True}}
MADE = {
    ("ConfigMap", "db-backup"),
    ("CronJob", "db-backup"),
    ("Job", "backup-volume"),
    ("NetworkPolicy", "db-backup"),
    ("PersistentVolumeClaim", "backup-pvc"),
}


def own(objects: Objects) -> set[tuple[str, str]]:
    """Return the objects beyond the usual ones; the Job's name ends with a digest of what it does."""
    return {(kind, re.sub("-[0-9a-f]{8}$", "", name)) for kind, name in objects.names() - OBJECTS}


def job(objects: Objects, name: str = "db-backup") -> dict[str, Any]:
    spec: dict[str, Any] = objects.one("CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return spec


def test_it_adds_its_objects_and_changes_no_pod_but_its_own(render: Render) -> None:
    assert own(render(ON)) == MADE
    for tier in ("web", "api", "db"):
        assert render(ON).pod(tier) == render().pod(tier)
    prefixed = render({**ON, "namePrefix": "blue"})
    assert own(prefixed) == {(kind, f"blue-{name}") for kind, name in OBJECTS | MADE}
    assert {volume["name"]: volume for volume in job(prefixed, "blue-db-backup")["volumes"]}["backups"] == {
        "name": "backups",
        "persistentVolumeClaim": {"claimName": "blue-backup-pvc"},
    }


@pytest.mark.parametrize("minor", [KUBERNETES[0], KUBERNETES[-1]])
def test_kubernetes_takes_it_and_nothing_is_critical(render: Render, minor: str) -> None:
    given = {"backup": {"enabled": True, "timeZone": "Asia/Taipei", "persistence": {"storageClass": "fast"}}}
    for document in render(given):
        validate_native(document, minor)
    found = scored(render(given))
    assert found.returncode == 0, found.stdout
    assert "[OK] db-backup batch/v1/CronJob" in found.stdout


def test_one_backup_at_a_time_by_the_schedule(render: Render) -> None:
    given = {"schedule": "*/5 * * * *", "keep": 3, "suspend": True, "timeoutSeconds": 90}
    spec = render({"backup": {"enabled": True, **given}}).one("CronJob", "db-backup")["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"], spec["suspend"]) == ("*/5 * * * *", "Forbid", True)
    assert "timeZone" not in spec
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 90
    (container,) = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert {"name": "KEEP", "value": "3"} in container["env"]
    assert "value" not in next(one for one in container["env"] if one["name"] == "PGPASSWORD")


def test_it_carries_the_files_that_backup_py_uses(render: Render) -> None:
    data = render(ON).one("ConfigMap", "db-backup")["data"]
    for name in ("backup.sh", "backup.sql", "fingerprint.sql"):
        assert data[name] == (CHART / "files" / "backup" / name).read_text()


def test_it_reaches_the_database_and_nothing_else_and_only_while_it_is_on(render: Render) -> None:
    ENDS["db-backup"] = End({**RELEASE, "app.kubernetes.io/component": "db-backup"})
    try:
        assert reaches(render(ON), "db-backup", "db", 5432)
        assert reaches(render(ON), "db-backup", "dns", 53, "UDP")
        for other, port in (("api", 8000), ("web", 8080), ("outside", 443), ("stranger", 8080)):
            assert not reaches(render(ON), "db-backup", other, port)
        assert not reaches(render(ON), "outside", "db-backup", 5432)
        assert not reaches(render(), "db-backup", "db", 5432)
    finally:
        del ENDS["db-backup"]


def test_in_multi_it_stays_off_the_database_s_node(render: Render) -> None:
    multi = {"topology": "multi"}
    assert job(render({**ON, **multi}))["affinity"] == render(multi).pod("api")["affinity"]
    chosen = {"backup": {"enabled": True, "affinity": {"nodeAffinity": {}}, "nodeSelector": {"disk": "big"}}}
    assert job(render({**multi, **chosen}))["affinity"] == {"nodeAffinity": {}}
    assert job(render(chosen))["nodeSelector"] == {"disk": "big"}


def test_the_volume_s_job_gets_another_name_with_another_content(render: Render) -> None:
    def name(image: str) -> str:
        jobs = {
            name for kind, name in render({**ON, "db": {"image": {"tag": image}}}).names() if kind == "Job"
        }
        (found,) = (name for name in jobs if name.startswith("backup-volume-"))
        return found

    assert name("16") == name("16") != name("16.1")


@pytest.mark.parametrize("keep", [True, False])
def test_backups_are_kept_when_the_release_goes(render: Render, keep: bool) -> None:
    given = {"backup": {"enabled": True, "persistence": {"keep": keep}}}
    annotations = render(given).one("PersistentVolumeClaim", "backup-pvc")["metadata"].get("annotations", {})
    assert annotations.get("helm.sh/resource-policy") == ("keep" if keep else None)
