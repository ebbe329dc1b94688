"""How large a packet the way to the database takes, there and back. Stands before probe.py in one text.

A packet that is too large for a tunnel on the way is lost without a word where ICMP is: small probes, and the
connection itself, still get through.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

# A packet that was lost is sent again after 0.2 s at least, and then after twice as long each time.
ANSWER_SECONDS = 1.0
# The sizes that tunnels on the way leave, in bytes of one IP packet.
SIZES = (1450, 1440, 1430, 1420, 1412, 1400, 1392, 1380, 1370, 1360, 1340, 1320, 1300, 1280, 1200, 1000, 576)
# IP and TCP headers with the time stamp; IPv6 has 20 bytes more.
_HEADERS = {socket.AF_INET: 52, socket.AF_INET6: 72}
# What PostgreSQL sends around the one column of one row.
_AROUND = 63
_LOGIN_SECONDS = 2


def wide(host: str, port: int) -> dict[str, Any]:
    """Send the largest packet to the database, and let it send one; `lost` has both figures."""
    with socket.create_connection((host, port), ANSWER_SECONDS * 2) as first:
        headers = _HEADERS[first.family]
        whole = first.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) + headers
    for way, fits in (("to", _goes), ("from", _comes)):
        if not fits(host, port, whole - headers):
            smaller = [size for size in SIZES if size < whole]
            with ThreadPoolExecutor(max_workers=len(smaller)) as pool:
                arrived = list(pool.map(lambda size, fits=fits: fits(host, port, size - headers), smaller))
            largest = max((size for size, good in zip(smaller, arrived, strict=True) if good), default=0)
            # Where no packet of any size arrives, it is not the size.
            return {"outcome": "lost" if largest else "silent", "way": way, "mtu": whole, "arrives": largest}
    return {"outcome": "connected", "mtu": whole}


def _goes(host: str, port: int, size: int) -> bool:
    """Whether a packet with so many bytes of TCP's payload is answered: one that begins a session."""
    database, user = (os.environ[name].encode() for name in ("DATABASE_URL", "PGUSER"))
    name = database.rpartition(b"/")[2].partition(b"?")[0]
    # Blanks are no options: the server takes them, and says nothing of them.
    head = b"user\0" + user + b"\0database\0" + name + b"\0options\0"
    # PostgreSQL takes 10000 bytes at most.
    body = head + b" " * (min(size, 9900) - len(head) - 10) + b"\0\0"
    try:
        with socket.create_connection((host, port), ANSWER_SECONDS) as session:
            session.sendall(struct.pack("!ii", len(body) + 8, 196608) + body)
            return bool(session.recv(1))
    except OSError:
        return False


def _comes(host: str, port: int, size: int) -> bool:
    """Whether an answer with so many bytes of TCP's payload arrives."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    conninfo = make_conninfo(
        os.environ["DATABASE_URL"], hostaddr=host, port=port, connect_timeout=_LOGIN_SECONDS
    )
    try:
        with psycopg.connect(conninfo, autocommit=True) as session, _cut_off(session.fileno()):
            session.execute(f"SELECT repeat('x', {size - _AROUND})")
    except psycopg.OperationalError as error:
        # A login that is refused says nothing of the size.
        return "server closed" not in str(error) and "SSL SYSCALL" not in str(error)
    return True


@contextmanager
def _cut_off(descriptor: int) -> Iterator[None]:
    """Shut a connection down where the block takes longer than ANSWER_SECONDS: libpq would wait on."""
    with socket.socket(fileno=os.dup(descriptor)) as copy:
        timer = threading.Timer(ANSWER_SECONDS, copy.shutdown, (socket.SHUT_RDWR,))
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
