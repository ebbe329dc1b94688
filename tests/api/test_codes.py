"""The codes of a database that cannot be used: by SQLSTATE, and in the documentation."""

from __future__ import annotations

import psycopg
import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from mcapp_api.database.reasons import Code, explain


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("08006", Code.LOST),
        ("2200H", Code.SCHEMA),
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
        ("2F005", Code.SCHEMA),
        ("54001", Code.SCHEMA),
        ("58030", Code.DATA_DAMAGED),
        ("P0001", Code.OTHER),
        ("P0004", Code.OTHER),
        ("XX001", Code.DATA_DAMAGED),
    ],
)
def test_the_sqlstate_decides_in_any_language_of_the_server(state: str, code: Code) -> None:
    error = psycopg.errors.lookup(state)("Fehler: nichts geht")
    assert explain(error, "db:5432").code is code


@pytest.mark.postgres
def test_the_api_documents_every_code(api: ApiProcess) -> None:
    kind = plain_http.get(f"{api.url}/api/problems/database-unavailable").json()
    assert kind["codes"] == {code: code.meaning for code in Code if code is not Code.SCHEMA}
    schemas = plain_http.get(f"{api.url}/api/openapi.json").json()["components"]["schemas"]
    assert set(schemas["Code"]["enum"]) == set(Code)
    for name in ("Problem", "DbDown"):
        assert "#/components/schemas/Code" in str(schemas[name]["properties"]["code"])
