"""The figures of one PostgreSQL and of the disk under it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Any, LiteralString

import psycopg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from psycopg.rows import dict_row

# The scrape ends before Prometheus gives it up.
_TIMEOUT_SECONDS = 4
_OPTIONS = f"-c statement_timeout={_TIMEOUT_SECONDS}s -c default_transaction_read_only=on"
# A refused login has no SQLSTATE in libpq.
_FULL = ("too many clients", "remaining connection slots", "too many connections for")
# One row. The role app may read each of these figures; db.mode ha lets it read all statistics.
_SERVER: LiteralString = """
SELECT extract(epoch FROM pg_postmaster_start_time())::float8 AS started,
  pg_is_in_recovery()::int AS in_recovery,
  pg_database_size(current_database()) AS database_size,
  current_setting('max_connections')::int AS max_connections,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0)
    - (SELECT sum(numbackends) FROM pg_stat_database) AS left_of_server,
  (SELECT datconnlimit - numbackends FROM pg_database JOIN pg_stat_database USING (datname)
    WHERE datname = current_database() AND datconnlimit >= 0) AS left_of_database,
  (SELECT rolconnlimit - (SELECT count(*) FROM pg_stat_activity WHERE usename = current_user)
    FROM pg_roles WHERE rolname = current_user AND rolconnlimit >= 0) AS left_of_role,
  nullif(current_setting('mcapp.members', true), '')::int AS members
"""
# Whoever may not see a session's state sees null: it then counts as "hidden".
_STATES: LiteralString = """
SELECT coalesce(state, 'hidden') AS state, count(*) AS connections
FROM pg_stat_activity WHERE datid IS NOT NULL GROUP BY 1
"""
_ARCHIVER: LiteralString = """
SELECT archived_count, failed_count,
  coalesce(extract(epoch FROM last_archived_time), 0)::float8 AS last_archived,
  coalesce(extract(epoch FROM last_failed_time), 0)::float8 AS last_failed
FROM pg_stat_archiver WHERE current_setting('archive_mode') <> 'off'
"""
_REPLICAS: LiteralString = """
SELECT application_name AS replica, max(state) AS state,
  max(greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0))::bigint AS lag
FROM pg_stat_replication
WHERE usename = 'replicator' AND application_name <> 'pg_basebackup' AND NOT pg_is_in_recovery() GROUP BY 1
"""

Row = dict[str, Any]


class DatabaseCollector(Collector):
    """Asks the server at `url` as the application's role, at each scrape, in a session that it keeps.

    A session that is kept still answers when there are no connections left. `password` is read at each login,
    since an upgrade may change it. `volume` is the path where the data's volume is mounted.
    """

    def __init__(self, url: str, password: Path, volume: Path) -> None:
        self._url = url
        self._password = password
        self._volume = volume
        self._session: psycopg.Connection[Row] | None = None
        # Prometheus' scrapes may overlap.
        self._lock = Lock()

    def collect(self) -> Iterable[Metric]:
        """Yield the disk's figures and, where PostgreSQL answers, its own; `mcapp_postgres_up` tells which.

        Raises OSError where the volume cannot be read; the scrape then fails.
        """
        disk = os.statvfs(self._volume)
        yield _gauge("volume_size_bytes", "Size of the data's file system.", disk.f_blocks * disk.f_frsize)
        yield _gauge(
            "volume_free_bytes", "What PostgreSQL can still use of it.", disk.f_bavail * disk.f_frsize
        )
        with self._lock:
            figures = self._figures()
        yield _gauge("up", "1 while PostgreSQL answers.", float(bool(figures)))
        yield from figures

    def _figures(self) -> list[Metric]:
        # A session from before a restart of PostgreSQL is broken, which is no news of the server.
        for kept in (True, False) if self._session else (False,):
            try:
                return list(self._ask())
            except (psycopg.Error, OSError) as error:
                self._close()
                if any(part in str(error) for part in _FULL):
                    return [_left(0)]
                if not kept:
                    print(f"PostgreSQL gives no figures: {error}", flush=True)
        return []

    def _ask(self) -> Iterator[Metric]:
        server = self._rows(_SERVER)[0]
        yield _gauge(
            "start_time_seconds", "When PostgreSQL started, in seconds since 1970.", server["started"]
        )
        yield _gauge("in_recovery", "1 on a replica, 0 on the leader.", server["in_recovery"])
        yield _gauge("database_size_bytes", "Size of the application's database.", server["database_size"])
        yield _gauge("max_connections", "The setting max_connections.", server["max_connections"])
        limits = (server[f"left_of_{whose}"] for whose in ("server", "database", "role"))
        yield _left(min(limit for limit in limits if limit is not None))
        states = GaugeMetricFamily("mcapp_postgres_connections", "Sessions of clients.", labels=["state"])
        for row in self._rows(_STATES):
            states.add_metric([row["state"]], row["connections"])
        yield states
        yield from _archiver(self._rows(_ARCHIVER))
        if server["members"] and not server["in_recovery"]:
            yield from _replicas(self._rows(_REPLICAS), server["members"])

    def _rows(self, query: LiteralString) -> list[Row]:
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(
                self._url,
                password=self._password.read_text(encoding="utf-8"),
                autocommit=True,
                row_factory=dict_row,
                connect_timeout=_TIMEOUT_SECONDS,
                options=_OPTIONS,
                application_name="mcapp_exporter",
            )
        return self._session.execute(query).fetchall()

    def _close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None


def _archiver(rows: list[Row]) -> Iterator[Metric]:
    """Yield how WAL is archived; nothing where `archive_mode` is off."""
    for row in rows:
        for name, key, meaning in (
            ("archived", "archived_count", "WAL files archived."),
            ("archive_failures", "failed_count", "Attempts to archive a WAL file that failed."),
        ):
            yield CounterMetricFamily(f"mcapp_postgres_wal_{name}", meaning, value=row[key])
        for name, key, meaning in (
            ("archived", "last_archived", "When a WAL file was last archived."),
            ("archive_failed", "last_failed", "When an attempt last failed."),
        ):
            yield _gauge(
                f"wal_last_{name}_seconds", f"{meaning} In seconds since 1970; 0 is never.", row[key]
            )


def _replicas(rows: list[Row], members: int) -> Iterator[Metric]:
    """Yield the replicas as the leader sees them. One whose place in the WAL is not known has no lag."""
    streaming = sum(row["state"] == "streaming" for row in rows)
    yield _gauge("replicas", "Replicas that follow the leader closely.", streaming)
    yield _gauge("replicas_wanted", "Replicas that there should be.", members - 1)
    lags = GaugeMetricFamily(
        "mcapp_postgres_replica_lag_bytes",
        "Bytes of WAL that a replica has not replayed yet.",
        labels=["replica"],
    )
    for row in rows:
        if row["lag"] is not None:
            lags.add_metric([row["replica"]], row["lag"])
    yield lags


def _left(count: float) -> Metric:
    return _gauge("connections_left", "Connections that the application can still make.", count)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"mcapp_postgres_{name}", meaning, value=float(value))
