"""What carries the pods' packets between the nodes, and its port, by what flannel notes on each node."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mcapp.doctor import cli as doctor
from tests.support.doctor_recording import load, objects, replay


@pytest.mark.parametrize(
    ("noted", "carrier", "port"), [("vxlan", "VXLAN", "8472"), ("wireguard", "WireGuard", "51820")]
)
def test_the_port_is_that_of_the_nodes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], noted: str, carrier: str, port: str
) -> None:
    document: dict[str, Any] = load("overlay-blocked")
    for item in objects(document):
        if item["kind"] == "Node":
            item["metadata"].setdefault("annotations", {})["flannel.alpha.coreos.com/backend-type"] = noted
    monkeypatch.setattr(doctor, "Reader", lambda *_: replay(document))
    doctor.TOOL.main(["--settle", "0", "--output", "json", "--lang", "en"])
    found = json.loads(capsys.readouterr().out)
    assert found["cause"] == "overlay-blocked"
    assert f"({carrier}, UDP port {port})" in found["problem"]
    commands = " ".join(step["command"] for step in found["commands"])
    assert f"port {port} proto udp" in commands
    assert f"grep -i {port}" in commands
