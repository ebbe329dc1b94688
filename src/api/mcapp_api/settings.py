"""The settings, read from the environment and checked once, at the start."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class SettingsError(ValueError):
    """A setting is not valid; the message is one sentence for the person who set it."""


@dataclass(frozen=True)
class Settings:
    """The api's settings. `database` holds libpq parameters; PGUSER and PGPASSWORD add to them."""

    database: dict[str, Any]
    pod: str
    node: str | None
    node_address: str | None
    pool_size: int
    drain_seconds: float
    port: int
    log_level: str

    @property
    def database_address(self) -> str:
        """The database's `host:port`, for messages."""
        host = self.database.get("host", "localhost")
        return f"{f'[{host}]' if ':' in host else host}:{self.database.get('port', 5432)}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read every setting. Raises SettingsError, which names the first one that is not valid."""
        level = (environment.get("MCAPP_LOG_LEVEL") or "INFO").upper()
        if level not in _LOG_LEVELS:
            raise SettingsError(f"MCAPP_LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}, not {level!r}.")
        return cls(
            database=_database(environment.get("DATABASE_URL") or "postgresql://db:5432/appdb"),
            pod=environment.get("POD_NAME") or socket.gethostname(),
            node=environment.get("NODE_NAME") or None,
            node_address=environment.get("NODE_ADDRESS") or None,
            pool_size=int(_number(environment, "MCAPP_POOL_SIZE", 4, 1, 50, whole=True)),
            drain_seconds=_number(environment, "MCAPP_DRAIN_SECONDS", 5, 0, 300),
            port=int(_number(environment, "MCAPP_PORT", 8000, 1, 65535, whole=True)),
            log_level=level,
        )


def _number(
    environment: Mapping[str, str], name: str, default: float, low: int, high: int, *, whole: bool = False
) -> float:
    text = environment.get(name) or str(default)
    try:
        value = float(int(text) if whole else float(text))
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise SettingsError(f"{name} must be {kind} from {low} to {high}, not {text!r}.")
    return value


def _database(url: str) -> dict[str, Any]:
    # The message does not repeat the value, which may contain a password.
    wrong = "DATABASE_URL must look like postgresql://host:5432/database"
    if not url.startswith(("postgresql://", "postgres://")):
        raise SettingsError(f"{wrong}; it starts with something else.")
    try:
        return dict(conninfo_to_dict(url))
    except psycopg.Error as error:
        raise SettingsError(f"{wrong}; libpq cannot read it.") from error
