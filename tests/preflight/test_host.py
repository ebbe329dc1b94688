"""The checks of the machine itself, on folders that stand for its files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

from mcapp.config import CHART
from mcapp.messages import translate
from mcapp.preflight import machine, network
from mcapp.preflight.ports import Role


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


BUILTIN = f"lib/modules/{os.uname().release}/modules.builtin"


@pytest.mark.parametrize(
    ("files", "status", "words"),
    [
        ({"proc/modules": "vxlan 151552 0 - Live 0x0\n"}, "ok", "running kernel"),
        ({"sys/module/vxlan/refcnt": "0"}, "ok", "running kernel"),
        ({BUILTIN: "kernel/drivers/net/vxlan/vxlan.ko\n"}, "ok", "built into"),
        ({"proc/modules": "ip6_vxlan_not 1 0 - Live 0x0\n"}, "fail", "has no module"),
        ({}, "fail", "has no module"),
    ],
)
def test_modules(tmp_path: Path, files: dict[str, str], status: str, words: str) -> None:
    found = {check.id: check for check in machine.modules(tree(tmp_path, files))}
    assert found.keys() == {"module.vxlan", "module.br_netfilter", "module.overlay"}
    vxlan = found["module.vxlan"]
    assert vxlan.status == status
    assert words in translate(vxlan.detail, "en")
    assert (vxlan.remedy is not None) == (status == "fail")


def test_modules_by_their_traces(tmp_path: Path) -> None:
    files = {"proc/filesystems": "nodev\toverlay\n", "proc/sys/net/bridge/bridge-nf-call-iptables": "1"}
    found = {check.id: check.status for check in machine.modules(tree(tmp_path, files))}
    assert found == {"module.vxlan": "fail", "module.br_netfilter": "ok", "module.overlay": "ok"}


V1 = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t1\t1\npids\t1\t1\t1\nmemory\t0\t1\t{}\n"


@pytest.mark.parametrize(
    ("files", "status"),
    [
        ({"sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids\n"}, "ok"),
        ({"sys/fs/cgroup/cgroup.controllers": "cpuset cpu io pids\n"}, "fail"),
        ({"proc/cgroups": V1.format(1)}, "warn"),
        ({"proc/cgroups": V1.format(0)}, "fail"),
        ({}, "fail"),
    ],
)
def test_cgroups(tmp_path: Path, files: dict[str, str], status: str) -> None:
    assert machine.cgroups(tree(tmp_path, files)).status == status


@pytest.mark.parametrize(
    ("rows", "status"), [("", "ok"), ("/dev/sda2 partition 999 0 -2\n/swap\\040file file 1 0 -3\n", "warn")]
)
def test_swap(tmp_path: Path, rows: str, status: str) -> None:
    assert machine.swap(tree(tmp_path, {"proc/swaps": f"Filename Type Size\n{rows}"})).status == status


@pytest.mark.parametrize(
    ("role", "mib", "cpus", "expected"),
    [
        ("server", 4000, 4, ("ok", "ok")),
        ("server", 1975, 2, ("ok", "ok")),
        ("server", 1000, 1, ("warn", "warn")),
        ("agent", 1000, 1, ("ok", "ok")),
        ("agent", 400, 1, ("warn", "ok")),
    ],
)
def test_memory_and_processors(
    tmp_path: Path, role: Role, mib: int, cpus: int, expected: tuple[str, str]
) -> None:
    root = tree(tmp_path, {"proc/meminfo": f"MemTotal:       {mib * 1024} kB\nMemFree: 1 kB\n"})
    assert (machine.memory(role, root).status, machine.processors(role, cpus).status) == expected


@pytest.mark.parametrize(
    ("total", "free", "status"), [(100, 50, "ok"), (100, 9.5, "warn"), (100, 10.1, "ok"), (20, 4.9, "fail")]
)
def test_disk(total: float, free: float, status: str) -> None:
    found = machine.Space(Path("/"), int(total * machine.GIB), int(free * machine.GIB))
    assert machine.disk(found).status == status


def test_the_disk_of_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    assert machine.space(tmp_path / "rancher" / "k3s").folder == tmp_path


def test_the_disk_is_what_the_chart_asks_for() -> None:
    size = yaml.safe_load((CHART / "values.yaml").read_text())["db"]["persistence"]["size"]
    assert size == f"{machine.VOLUME_BYTES // machine.GIB}Gi"


@pytest.mark.parametrize(
    ("own", "other", "status"),
    [
        ("laptop", "lab", "ok"),
        ("laptop", None, "skipped"),
        ("Laptop", "laptop", "fail"),
        ("localhost.localdomain", "lab", "fail"),
        ("my_laptop", "lab", "fail"),
        ("-x", None, "fail"),
    ],
)
def test_hostname(own: str, other: str | None, status: str) -> None:
    assert machine.hostname(own, other).status == status


ROUTES = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT"
WIRED = "eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0"
WIRELESS = "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0"
HALF = "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([WIRELESS, WIRED], "eth0"),
        ([WIRELESS], "wlan0"),
        ([HALF], ""),
        ([WIRED.replace("0003", "0002")], ""),
        ([], ""),
    ],
)
def test_the_default_route(rows: list[str], expected: str) -> None:
    assert network.default_interface([ROUTES, *rows]) == expected
