"""What crosses the nodes' network in the clear, as a listener between the nodes reads it."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

from dev.load.background import Background

# Every protocol, in the kernel's own notation.
_ALL = socket.htons(3)
_ETHERNET, _IPV6, _TCP, _UDP = 14, 40, 6, 17
# flannel's VXLAN: the packet of a pod in one of the nodes', behind 8 bytes of UDP and 8 of its own.
_VXLAN_PORT, _VXLAN = 8472, 16
_BUFFER_BYTES = 16 * 2**20


class Wire(Background):
    """Reads each TCP packet from or to `port` that passes this machine's interfaces, for a `with` block.

    The nodes' containers are joined there. `packets` counts them; `marked` those that hold `marker`. It
    needs CAP_NET_RAW.
    """

    def __init__(self, port: int, marker: bytes) -> None:
        super().__init__()
        self._port, self._marker = port, marker
        self.packets = self.marked = 0
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, _ALL)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        self._socket.settimeout(0.2)

    def _work(self) -> None:
        with self._socket:
            while not self._over.is_set():
                with suppress(TimeoutError):
                    self._read(self._socket.recv(65536))

    def _read(self, frame: bytes) -> None:
        ports, payload = _segment(frame[_ETHERNET:])
        if self._port in ports:
            self.packets += 1
            self.marked += self._marker in payload


def _segment(packet: bytes) -> tuple[tuple[int, ...], bytes]:
    """Return the ports and the rest of a TCP packet in IPv4 or IPv6; () for another one."""
    version = packet[0] >> 4 if packet else 0
    if version not in (4, 6):
        return (), b""
    kind, begin = (packet[9], 4 * (packet[0] & 15)) if version == 4 else (packet[6], _IPV6)
    if kind not in (_TCP, _UDP) or len(packet) < begin + 4:
        return (), b""
    ports = struct.unpack_from("!HH", packet, begin)
    if kind == _UDP:
        inner = packet[begin + _VXLAN + _ETHERNET :]
        return _segment(inner) if ports[1] == _VXLAN_PORT else ((), b"")
    return ports, packet[begin:]
