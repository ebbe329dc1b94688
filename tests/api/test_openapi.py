from __future__ import annotations

from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from dev.local import plain_http
from dev.local.api_process import ApiProcess

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def document(api: ApiProcess) -> dict[str, Any]:
    made: dict[str, Any] = plain_http.get(f"{api.url}/api/openapi.json").json()
    return made


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def test_what_is_documented(document: dict[str, Any]) -> None:
    assert {name: sorted(operation["responses"]) for name, operation in operations(document).items()} == {
        "POST /api/tasks": ["200", "201", "400", "403", "409", "413", "415", "422", "500", "503"],
        "GET /api/tasks": ["200", "422", "500", "503"],
        "GET /api/tasks/{task_id}": ["200", "404", "422", "500", "503"],
        "PATCH /api/tasks/{task_id}": ["200", "400", "403", "404", "412", "413", "415", "422", "500", "503"],
        "POST /api/tasks/{task_id}/complete": ["200", "403", "404", "412", "422", "500", "503"],
        "DELETE /api/tasks/{task_id}": ["204", "403", "404", "412", "422", "500", "503"],
        "GET /api/topology": ["200", "500"],
        "GET /api/problems": ["200"],
        "GET /api/problems/{slug}": ["200", "404"],
        "GET /healthz": ["200"],
        "GET /readyz": ["200", "422", "503"],
        "GET /metrics": ["200"],
    }


def test_every_error_is_a_problem_with_a_valid_example(document: dict[str, Any]) -> None:
    problem = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    seen = 0
    for name, operation in operations(document).items():
        for status, response in operation["responses"].items():
            if status < "400":
                continue
            assert list(response["content"]) == ["application/problem+json"], name
            for example in response["content"]["application/problem+json"]["examples"].values():
                Draft202012Validator(problem).validate(example["value"])
                assert str(example["value"]["status"]) == status
                seen += 1
    assert seen > 30


def test_every_schema_has_examples(document: dict[str, Any]) -> None:
    for name in ("NewTask", "Task", "TaskPage", "Topology", "Problem"):
        schema = document["components"]["schemas"][name]
        Draft202012Validator.check_schema(schema)
        assert schema["description"]
    assert document["components"]["schemas"]["NewTask"]["properties"]["title"]["examples"]


@pytest.mark.parametrize("address", ["/docs", "/redoc", "/openapi.json"])
def test_no_page_that_loads_from_the_internet(client: httpx.Client, address: str) -> None:
    assert client.get(address).status_code == 404
