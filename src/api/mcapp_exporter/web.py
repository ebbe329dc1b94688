"""The connections of nginx, as the kernel counts them in the pod's network namespace, and its way to api."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

# States in /proc/net/tcp, as in the kernel's include/net/tcp_states.h.
_ESTABLISHED, _LISTEN = "01", "0A"
# The api answers this without its database.
_PATH = "/api/problems"
_TIMEOUT_SECONDS = 3
_DROPS = "A counter of the kernel, TcpExt {}: {}"


class WebCollector(Collector):
    """What stands in `folder` (/proc/net) about the connections to `port`; read at each scrape."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._number = port
        self._port = f"{port:04X}"

    def collect(self) -> Iterable[Metric]:
        """Yield the connections, the queue before nginx, and what the kernel turned away.

        Raises OSError or ValueError where the files are not as Linux writes them; the scrape then fails.
        """
        active, waiting, listening = 0, 0, 0
        for state, queue in self._sockets():
            active += state == _ESTABLISHED
            if state == _LISTEN:
                listening, waiting = 1, waiting + queue
        # After the connections are counted: this is one more.
        reaches = self._reaches_api() if listening else False
        yield GaugeMetricFamily("mcapp_web_reaches_api", "1 while api answers through nginx.", value=reaches)
        yield GaugeMetricFamily("mcapp_web_listening", "1 while nginx listens.", value=listening)
        yield GaugeMetricFamily("mcapp_web_connections", "Connections to nginx' port.", value=active)
        yield GaugeMetricFamily(
            "mcapp_web_connections_waiting", "Connections that nginx has not accepted yet.", value=waiting
        )
        counters = self._counters()
        for name, key, meaning in (
            ("overflows", "ListenOverflows", "connections that found the queue full."),
            ("drops", "ListenDrops", "connections turned away, for a full queue or another reason."),
        ):
            help_text = _DROPS.format(key, meaning)
            yield CounterMetricFamily(f"mcapp_web_listen_{name}", help_text, value=counters[key])

    def _reaches_api(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self._number, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("GET", _PATH, headers={"User-Agent": "mcapp_exporter"})
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    def _sockets(self) -> Iterator[tuple[str, int]]:
        """Yield the state and the receive queue of each socket at the port.

        Of a listening socket the queue is the number of connections that nobody has accepted.
        """
        for name in ("tcp", "tcp6"):
            table = self._folder / name
            # A kernel without IPv6 has no tcp6.
            if not table.exists():
                continue
            for line in table.read_text(encoding="ascii").splitlines()[1:]:
                _, local, _, state, queues, *_ = line.split()
                if local.rpartition(":")[2] == self._port:
                    yield state, int(queues.partition(":")[2], 16)

    def _counters(self) -> dict[str, int]:
        """Return the kernel's counters TcpExt: a line of names, then one of values."""
        rows = [line.split() for line in (self._folder / "netstat").read_text(encoding="ascii").splitlines()]
        names, values = (row[1:] for row in rows if row[0] == "TcpExt:")
        return dict(zip(names, map(int, values), strict=True))
