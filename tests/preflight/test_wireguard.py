"""flannel's WireGuard in the place of VXLAN: its port, its kernel module, the way to install k3s with it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from mcapp.preflight import commands, machine
from mcapp.preflight.commands import Machine
from mcapp.preflight.ports import VXLAN, WIREGUARD, WIREGUARD6, listened, overlay
from tests.support.preflight_machines import OPEN, PREFLIGHT, Pair, apply

BACKEND = ("--backend", "wireguard-native")
THERE, BACK = "port.51820.udp", "port.51820.udp.back"


def test_its_port_goes_by_the_version_of_ip() -> None:
    assert overlay("vxlan", "10.0.0.1") == overlay("vxlan", "fd00::1") == VXLAN
    assert overlay("wireguard-native", "10.0.0.1") == WIREGUARD
    assert overlay("wireguard-native", "fd00::1") == WIREGUARD6
    assert VXLAN not in listened(False, "wireguard-native")


def test_the_server_is_installed_with_it() -> None:
    here, there = Machine("10.0.0.1", "laptop"), Machine("10.0.0.2")
    first, *others = commands.steps("server", here, there, etcd=False, backend="wireguard-native")
    assert first.command.endswith("--flannel-backend wireguard-native")
    # An agent takes it from the server.
    assert not [step for step in others if "flannel-backend" in step.command]
    plain = next(commands.steps("server", here, there, etcd=False))
    assert "flannel-backend" not in plain.command
    assert plain.purpose != first.purpose


def test_its_kernel_module_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "modules").write_text("wireguard 1 0 - Live 0x0\n")
    found = {check.id: check.status for check in machine.modules(tmp_path, "wireguard-native")}
    assert found["module.wireguard"] == "ok"
    assert "module.vxlan" not in found


@pytest.mark.netns
def test_both_ways_are_tested_at_its_port(pair: Pair) -> None:
    ports = {name.replace("8472", "51820"): outcome for name, outcome in OPEN.items()}
    with pair.there.listening(*BACKEND):
        done = pair.here.preflight("agent", pair.there, *BACKEND)
        found = {check: entry["outcome"] for check, entry in done.checks.items() if "outcome" in entry}
        assert found == ports
        for where, check in (("there", THERE), ("here", BACK)):
            apply(pair, [f"{where} -A INPUT -p udp --dport 51820 -j DROP"])
            closed = pair.here.preflight("agent", pair.there, *BACKEND)
            assert closed.checks[check]["outcome"] == "timeout"
            assert "51820" in closed.checks[check]["remedy"]
            assert closed.code == 1


@pytest.mark.netns
def test_a_listener_of_the_other_kind_proves_nothing(pair: Pair) -> None:
    with pair.there.listening():
        done = pair.here.preflight("agent", pair.there, *BACKEND)
    assert done.checks[THERE]["status"] != "ok"
    assert "listen --backend wireguard-native`" in done.checks[THERE]["remedy"]


def test_no_other_word_is_taken(pair: Pair) -> None:
    done = pair.here.run(sys.executable, str(PREFLIGHT), "agent", "--peer", "192.0.2.9", "--backend", "ipsec")
    assert done.code == 2
    assert "wireguard-native" in done.err
    assert json.dumps(done.out) == '""'
