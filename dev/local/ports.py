"""Free TCP ports of this machine."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator

# The number of ports for each process of pytest.
_BLOCK = 2_000


def free_port() -> int:
    """Return a TCP port of the loopback address on which no program listens, another one at each call."""
    return next(port for port in _PORTS if _is_free(port))


def _ports() -> Iterator[int]:
    """Yield the ports of this process, below the kernel's ephemeral ports and Kubernetes' NodePorts.

    No other process takes a port between this call and the start of the server that it is for.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 10_000 + worker % 10 * _BLOCK
    for number in itertools.count(os.getpid()):
        yield first + number % _BLOCK


_PORTS = _ports()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
