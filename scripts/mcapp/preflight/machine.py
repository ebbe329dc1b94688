"""Checks of the machine itself: kernel, cgroups, memory, processors, disk, and a name of its own."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mcapp.preflight import programs, words
from mcapp.preflight.checks import Check, Status
from mcapp.preflight.ports import Backend, Role
from mcapp.shell import Shell

ROOT = Path("/")
MIB = 2**20
GIB = 2**30

# What the chart asks for db's volume, and where k3s' local-path puts it.
VOLUME_BYTES = 5 * GIB
DATA_DIR = Path("/var/lib/rancher")
# Below this share of free disk k3s' kubelet evicts pods.
_EVICTION = 0.05

_MINIMUM: dict[Role, tuple[int, int]] = {"server": (2, 2 * GIB), "agent": (1, 512 * MIB)}
# The firmware and the kernel keep a part of the memory for themselves.
_MEMORY_SLACK = 0.9

# What the pods' packets between machines need.
_CARRIERS: dict[Backend, str] = {"vxlan": "vxlan", "wireguard-native": "wireguard"}
# Each other module, and the file that shows that the kernel has it even where no list names it.
_MODULES = {
    "br_netfilter": "proc/sys/net/bridge/bridge-nf-call-iptables",
    "overlay": "",
}
_NODE_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def hostname(own: str, peer: str | None) -> Check:
    """Judge this machine's name; ``peer`` is the other's, None if it is unknown."""
    change = words.RUN(command=Shell("sudo hostnamectl set-hostname lab-1"))
    name = own.lower()
    if name.startswith("localhost") or not _NODE_NAME.fullmatch(name):
        return Check("hostname", Status.FAIL, words.HOSTNAME_BAD(name=own), change)
    if peer is None:
        return Check("hostname", Status.SKIPPED, words.HOSTNAME_UNKNOWN(name=own))
    if name == peer.lower():
        return Check("hostname", Status.FAIL, words.HOSTNAME_SAME(name=own), change)
    return Check("hostname", Status.OK, words.HOSTNAME_OK(name=own, peer=peer))


class Space(NamedTuple):
    """Bytes of the file system that will hold the volumes, and the folder that was asked."""

    folder: Path
    total: int
    free: int


def space(wanted: Path = DATA_DIR) -> Space:
    """Measure the file system where ``wanted`` is or will be."""
    existing = next(folder for folder in (wanted, *wanted.parents) if folder.exists())
    usage = shutil.disk_usage(existing)
    return Space(existing, usage.total, usage.free)


def disk(found: Space) -> Check:
    """Judge whether the volume fits, and whether the kubelet keeps its pods once it is full."""
    parts: dict[str, str | int] = {
        "free": f"{found.free / GIB:.1f}",
        "need": VOLUME_BYTES // GIB,
        "folder": str(found.folder),
    }
    if found.free < VOLUME_BYTES:
        return Check("disk", Status.FAIL, words.DISK_FULL(**parts), words.DISK_ROOM())
    if found.free - VOLUME_BYTES < _EVICTION * found.total:
        return Check("disk", Status.WARN, words.DISK_TIGHT(**parts), words.DISK_ROOM())
    return Check("disk", Status.OK, words.DISK_OK(**parts))


def modules(root: Path = ROOT, backend: Backend = "vxlan") -> Iterator[Check]:
    """Yield a check for each kernel module that k3s needs."""
    release = platform.release()
    tree = root / "lib" / "modules" / release
    for name, trace in {_CARRIERS[backend]: "", **_MODULES}.items():
        status, key = Status.OK, words.MODULE_LOADED
        if _is_loaded(root, name) or (trace and (root / trace).exists()) or _is_filesystem(root, name):
            pass
        elif _is_builtin(tree, name):
            key = words.MODULE_BUILTIN
        elif root == ROOT and programs.output("modprobe", "--dry-run", "--quiet", name) is not None:
            key = words.MODULE_LOADABLE
        else:
            status, key = Status.FAIL, words.MODULE_MISSING
        remedy = words.MODULE_INSTALL(package=f"linux-modules-extra-{release}")
        detail = key(name=name)
        yield Check(f"module.{name}", status, detail, remedy if status is Status.FAIL else None)


def _is_loaded(root: Path, name: str) -> bool:
    listed = root / "proc" / "modules"
    names = [line.split()[0] for line in listed.read_text().splitlines()] if listed.exists() else []
    return name in names or (root / "sys" / "module" / name).exists()


def _is_filesystem(root: Path, name: str) -> bool:
    listed = root / "proc" / "filesystems"
    return listed.exists() and name in listed.read_text().split()


def _is_builtin(tree: Path, name: str) -> bool:
    listed = tree / "modules.builtin"
    return listed.exists() and f"/{name}.ko" in listed.read_text()


def cgroups(root: Path = ROOT) -> Check:
    """Judge the version of cgroups, and whether memory can be limited."""
    flags = words.CGROUPS_FLAGS()
    unified = root / "sys" / "fs" / "cgroup" / "cgroup.controllers"
    if unified.exists():
        missing = sorted({"cpu", "memory", "pids"} - set(unified.read_text().split()))
        if missing:
            return Check("cgroups", Status.FAIL, words.CGROUPS_WITHOUT(version="v2", names=missing), flags)
        return Check("cgroups", Status.OK, words.CGROUPS_OK())
    listed = root / "proc" / "cgroups"
    rows = [line.split() for line in listed.read_text().splitlines()] if listed.exists() else []
    enabled = {row[0] for row in rows if row[-1] == "1"}
    missing = sorted({"cpu", "memory", "pids"} - enabled)
    if missing:
        return Check("cgroups", Status.FAIL, words.CGROUPS_WITHOUT(version="v1", names=missing), flags)
    return Check("cgroups", Status.WARN, words.CGROUPS_OLD(), words.CGROUPS_UNIFY())


def swap(root: Path = ROOT) -> Check:
    """Say whether there is swap."""
    listed = root / "proc" / "swaps"
    rows = listed.read_text().splitlines()[1:] if listed.exists() else []
    if not rows:
        return Check("swap", Status.OK, words.SWAP_NONE())
    names = [row.split()[0] for row in rows]
    return Check(
        "swap", Status.WARN, words.SWAP_USED(names=names), words.RUN(command=Shell("sudo swapoff -a"))
    )


def memory(role: Role, root: Path = ROOT) -> Check:
    """Compare the memory with what k3s asks for this role."""
    kib = re.search(r"MemTotal:\s+(\d+)", (root / "proc" / "meminfo").read_text())
    total = int(kib[1]) * 1024 if kib else 0
    need = _MINIMUM[role][1]
    status = Status.OK if total >= need * _MEMORY_SLACK else Status.WARN
    detail = words.MEMORY(have=total // MIB, need=need // MIB)
    return Check("memory", status, detail, None if status is Status.OK else words.SMALL())


def processors(role: Role, count: int | None = None) -> Check:
    """Compare the processors with what k3s asks for this role."""
    have = count or os.cpu_count() or 1
    need = _MINIMUM[role][0]
    status = Status.OK if have >= need else Status.WARN
    detail = words.CPU(have=have, need=need)
    return Check("cpu", status, detail, None if status is Status.OK else words.SMALL())
