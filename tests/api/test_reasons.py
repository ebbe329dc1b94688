"""What a SQLSTATE of PostgreSQL means to a client, without a server."""

from __future__ import annotations

import psycopg
import pytest

from mcapp_api.database.reasons import Code, explain


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("08006", Code.LOST),
        ("23505", Code.SCHEMA),
        ("25006", Code.READ_ONLY),
        ("3F000", Code.TABLE_MISSING),
        ("40P01", Code.DATABASE_LOCKED),
        ("42501", Code.PERMISSION_DENIED),
        ("42P01", Code.TABLE_MISSING),
        ("53100", Code.DISK),
        ("53200", Code.MEMORY),
        ("55P03", Code.DATABASE_LOCKED),
        ("57014", Code.TIMEOUT),
        ("58030", Code.DATA_DAMAGED),
        ("XX001", Code.DATA_DAMAGED),
    ],
)
def test_the_sqlstate_decides_in_any_language_of_the_server(state: str, code: Code) -> None:
    error = psycopg.errors.lookup(state)("Fehler: nichts geht")
    assert explain(error, "db:5432").code is code
