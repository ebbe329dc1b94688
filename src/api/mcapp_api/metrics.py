"""The metrics for Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .database.client import Database

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_requests = Counter("http_requests", "Requests answered.", ["method", "route", "status"], registry=registry)
_seconds = Histogram(
    "http_request_duration_seconds",
    "Time from the first byte of a request to the last byte of its answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
    registry=registry,
)


def observe(method: str, route: str | None, status: int, seconds: float) -> None:
    """Count one request. `route` is a template such as `/api/tasks/{task_id}`; None counts as `unmatched`."""
    # A method that a client invents must not become a new time series.
    method = method if method in _METHODS else "OTHER"
    count, duration = _series(method, route or "unmatched", status)
    count.inc()
    duration.observe(seconds)


@cache
def _series(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Return the two series of a request. Cached: `labels` takes longer than the counting itself."""
    return _requests.labels(method, route, str(status)), _seconds.labels(method, route)


class DatabaseCollector(Collector):
    """The database as this replica sees it; read at each scrape."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterable[Metric]:
        """Yield `mcapp_db_up`, the certificate's end, and the pool's figures: 0 without a database."""
        up = self._database.failure is None
        stats = self._database.pool_stats()
        yield GaugeMetricFamily("mcapp_db_up", "1 while the database answers.", value=float(up))
        if (end := self._database.certificate_end) is not None:
            meaning = "When the database's certificate ends, in seconds since the epoch."
            yield GaugeMetricFamily("mcapp_db_certificate_end_seconds", meaning, value=end)
        for name, key, meaning in (
            ("size", "pool_size", "Connections in the pool."),
            ("available", "pool_available", "Idle connections in the pool."),
            ("waiting", "requests_waiting", "Requests that wait for a connection."),
        ):
            yield GaugeMetricFamily(f"mcapp_db_pool_{name}", meaning, value=float(stats.get(key, 0)))
