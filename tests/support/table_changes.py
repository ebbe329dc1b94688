"""Changes of the api's tables by hand, what the doctor says of each, and what is left to undo."""

from __future__ import annotations

_ODD = (
    "CREATE FUNCTION app.odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} END $$; CREATE {}TRIGGER odd "
)
_EACH = " FOR EACH ROW EXECUTE FUNCTION app.odd()"


def trigger(body: str, when: str, kind: str = "") -> str:
    return _ODD.format(body, kind) + when.replace(" DEFERRED", " DEFERRABLE INITIALLY DEFERRED") + _EACH


REFUSE, SWALLOW = "RAISE EXCEPTION 'not today';", "RETURN NULL;"
NO_TRIGGER = "DROP FUNCTION app.odd() CASCADE"
SECURE = "ALTER TABLE app.tasks ENABLE ROW LEVEL SECURITY"
FORCE = f"{SECURE}; ALTER TABLE app.tasks FORCE ROW LEVEL SECURITY"
CHANGES = {
    "right to the ids": (
        "REVOKE ALL ON SEQUENCE app.tasks_id_seq FROM app",
        "db-permission: .*USAGE on app.tasks_id_seq",
    ),
    "right to tick": ("REVOKE UPDATE ON app.tasks FROM app", "db-permission: .*UPDATE on app.tasks"),
    "keys renamed": (
        "ALTER TABLE app.idempotency_keys RENAME TO k",
        "table-missing: .*app.idempotency_keys",
    ),
    "view in the place of the table": (
        "ALTER TABLE app.tasks RENAME TO old; CREATE VIEW app.tasks AS SELECT id, title FROM app.old;"
        "GRANT ALL ON app.tasks TO app",
        "table-missing: .*app.tasks",
    ),
    "record of the migrations dropped": (
        "DROP TABLE app.schema_migrations",
        "table-missing: .*app.schema_migrations",
    ),
    "record of the migrations emptied": (
        "DELETE FROM app.schema_migrations",
        "table-changed: .*app.schema_migrations.*its rows are gone",
    ),
    "keys dropped": ("DROP TABLE app.idempotency_keys", "table-missing: .*app.idempotency_keys"),
    "column of the keys": (
        "ALTER TABLE app.idempotency_keys RENAME task_id TO name",
        "table-changed: .*app.idempotency_keys.*column task_id is called name now",
    ),
    "column of the tasks": (
        "ALTER TABLE app.tasks RENAME updated_at TO changed_at",
        "table-changed: .*app.tasks.*column updated_at is called changed_at now",
    ),
    "type of a column": (
        "ALTER TABLE app.idempotency_keys ALTER task_id TYPE text",
        "table-changed: .*column task_id is of type text, not bigint",
    ),
    "default gone": (
        "ALTER TABLE app.tasks ALTER done DROP DEFAULT",
        "table-changed: .*column done is NOT NULL",
    ),
    "default of the keys gone": (
        "ALTER TABLE app.idempotency_keys ALTER task_id DROP DEFAULT",
        "table-changed: .*app.idempotency_keys.*column task_id is NOT NULL",
    ),
    "column without a default": (
        'TRUNCATE app.tasks; ALTER TABLE app.tasks ADD "Owner\'s" text NOT NULL',
        "table-changed: .*column Owner's is NOT NULL",
    ),
    "check": (
        "ALTER TABLE app.tasks ADD CONSTRAINT short CHECK (char_length(title) < 20) NOT VALID",
        "table-changed: .*constraint short, CHECK",
    ),
    "own check narrowed": (
        "ALTER TABLE app.tasks DROP CONSTRAINT tasks_title_check;"
        "ALTER TABLE app.tasks ADD CONSTRAINT tasks_title_check CHECK (char_length(title) < 9) NOT VALID",
        "table-changed: .*constraint tasks_title_check, CHECK",
    ),
    "check of a tick": (
        "ALTER TABLE app.tasks ADD CONSTRAINT open CHECK (NOT done) NOT VALID",
        "table-changed: .*constraint open, CHECK",
    ),
    "unique": (
        "INSERT INTO app.tasks (title) VALUES (repeat('x', 49));"
        "CREATE UNIQUE INDEX once ON app.tasks (length(title))",
        "table-changed: .*unique index once",
    ),
    "ids given by PostgreSQL alone": (
        "ALTER TABLE app.tasks ALTER id SET GENERATED ALWAYS",
        "table-changed: .*column id is GENERATED ALWAYS",
    ),
    "primary key of the keys": (
        "ALTER TABLE app.idempotency_keys DROP CONSTRAINT idempotency_keys_pkey",
        "table-changed: .*app.idempotency_keys.*primary key is gone",
    ),
    "ids come again": (
        "INSERT INTO app.tasks (title) VALUES ('a'), ('b'); ALTER SEQUENCE app.tasks_id_seq RESTART WITH 1;"
        "UPDATE app.tasks SET id = 1 WHERE title = 'a'",
        "table-changed: .*sequence tasks_id_seq is at 1, but there is a task",
    ),
    "ids used up": (
        "SELECT setval('app.tasks_id_seq', 5000); ALTER SEQUENCE app.tasks_id_seq MAXVALUE 5000",
        "table-changed: .*sequence tasks_id_seq has reached its end 5000",
    ),
    "trigger refuses to add": (
        trigger(REFUSE, "BEFORE INSERT ON app.tasks"),
        "table-changed: .*trigger odd runs the function app.odd at each insert",
    ),
    "trigger swallows what is added": (
        trigger(SWALLOW, "BEFORE INSERT ON app.tasks"),
        "table-changed: .*trigger odd",
    ),
    "trigger refuses keys": (
        trigger(REFUSE, "BEFORE INSERT ON app.idempotency_keys"),
        "table-changed: .*app.idempotency_keys.*trigger odd",
    ),
    "trigger refuses to tick": (
        trigger(REFUSE, "BEFORE UPDATE ON app.tasks"),
        "table-changed: .*trigger odd runs the function app.odd at each update",
    ),
    "trigger swallows a tick": (
        trigger(SWALLOW, "BEFORE UPDATE ON app.tasks"),
        "table-changed: .*trigger odd",
    ),
    "trigger undoes a tick": (
        trigger("NEW.done := false; RETURN NEW;", "BEFORE UPDATE ON app.tasks"),
        "table-changed: .*trigger odd",
    ),
    "trigger refuses to remove": (
        trigger(REFUSE, "BEFORE DELETE ON app.tasks"),
        "table-changed: .*trigger odd runs the function app.odd at each delete",
    ),
    "trigger keeps what is removed": (
        trigger(SWALLOW, "BEFORE DELETE ON app.tasks"),
        "table-changed: .*trigger odd",
    ),
    "trigger at the end of the transaction": (
        trigger(REFUSE, "AFTER UPDATE ON app.tasks DEFERRED", "CONSTRAINT "),
        "table-changed: .*trigger odd",
    ),
    "trigger takes too long": (
        trigger("PERFORM pg_sleep(5); RETURN NEW;", "BEFORE INSERT ON app.tasks"),
        "table-changed: .*trigger odd",
    ),
    "trigger needs another table": (
        trigger("INSERT INTO audit VALUES (1); RETURN NEW;", "BEFORE UPDATE ON app.tasks"),
        "table-changed: .*trigger odd",
    ),
    "trigger without an end": (
        trigger("PERFORM 1;", "BEFORE INSERT ON app.tasks"),
        "table-changed: .*trigger odd",
    ),
    "own trigger off": (
        "ALTER TABLE app.tasks DISABLE TRIGGER ALL",
        "table-changed: .*own trigger tasks_next_version",
    ),
    "own trigger dropped": (
        "DROP TRIGGER tasks_next_version ON app.tasks; DROP FUNCTION app.tasks_next_version()",
        "table-changed: .*own trigger tasks_next_version",
    ),
    "own function changed": (
        "CREATE OR REPLACE FUNCTION app.tasks_next_version() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no'; END $$",
        "table-changed: .*own function tasks_next_version",
    ),
    "rule instead of adding": (
        "CREATE RULE quiet AS ON INSERT TO app.tasks DO INSTEAD NOTHING",
        "table-changed: .*rule quiet",
    ),
    "rule instead of ticking": (
        "CREATE RULE quiet AS ON UPDATE TO app.tasks DO INSTEAD NOTHING",
        "table-changed: .*rule quiet",
    ),
    "rows hidden": (FORCE, "table-changed: .*row-level security is on without a policy"),
    "rows refused by a policy": (
        f"{FORCE}; CREATE POLICY mine ON app.tasks USING (title = 'mine')",
        "table-changed: .*row-level security is on, with the policies mine",
    ),
    "tables of the superuser, with row security": (
        f"ALTER TABLE app.tasks OWNER TO postgres; GRANT ALL ON app.tasks TO app;"
        f"GRANT ALL ON SEQUENCE app.tasks_id_seq TO app; {SECURE}",
        "table-changed: .*row-level security is on without a policy",
    ),
}
AFTER = {
    "view in the place of the table": "DROP VIEW app.tasks_aside",
    "tables of the superuser, with row security": "ALTER TABLE app.tasks OWNER TO app",
    "column without a default": 'ALTER TABLE app.tasks DROP "Owner\'s"',
    "rows refused by a policy": "DROP POLICY mine ON app.tasks",
    "ids used up": "ALTER SEQUENCE app.tasks_id_seq RESTART WITH 10",
    "own check narrowed": "ALTER TABLE app.tasks ADD CONSTRAINT tasks_title_check"
    " CHECK (char_length(title) BETWEEN 1 AND 200)",
    "rule instead of adding": "DROP RULE quiet ON app.tasks",
    "rule instead of ticking": "DROP RULE quiet ON app.tasks",
}
