"""Who holds a port on this machine, from /proc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mcapp.messages import Text
from mcapp.preflight import words
from mcapp.preflight.checks import Check, Status
from mcapp.preflight.ports import PAGE, TRAEFIK, VXLAN, Port, Role, bound

_TCP_LISTEN = "0A"


class Owner(NamedTuple):
    """Who holds a port; no pid where the kernel itself does, or where only root may know."""

    pid: int | None
    program: str
    command: tuple[str, ...]


class Holders:
    """The ports in use; one look at /proc for all of them."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._inodes: dict[Port, str] = {}
        for proto in ("tcp", "udp"):
            for table in (proc / "net" / proto, proc / "net" / f"{proto}6"):
                for number, inode in _rows(table, proto == "tcp"):
                    self._inodes.setdefault(Port(number, "tcp" if proto == "tcp" else "udp"), inode)
        self._pids: dict[str, int] | None = None

    def owner(self, port: Port) -> Owner | None:
        """Return who holds the port, None if it is free."""
        inode = self._inodes.get(port)
        if inode is None:
            return None
        if self._pids is None:
            self._pids = dict(_sockets(self._proc))
        pid = self._pids.get(inode)
        if pid is None:
            return Owner(None, "", ())
        try:
            program = (self._proc / str(pid) / "comm").read_text().strip()
            words = (self._proc / str(pid) / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return Owner(pid, "", ())
        return Owner(pid, program, tuple(words.rstrip("\0").split("\0")))


def _rows(table: Path, tcp: bool) -> Iterator[tuple[int, str]]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if len(fields) > 9 and (not tcp or fields[3] == _TCP_LISTEN):
            yield int(fields[1].rpartition(":")[2], 16), fields[9]


def _sockets(proc: Path) -> Iterator[tuple[str, int]]:
    for folder in proc.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            for link in (folder / "fd").iterdir():
                target = str(link.readlink())
                if target.startswith("socket:["):
                    yield target[8:-1], int(folder.name)
        except OSError:
            # The process has ended, or belongs to another user.
            continue


def checks(role: Role, etcd: bool, holders: Holders, carried: Port = VXLAN) -> Iterator[Check]:
    """Yield one check for each port that is taken, or one that says all are free."""
    taken = False
    needed = bound(role, etcd, carried)
    for port in (*needed, *TRAEFIK):
        owner = holders.owner(port)
        if owner is None:
            continue
        taken = True
        yield _taken(port, owner)
    if not taken:
        yield Check("local", Status.OK, words.LOCAL_FREE(ports=" ".join(map(str, needed))))


def _taken(port: Port, owner: Owner) -> Check:
    check = f"local.{port.id}"
    if _is_listener(owner):
        return Check(check, Status.OK, words.LOCAL_LISTENER(port=str(port)))
    holder = _named(owner)
    detail = words.LOCAL_TAKEN(port=str(port), holder=holder)
    if owner.program.startswith("k3s"):
        return Check(check, Status.WARN, detail, words.LOCAL_K3S())
    if port in TRAEFIK:
        return Check(check, Status.WARN, detail, words.LOCAL_TRAEFIK())
    if owner.pid is None:
        remedy = words.LOCAL_WHO(flag=f"--{port.proto}", number=port.number)
        return Check(check, Status.FAIL, detail, remedy)
    remedy = (words.LOCAL_PAGE if port == PAGE else words.LOCAL_STOP)(pid=owner.pid)
    return Check(check, Status.FAIL, detail, remedy)


def _is_listener(owner: Owner) -> bool:
    names = {Path(word).stem for word in owner.command}
    return {"preflight", "listen"} <= names


def _named(owner: Owner) -> Text:
    if owner.pid is None:
        return words.HOLDER_UNKNOWN()
    return words.HOLDER(program=owner.program or "?", pid=owner.pid)
