"""What somebody has changed on the api's tables, or set for its role: named, and mended by the remedy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dev import ROOT
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp import wait
from mcapp.doctor.checks import own, shape
from mcapp.doctor.read.snapshot import Snapshot
from mcapp.messages import translate
from mcapp.shell import Shell
from tests.support.doctor_database import BACK_SECONDS, END_APP, found, mend, told, works
from tests.support.table_changes import AFTER, CHANGES, FORCE, NO_TRIGGER, trigger

MIGRATIONS = ROOT / "src" / "api" / "mcapp_api" / "database" / "migrations"


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_named_and_undone(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, name: str
) -> None:
    change, about = CHANGES[name]
    server.sql(change)
    mend(server, found(about, server, api, snapshot))
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)
    if "app.odd" in change:
        server.sql(NO_TRIGGER)
    if name in AFTER:
        server.sql(AFTER[name])
    found("healthy", server, api, snapshot)
    assert not warnings(server, snapshot)
    # A row that could not be removed goes a minute later.
    left = server.sql("SELECT count(*) FROM app.tasks WHERE title LIKE 'mcapp doctor%'")
    assert left == [("DELETE ON" in change,)]


@pytest.fixture(autouse=True)
def _made_anew(server: PostgresServer, api: ApiProcess) -> Iterator[None]:
    """Let a test that fails leave no change behind for the next one."""
    yield
    server.sql("TRUNCATE app.tasks")
    if list(shape.changes(told(server), "")):
        server.empty()
        server.sql(END_APP)
        assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)


def warnings(server: PostgresServer, snapshot: Snapshot) -> list[str]:
    """Return the warnings, with a statement in the place of the command that runs it."""
    every = shape.warn(snapshot, told(server), lambda step: Shell(step.kubectl[-1]))
    return [translate(one, "en") for one in every]


HARMLESS = (
    "ALTER TABLE app.tasks ADD colour text",
    "ALTER TABLE app.tasks ADD weight integer NOT NULL DEFAULT 0",
    "CREATE INDEX by_title ON app.tasks (title)",
)
# What disturbs some requests only, or none: the statement that makes it, and the one that undoes it.
ODD = {
    trigger("IF NEW.title LIKE 'b%' THEN RAISE 'no'; END IF; RETURN NEW;", "BEFORE INSERT ON app.tasks"): (
        "DISABLE TRIGGER"
    ),
    trigger("RETURN NULL;", "BEFORE DELETE ON app.idempotency_keys"): "DISABLE TRIGGER",
    "ALTER TABLE app.tasks DROP CONSTRAINT tasks_pkey CASCADE": "ADD PRIMARY KEY (id)",
    "ALTER TABLE app.idempotency_keys ALTER key TYPE text": "ALTER COLUMN key TYPE",
}


@pytest.mark.parametrize("made", ODD)
def test_what_disturbs_some_requests_is_a_warning(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, made: str
) -> None:
    server.sql(made)
    try:
        found("healthy", server, api, snapshot)
        assert any(ODD[made] in one for one in warnings(server, snapshot)), warnings(server, snapshot)
    finally:
        server.empty()
        server.sql(END_APP)
        assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)


def test_what_disturbs_nobody_is_no_fault(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot
) -> None:
    for one in HARMLESS:
        server.sql(one)
    try:
        found("healthy", server, api, snapshot)
        assert not warnings(server, snapshot)
    finally:
        server.sql("ALTER TABLE app.tasks DROP colour, DROP weight; DROP INDEX app.by_title")


LIMITS = {
    "unique": (
        'ALTER TABLE app.tasks ADD CONSTRAINT "Once" UNIQUE (title)',
        'ALTER TABLE app.tasks DROP CONSTRAINT "Once"',
    ),
    "check": (
        "ALTER TABLE app.tasks ADD CONSTRAINT polite CHECK (title <> 'damn')",
        "ALTER TABLE app.tasks DROP CONSTRAINT polite",
    ),
    "reference": (
        "CREATE TABLE public.notes (task bigint REFERENCES app.tasks)",
        "ALTER TABLE public.notes DROP CONSTRAINT notes_task_fkey",
    ),
    "index": ("CREATE UNIQUE INDEX once ON app.tasks (lower(title))", "DROP INDEX app.once"),
    "policy": (
        f"{FORCE}; CREATE POLICY most ON app.tasks USING (title <> 'secret')",
        "ALTER TABLE app.tasks DISABLE ROW LEVEL SECURITY",
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_what_refuses_some_values_is_a_warning(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, name: str
) -> None:
    change, undo = LIMITS[name]
    server.sql(change)
    try:
        found("healthy", server, api, snapshot)
        (warning,) = warnings(server, snapshot)
        assert "app.tasks is not as this app made it" in warning
        assert f"`{undo}`" in warning
    finally:
        server.sql(undo)
        server.sql("DROP TABLE IF EXISTS public.notes; DROP POLICY IF EXISTS most ON app.tasks")
    assert not warnings(server, snapshot)


def test_a_newer_database_is_not_judged(server: PostgresServer) -> None:
    facts = told(server)
    facts["shape"]["tasks"]["constraints"].append({"name": "new", "definition": "CHECK (true)"})
    assert [one.name for one in shape.changes(facts, "")] == ["new"]
    facts["content"]["migration"] = own.MIGRATION + 1
    assert not list(shape.changes(facts, ""))


def test_the_description_of_the_tables_is_that_of_the_migrations(server: PostgresServer) -> None:
    newest = max(int(file.name[:4]) for file in MIGRATIONS.glob("*.sql"))
    assert newest == own.MIGRATION, "describe the new tables in checks/own.py"
    (record,) = server.sql("SELECT version, name, checksum FROM app.schema_migrations")
    assert own.RECORD.format(schema="app").endswith(f"VALUES {record!r}")
    facts = told(server)
    for table, columns in own.COLUMNS.items():
        there = facts["shape"][table]["columns"]
        assert [(one["name"], one["type"]) for one in there] == [(n, c.type) for n, c in columns.items()]
    assert not list(shape.changes(facts, ""))
    # What a remedy makes is what the migrations made.
    before = {key: facts["shape"][key] for key in own.COLUMNS}
    server.sql("DROP TRIGGER tasks_next_version ON app.tasks; DROP FUNCTION app.tasks_next_version()")
    server.sql("DROP TABLE app.idempotency_keys, app.schema_migrations")
    tables = (statement for made in own.MAKE.values() for statement in made)
    made = (own.MAKE_FUNCTION, own.MAKE_TRIGGER, "SET ROLE app", *tables)
    server.sql(";".join(one.format(schema="app") for one in made))
    after = told(server)["shape"]
    for triggers in (before["tasks"]["triggers"], after["tasks"]["triggers"]):
        triggers[0]["source"] = " ".join(triggers[0]["source"].split())
    before["tasks"]["sequence"] = after["tasks"]["sequence"]
    assert {key: after[key] for key in before} == before
