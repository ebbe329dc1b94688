"""A Service that leads elsewhere, or takes no TCP: one cause, and one remedy that mends all of it."""

from __future__ import annotations

import copy
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dev.kind.programs import command
from mcapp.doctor.checks import changed, services
from mcapp.doctor.finding import Diagnosis, Finding
from mcapp.doctor.read.manifest import Manifest
from mcapp.doctor.read.snapshot import Object, Snapshot
from tests.doctor.test_changed import MULTI, manifest, one, served
from tests.support.render import HA

ELSEWHERE = {"type": "ExternalName", "externalName": "db.example.com"}


def patched(item: Object, finding: Finding, folder: Path) -> Object:
    """Return the Service as the finding's one command leaves it."""
    (step,) = finding.steps
    file = folder / "live.json"
    file.write_text(json.dumps(item))
    flags = [word for word in step.kubectl if word.startswith("--type")]
    words = [
        str(command("kubectl")),
        "patch",
        "--local",
        "-f",
        str(file),
        *flags,
        "--patch",
        step.kubectl[-1],
    ]
    done = subprocess.run([*words, "-o", "json"], check=True, capture_output=True)
    found: Object = json.loads(done.stdout)
    return found


def look(live: list[Object], wanted: list[Object] | None) -> tuple[Finding, list[Finding]]:
    """Return the layer's one finding as it is reported, and what the comparison finds by itself."""
    live = sorted(live, key=lambda item: str(item["metadata"]["name"]))
    shot = Snapshot("mcapp", "mcapp", datetime.now(UTC), live, manifest=Manifest(tuple(wanted or ())))
    found = list(services.check(shot, Diagnosis("mcapp", "mcapp")))
    assert len(found) == 1, found
    return changed.lead(shot, found[0]), list(changed.check(shot, Diagnosis("mcapp", "mcapp")))


@pytest.mark.parametrize("values", [MULTI, HA], ids=["multi", "ha"])
@pytest.mark.parametrize("tier", ["web", "api", "db"])
@pytest.mark.parametrize("known", [True, False], ids=["manifest", "viewer"])
@pytest.mark.parametrize("bare", [True, False], ids=["alone", "with the selector"])
def test_a_service_that_is_only_another_name(
    tmp_path: Path, values: dict[str, Any], tier: str, known: bool, bare: bool
) -> None:
    wanted = manifest(values)
    live = [served(copy.deepcopy(item)) for item in wanted]
    service = one(live, "Service", tier)
    right = copy.deepcopy(service["spec"])
    for port in service["spec"]["ports"]:
        port.pop("nodePort", None)
    service["spec"] |= ELSEWHERE
    if bare:
        # The Service of members has none.
        service["spec"].pop("selector", None)
    finding, others = look(live, wanted if known else None)
    assert (finding.cause, finding.parts["name"], others) == ("service-type", "db.example.com", [])
    if tier == "web" and not known:
        assert finding.steps[0].line.startswith("helm upgrade ")
        return
    found = patched(service, finding, tmp_path)["spec"]
    assert {key: found.get(key) for key in right} == right
    assert "externalName" not in found


@pytest.mark.parametrize("tier", ["web", "api", "db"])
@pytest.mark.parametrize("known", [True, False], ids=["manifest", "viewer"])
def test_a_service_that_takes_only_udp(tmp_path: Path, tier: str, known: bool) -> None:
    wanted = manifest(MULTI)
    live = [served(copy.deepcopy(item)) for item in wanted]
    service = one(live, "Service", tier)
    right = copy.deepcopy(service["spec"])
    service["spec"]["ports"][0]["protocol"] = "UDP"
    finding, _ = look(live, wanted if known else None)
    number = {"web": 80, "api": 8000, "db": 5432}[tier]
    assert (finding.cause, finding.safe) == ("service-port", True)
    assert (finding.parts["ports"], finding.parts["wanted"]) == ([f"{number}/UDP"], f"{number}/TCP")
    assert patched(service, finding, tmp_path)["spec"] == right
