"""The tables as the api's migrations make them, so that what somebody else has made is told apart.

A test compares this with a database that the api has made.
"""

from __future__ import annotations

from typing import NamedTuple

# The newest migration that is described here. Of a newer database nothing is called foreign.
MIGRATION = 1


class Column(NamedTuple):
    """A column: its type, and the default that rows get which the api writes; "" where it gives a value."""

    type: str
    default: str = ""


COLUMNS: dict[str, dict[str, Column]] = {
    "tasks": {
        "id": Column("bigint"),
        "title": Column("text"),
        "done": Column("boolean", "false"),
        "version": Column("bigint", "1"),
        "created_at": Column("timestamp with time zone", "now()"),
        "updated_at": Column("timestamp with time zone", "now()"),
    },
    "idempotency_keys": {
        "key": Column("uuid"),
        "title": Column("text"),
        "task_id": Column("bigint", "nextval('{schema}.tasks_id_seq')"),
        "created_at": Column("timestamp with time zone", "now()"),
    },
    "schema_migrations": {
        "version": Column("integer"),
        "name": Column("text"),
        "checksum": Column("text"),
        "applied_at": Column("timestamp with time zone", "now()"),
    },
}
CONSTRAINTS = {
    "tasks_pkey": "PRIMARY KEY (id)",
    "tasks_title_check": "CHECK (((char_length(title) >= 1) AND (char_length(title) <= 200)))",
    "idempotency_keys_pkey": "PRIMARY KEY (key)",
    "schema_migrations_pkey": "PRIMARY KEY (version)",
}
# Each new version of a row.
TRIGGER = "tasks_next_version"
FUNCTION = "BEGIN NEW.version := OLD.version + 1; NEW.updated_at := now(); RETURN NEW; END"
MAKE_FUNCTION = (
    "CREATE OR REPLACE FUNCTION {schema}.tasks_next_version() RETURNS trigger LANGUAGE plpgsql "
    f"AS '{FUNCTION}'"
)
MAKE_TRIGGER = (
    "CREATE OR REPLACE TRIGGER tasks_next_version BEFORE UPDATE ON {schema}.tasks FOR EACH ROW "
    "WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION {schema}.tasks_next_version()"
)
# That the tables are made, with the checksum of the file that made them.
RECORD = (
    "INSERT INTO {schema}.schema_migrations (version, name, checksum) VALUES (1, '0001_tasks.sql', "
    "'a89718dc5bf88863f352ca2f344cb83643542e3f15550e571b91e70ca4df2a60')"
)
# Tables that hold no task: to lose one loses none.
MAKE = {
    "schema_migrations": (
        "CREATE TABLE {schema}.schema_migrations (version integer PRIMARY KEY, name text NOT NULL, "
        "checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())",
        RECORD,
    ),
    "idempotency_keys": (
        "CREATE TABLE {schema}.idempotency_keys (key uuid PRIMARY KEY, title text NOT NULL, "
        "task_id bigint NOT NULL DEFAULT nextval('{schema}.tasks_id_seq'), "
        "created_at timestamptz NOT NULL DEFAULT now())",
        "CREATE INDEX idempotency_keys_by_age ON {schema}.idempotency_keys (created_at)",
    ),
}
