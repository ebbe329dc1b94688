"""Settings of the role, the database and the server that keep the api from its tasks."""

from __future__ import annotations

import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from dev.local.postgres import PostgresServer
from mcapp import wait
from mcapp.doctor.checks import settings
from mcapp.doctor.read.snapshot import Snapshot
from tests.support.doctor_database import BACK_SECONDS, END_APP, found, mend, works

PAIR = "ALTER ROLE app IN DATABASE appdb"
# What breaks it, what the doctor says, and what else must be undone.
SETTINGS = {
    "path of the pair": (
        f"{PAIR} SET search_path = public",
        "database-setting: .*search_path = public, set for role app in its database",
        "",
    ),
    "path of the role": (
        f"{PAIR} RESET search_path; ALTER ROLE app SET search_path = public",
        "database-setting: .*search_path = public, set for role app\\.",
        "ALTER ROLE app RESET search_path",
    ),
    "path of the database": (
        f"{PAIR} RESET search_path; ALTER DATABASE appdb SET search_path = pg_catalog",
        "database-setting: .*search_path = pg_catalog, set for the database\\.",
        "ALTER DATABASE appdb RESET search_path",
    ),
    "path of all roles": (
        f"{PAIR} RESET search_path; ALTER ROLE ALL SET search_path = ''",
        "database-setting: .*search_path = .*set for all roles",
        "ALTER ROLE ALL RESET search_path",
    ),
    "another role": (
        "CREATE ROLE other; GRANT other TO app; ALTER ROLE app SET role = other",
        "database-setting: .*role = other, set for role app\\.",
        "DROP ROLE other",
    ),
    "idle sessions end": (
        "ALTER ROLE app SET idle_session_timeout = '20ms'",
        "database-setting: .*idle_session_timeout = 20ms, set for role app\\.",
        "",
    ),
    "a library that is not there": (
        "ALTER ROLE app SET session_preload_libraries = 'not_there'",
        "database-setting: .*session_preload_libraries = not_there, set for role app\\.",
        "",
    ),
    **{
        f"read-only as {value}": (
            f"ALTER ROLE app SET default_transaction_read_only = {value}",
            "read-only-role: .*default_transaction_read_only = .* is set for role app\\.",
            "",
        )
        for value in ("t", "tru", "y", "'1'", "'YES'", "on")
    },
    "only reads, for all roles": (
        "ALTER ROLE ALL SET default_transaction_read_only = ye",
        "read-only-role: .*default_transaction_read_only = ye is set for all roles",
        "",
    ),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_named_and_reset(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, name: str
) -> None:
    change, about, rest = SETTINGS[name]
    server.sql(change)
    server.sql(END_APP)
    mend(server, found(about, server, api, snapshot))
    if rest:
        server.sql(f"SET default_transaction_read_only = off; {rest}")
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)
    found("healthy", server, api, snapshot)
    assert server.sql("SELECT setconfig FROM pg_db_role_setting") == [(["search_path=app"],)]


@pytest.mark.parametrize(
    "setting",
    [
        # The api's own limits come before those of a role.
        *("statement_timeout = '1ms'", "lock_timeout = '1ms'"),
        *("idle_in_transaction_session_timeout = '1ms'", "default_transaction_isolation = serializable"),
        *("row_security = off", "client_encoding = latin1", "default_transaction_read_only = n"),
        *("search_path = 'App', app", 'search_path = "$user"'),
    ],
)
def test_a_setting_that_disturbs_nobody(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot, setting: str
) -> None:
    name = setting.partition(" ")[0]
    server.sql(f"ALTER ROLE app SET {setting}")
    server.sql(END_APP)
    try:
        assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)
        found("healthy", server, api, snapshot)
        assert plain_http.post(f"{api.url}/api/tasks", json={"title": "買牛奶"}).status_code == 201
    finally:
        server.sql(f"ALTER ROLE app RESET {name}; {END_APP}")


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        *(("app", False), ('"$user", public', False), ("pg_catalog, app", False), ("public,app ", False)),
        *(("", True), ("public", True), ('"App"', True), ("old, app", True)),
    ],
)
def test_a_path_that_leads_past_the_tables(path: str, wrong: bool) -> None:
    facts = {"tables": {"tasks": {"lacks": []}}, "schemas": ["old"]}
    assert settings.RULES["search_path"].wrong({"value": path}, facts) is wrong


def test_a_setting_counts_before_the_api_s_sessions_notice_it(
    server: PostgresServer, api: ApiProcess, snapshot: Snapshot
) -> None:
    server.sql("ALTER ROLE app SET default_transaction_read_only = on")
    assert works(api)
    mend(server, found("^read-only-role: ", server, api, snapshot))
    assert wait.until(lambda: works(api), BACK_SECONDS, pause=0.3)
