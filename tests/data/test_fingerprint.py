"""The fingerprint is the same after a dump and a restore, and another after any single change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dev.local.postgres import PostgresServer
from mcapp.backup.fingerprint import TRANSACTION, Fingerprint, parse

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


def take(server: PostgresServer, database: str = "appdb", *, options: str = "") -> Fingerprint:
    settings = f"{options}\n{TRANSACTION}".encode()
    done = server.client("psql", "-XAtq", "-v", "ON_ERROR_STOP=1", database=database, stdin=settings)
    assert done.returncode == 0, done.stderr.decode()
    return parse(done.stdout)


@pytest.fixture
def copy(populated: PostgresServer) -> Iterator[str]:
    """The name of a database that was restored from a dump of the first one."""
    name = "copy"
    populated.sql(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        dumped = populated.client("pg_dump", "--format=custom")
        restored = populated.client(
            "pg_restore", "--exit-on-error", f"--dbname={name}", database=name, stdin=dumped.stdout
        )
        assert restored.returncode == 0, restored.stderr.decode()
        # The database's own properties are not in a dump.
        populated.sql(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        populated.sql(f"GRANT CONNECT ON DATABASE {name} TO app")
        populated.sql(f"ALTER ROLE app IN DATABASE {name} SET search_path = app")
        yield name
    finally:
        populated.sql(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_restored_dump_holds_the_same(populated: PostgresServer, copy: str) -> None:
    before, after = take(populated), take(populated, copy)
    assert before.differences(after) == []
    assert before.content == after.content
    assert before.rows == {"app.tasks": 3, "app.idempotency_keys": 1}
    assert before.roles == {"app", "postgres", "pg_database_owner"}


def test_neither_the_order_on_disk_nor_the_session_counts(populated: PostgresServer) -> None:
    before = take(populated)
    populated.sql("CREATE TABLE app.aside AS SELECT * FROM app.tasks")
    populated.sql("TRUNCATE app.tasks")
    populated.sql("INSERT INTO app.tasks SELECT * FROM app.aside ORDER BY id DESC")
    populated.sql("DROP TABLE app.aside")
    session = "SET timezone = 'Asia/Taipei'; SET datestyle = 'German'; SET bytea_output = 'escape';"
    assert before.differences(take(populated, options=session)) == []


CHANGES = {
    "row changed": "UPDATE app.tasks SET title = 'uno' WHERE id = 1",
    "row added": "INSERT INTO app.idempotency_keys VALUES (gen_random_uuid(), 'two', 2)",
    "row gone": "DELETE FROM app.tasks WHERE id = 3",
    "row twice": "INSERT INTO app.plain VALUES (1)",
    "values swapped": "UPDATE app.plain SET a = b, b = a",
    "sequence moved": "SELECT nextval('app.tasks_id_seq')",
    "sequence's step": "ALTER SEQUENCE app.tasks_id_seq INCREMENT BY 2",
    "grant on a table": "GRANT SELECT ON app.tasks TO reader",
    "grant taken": "REVOKE DELETE ON app.tasks FROM app",
    "grant on a column": "GRANT SELECT (title) ON app.tasks TO reader",
    "grant on a schema": "GRANT USAGE ON SCHEMA app TO reader",
    "grant on a sequence": "GRANT USAGE ON SEQUENCE app.tasks_id_seq TO reader",
    "grant on a function": "REVOKE EXECUTE ON FUNCTION app.tasks_next_version FROM PUBLIC",
    "grant on the database": "GRANT CONNECT ON DATABASE appdb TO reader",
    "grant by default": "ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO reader",
    "grant that may be passed on": "GRANT SELECT ON app.tasks TO app WITH GRANT OPTION",
    "owner": "ALTER TABLE app.plain OWNER TO reader",
    "setting": "ALTER ROLE reader IN DATABASE appdb SET search_path = app",
    "column added": "ALTER TABLE app.tasks ADD note text",
    "column's name": "ALTER TABLE app.tasks RENAME title TO name",
    "column's type": "ALTER TABLE app.plain ALTER a TYPE bigint",
    "column's default": "ALTER TABLE app.tasks ALTER done DROP DEFAULT",
    "column may be null": "ALTER TABLE app.tasks ALTER done DROP NOT NULL",
    "table added": "CREATE TABLE app.empty ()",
    "index gone": "DROP INDEX app.tasks_by_done",
    "constraint gone": "ALTER TABLE app.tasks DROP CONSTRAINT tasks_title_check",
    "trigger off": "ALTER TABLE app.tasks DISABLE TRIGGER tasks_next_version",
    "function's body": "CREATE OR REPLACE FUNCTION app.tasks_next_version() RETURNS trigger LANGUAGE plpgsql "
    "AS 'BEGIN RETURN NEW; END'",
}


@pytest.fixture
def with_reader(populated: PostgresServer) -> Iterator[PostgresServer]:
    """The database with a second role and a table without a key; both are dropped afterwards."""
    populated.sql("CREATE ROLE reader")
    populated.sql("CREATE TABLE app.plain (a int, b int)")
    populated.sql("INSERT INTO app.plain VALUES (1, 2)")
    yield populated
    populated.sql("DROP OWNED BY reader CASCADE")
    populated.sql("ALTER ROLE reader IN DATABASE appdb RESET ALL")
    populated.sql("DROP ROLE reader")


@pytest.mark.parametrize("change", CHANGES)
def test_any_single_change_shows(with_reader: PostgresServer, change: str) -> None:
    before = take(with_reader)
    assert before.differences(take(with_reader)) == []
    with_reader.sql(CHANGES[change])
    after = take(with_reader)
    assert before.differences(after)
    assert after.differences(before)
    of_content = change.startswith(("row", "values", "column", "table"))
    assert (before.content != after.content) == of_content


def test_a_difference_says_what_and_how(populated: PostgresServer) -> None:
    before = take(populated)
    populated.sql("DELETE FROM app.tasks WHERE id = 3")
    found = [str(item) for item in before.differences(take(populated))]
    assert "tables app.tasks rows: 3 -> 2" in found
    assert len(found) == 2, "the digest is the other"


def test_a_sequence_may_have_run_on_between_two_looks(populated: PostgresServer) -> None:
    before = take(populated)
    populated.sql("SELECT nextval('app.tasks_id_seq')")
    between = take(populated)
    populated.sql("SELECT nextval('app.tasks_id_seq')")
    later = take(populated)
    assert before.differences(between, later) == []
    assert [item.what for item in before.differences(later, between)] == ["sequences app.tasks_id_seq next"]
    assert [item.what for item in between.differences(before, later)] == ["sequences app.tasks_id_seq next"]


@pytest.mark.parametrize("line", ["", "null", "[]", '{"tables": {}}', "{"])
def test_what_is_no_fingerprint_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own is one, too
        parse(line)
