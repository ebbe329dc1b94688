"""Processes pinned to cores, and the busy time of cores and processes."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

# The measured process has one core; the load and PostgreSQL share the other.
MEASURED, OTHERS = 0, 1
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Pin every process that the block starts to one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def tree(pid: int) -> list[int]:
    """Return a process and all its descendants; none if it has just ended."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    return [pid, *(below for child in children for below in tree(int(child)))]


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time, in seconds, that these processes and their descendants have used."""
    return _seconds(pids, 11) + kernel_seconds(pids)


def kernel_seconds(pids: Iterable[int]) -> float:
    """Return the part of it that the kernel has used for them: system calls, the network."""
    return _seconds(pids, 12)


def _seconds(pids: Iterable[int], column: int) -> float:
    total = 0
    for pid in pids:
        for one in tree(pid):
            # The name, in brackets, may contain spaces. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = Path(f"/proc/{one}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                total += int(fields[column])
    return total / _TICKS


def children_seconds() -> float:
    """Return the CPU time, in seconds, of the ended children of this process."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def resident_mib(pid: int) -> float:
    """Return the resident memory of one process, in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass
class Busy:
    """The busy share of each core from `with` to the end of its block."""

    shares: list[float] = field(default_factory=list)

    def __enter__(self) -> Busy:
        self._began, self._before = time.monotonic(), busy_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        seconds = time.monotonic() - self._began
        self.shares = [
            min((now - before) / seconds, 1.0)
            for now, before in zip(busy_seconds(), self._before, strict=True)
        ]


def busy_seconds() -> list[float]:
    """Return how long each core has been busy since the start of the machine, in seconds."""
    busy = []
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        name, *ticks = line.split()
        if name.startswith("cpu") and name != "cpu":
            user, nice, system, _, _, irq, soft, steal = map(int, ticks[:8])
            busy.append((user + nice + system + irq + soft + steal) / _TICKS)
    return busy
