"""Which container of a pod the doctor speaks of."""

from __future__ import annotations

from typing import Any

import pytest

from mcapp.doctor.read.containers import container, container_status, image, own_container


def pod(**ready: bool) -> dict[str, Any]:
    """Return db's pod with its two containers. The kubelet lists their states by name."""
    states = [{"name": name, "ready": there} for name, there in sorted(ready.items())]
    containers = [{"name": name, "image": f"{name}:1"} for name in ("postgres", "metrics")]
    return {"spec": {"containers": containers}, "status": {"containerStatuses": states}}


@pytest.mark.parametrize(
    ("ready", "chosen"),
    [
        ({"postgres": True, "metrics": True}, "postgres"),
        ({"postgres": False, "metrics": True}, "postgres"),
        ({"postgres": False, "metrics": False}, "postgres"),
        ({"postgres": True, "metrics": False}, "metrics"),
        ({}, "postgres"),
    ],
)
def test_it_is_the_tiers_own_while_that_is_not_ready(ready: dict[str, bool], chosen: str) -> None:
    one = pod(**ready)
    assert container(one)["name"] == chosen
    assert image(one) == f"{chosen}:1"
    assert container_status(one).get("name", chosen) == chosen
    assert own_container(one)["name"] == "postgres"


def test_a_pod_without_containers_has_none() -> None:
    assert (container({}), container_status({}), image({})) == ({}, {}, "?")
