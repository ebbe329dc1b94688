"""/api/topology: the way of this same request through the tiers, as each tier reports it."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated, Literal, LiteralString

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field

from .. import store
from ..database.client import Database, UnavailableError
from ..database.reasons import Code
from ..openapi import problems
from ..pace import Pace
from ..problems import Kind
from ..settings import Settings
from ..version import VERSION

_DNS_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9.]*[a-z0-9])?", re.ASCII)
_REQUEST_START = re.compile(r"t=(\d{1,12}(?:\.\d{1,6})?)", re.ASCII)
# A longer time means that a clock is wrong, not that the network is slow.
_BIGGEST_MS = 60_000.0

# It also reads a task, in the same statement: a database whose tasks cannot be read is not up.
_IDENTITY: LiteralString = f"""
SELECT current_setting('mcapp.pod', true), current_setting('mcapp.node', true),
  current_setting('mcapp.node_address', true), current_setting('mcapp.node_labels', true),
  current_setting('mcapp.volume', true), current_setting('mcapp.volume_size', true),
  current_setting('server_version'), host(inet_server_addr()), inet_server_port(),
  nullif(current_setting('mcapp.members', true), '')::int,
  CASE WHEN current_setting('mcapp.members', true) <> '' AND NOT pg_is_in_recovery() THEN (
    SELECT coalesce(json_agg(json_build_object('pod', application_name, 'state', state,
      'lag_bytes', CASE WHEN replay_lsn IS NOT NULL
        THEN greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::bigint END)
      ORDER BY application_name), '[]')
    FROM pg_stat_replication WHERE usename = 'replicator' AND application_name <> 'pg_basebackup')
  END, ({store.ANY})
"""  # noqa: S608 - literals of the api only


class Web(BaseModel):
    """The nginx pod that passed the request on."""

    pod: str | None = Field(examples=["web-6d5f-x2x"])
    node: str | None = Field(examples=["lab-1"])
    node_address: str | None = Field(examples=["192.168.1.100"])


class Api(BaseModel):
    """The replica that answers."""

    pod: str = Field(examples=["api-7c9d-abc"])
    node: str | None = Field(examples=["lab-2"])
    node_address: str | None = Field(examples=["192.168.1.101"])
    version: str = Field(examples=["0.2.0"])


class Volume(BaseModel):
    """The PersistentVolumeClaim under the data, and the size it asks for."""

    claim: str = Field(examples=["postgres-pvc"])
    size: str | None = Field(examples=["5Gi"])


class Replica(BaseModel):
    """A member of the database that follows the leader, as the leader sees it."""

    pod: str = Field(examples=["db-1"])
    state: str = Field(description="`streaming` where it follows closely.", examples=["streaming"])
    lag_bytes: int | None = Field(
        description="Bytes of the leader's WAL that it has not replayed yet.", examples=[0]
    )


class Members(BaseModel):
    """The members of a database on several nodes; the leader is the one that answers."""

    wanted: int = Field(description="How many members there should be, the leader included.", examples=[3])
    replicas: list[Replica]


class DbUp(BaseModel):
    """PostgreSQL, as it describes itself; null where only the chart knows, and did not start this server."""

    up: Literal[True] = True
    pod: str | None = Field(examples=["db-0"])
    node: str | None = Field(examples=["lab-3"])
    node_address: str | None = Field(examples=["192.168.1.200"])
    node_labels: dict[str, str] | None = Field(
        description="The labels that a node needs to run db; null where db may run on any node.",
        examples=[{"role": "database"}],
    )
    volume: Volume | None
    members: Members | None = Field(description="null where the database is one server.")
    version: str = Field(examples=["16.14"])
    address: str | None = Field(examples=["10.42.0.7:5432"])
    certificate_end: datetime | None = Field(
        description="When the server's certificate ends; null where the connection checks none.",
        examples=["2027-02-28T12:00:00Z"],
    )


class DbDown(BaseModel):
    """PostgreSQL cannot be used, and why."""

    up: Literal[False] = False
    reason: str = Field(examples=["connection refused: nothing listens at db:5432"])
    code: Code = Field(description="The reason, for programs.", examples=[Code.REFUSED])


class Hop(BaseModel):
    """The time from one tier to the next, in milliseconds; null where it is not known."""

    model_config = ConfigDict(serialize_by_alias=True)

    from_: Literal["web", "api"] = Field(serialization_alias="from")
    to: Literal["api", "db"]
    ms: float | None = Field(examples=[0.8])


class Topology(BaseModel):
    """The three tiers; `web` is null where the client called the api directly."""

    web: Web | None
    api: Api
    db: DbUp | DbDown = Field(discriminator="up")
    hops: list[Hop]
    next_ms: int = Field(
        description="When a viewer should ask again, in milliseconds; longer the more of them there are.",
        examples=[2000],
    )


router = APIRouter(tags=["topology"])


@router.get("/api/topology", responses=problems(Kind.INTERNAL))
async def topology(
    request: Request,
    x_web_pod: Annotated[str | None, Header(include_in_schema=False)] = None,
    x_web_node: Annotated[str | None, Header(include_in_schema=False)] = None,
    x_web_node_address: Annotated[str | None, Header(include_in_schema=False)] = None,
    x_request_start: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Topology:
    """Describe every tier. Answers 200 without a database too: the page shows which tier is down."""
    arrived_ms = _since_ms(x_request_start)
    settings: Settings = request.app.state.settings
    pace: Pace = request.app.state.pace
    began = time.perf_counter()
    db, db_ms = await _ask_database(request.app.state.database)
    pod, node, node_address = _dns_name(x_web_pod), _dns_name(x_web_node), _address(x_web_node_address)
    known = pod or node or node_address
    return Topology(
        web=Web(pod=pod, node=node, node_address=node_address) if known else None,
        api=Api(pod=settings.pod, node=settings.node, node_address=settings.node_address, version=VERSION),
        db=db,
        hops=[Hop(from_="web", to="api", ms=arrived_ms), Hop(from_="api", to="db", ms=db_ms)],
        next_ms=round(1000 * pace.answered(time.perf_counter() - began)),
    )


async def _ask_database(database: Database) -> tuple[DbUp | DbDown, float | None]:
    try:
        began = time.perf_counter()
        rows = await database.fetch(_IDENTITY, repeatable=True)
        took_ms = round((time.perf_counter() - began) * 1000, 2)
    except UnavailableError as error:
        return DbDown(reason=error.failure.reason, code=error.failure.code), None
    pod, node, node_address, labels, claim, size, version, host, port, wanted, replicas, _ = rows[0]
    db = DbUp(
        pod=pod or None,
        node=node or None,
        node_address=node_address or None,
        node_labels=_labels(labels) if labels else None,
        volume=Volume(claim=claim, size=size or None) if claim else None,
        members=Members(wanted=wanted, replicas=replicas) if replicas is not None else None,
        # Of "16.14 (Debian 16.14-1.pgdg12+1)" a reader needs 16.14.
        version=version.split()[0],
        address=f"{host}:{port}" if host else None,
        certificate_end=datetime.fromtimestamp(end, UTC) if (end := database.certificate_end) else None,
    )
    return db, took_ms


def _dns_name(text: str | None) -> str | None:
    return text if text and _DNS_NAME.fullmatch(text) else None


def _address(text: str | None) -> str | None:
    try:
        # A zone (fe80::1%eth0) may contain any text, and no address that other machines reach has one.
        return str(ip_address(text)) if text and "%" not in text else None
    except ValueError:
        return None


def _labels(text: str) -> dict[str, str]:
    """Read `role=database,disk=fast`."""
    pairs = (label.partition("=") for label in text.split(","))
    return {key: value for key, _, value in pairs}


def _since_ms(request_start: str | None) -> float | None:
    match = _REQUEST_START.fullmatch(request_start or "")
    if match is None:
        return None
    ms = (time.time() - float(match[1])) * 1000
    # nginx cuts its time to milliseconds, and two clocks differ a little: less than zero counts as zero.
    return round(max(ms, 0.0), 2) if abs(ms) <= _BIGGEST_MS else None
