from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.problem import assert_problem

pytestmark = pytest.mark.postgres

JSON = {"Content-Type": "application/json"}
BIGGEST = 2**63 - 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"title": "\xff"}',
        b'{"title": "a"',
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"title": ' + b"9" * 60_000 + b"}",
        b'{"title": 1e999999}',
        b'{"title": NaN}',
        b'"\x00"',
        b"null",
        b"[]",
        b'"title"',
        b'{"title": 7}',
        b'{"title": true}',
        b'{"title": null}',
        b'{"title": ["a"]}',
        b'{"title": ""}',
        b'{"title": "   "}',
        b'{"title": "a\\u0000b"}',
        b'{"title": "a\\nb"}',
        b'{"title": "a\\u007fb"}',
        b'{"title": "a\\u0085b"}',
        b'{"title": "\\ud800"}',
        b'{"\\ud800": "a"}',
        b'{"title": "' + b"x" * 201 + b'"}',
        b'{"title": "a", "done": true}',
        b'{"title": "a", "id": 1}',
    ],
)
def test_bad_body_is_the_client_s_fault(client: httpx.Client, body: bytes) -> None:
    response = client.post("/api/tasks", content=body, headers=JSON)
    slug = "malformed-request" if response.status_code == 400 else "invalid-input"
    problem = assert_problem(response, 400 if slug == "malformed-request" else 422, slug)
    if slug == "invalid-input":
        assert all(error["pointer"].startswith("#") and error["detail"] for error in problem["errors"])


@pytest.mark.parametrize("body", [b"{", b'{"title": "\xff"}', b"[" * 60_000])
def test_what_is_not_json_is_malformed(client: httpx.Client, body: bytes) -> None:
    assert_problem(client.post("/api/tasks", content=body, headers=JSON), 400, "malformed-request")


@pytest.mark.parametrize(
    "body", [{"done": "yes"}, {"done": 1}, {"title": ""}, {"title": 3}, {"version": 2}, {"title": "x" * 201}]
)
def test_bad_change(client: httpx.Client, body: dict[str, Any]) -> None:
    assert_problem(client.patch("/api/tasks/1", json=body), 422, "invalid-input")


@pytest.mark.parametrize(
    ("method", "address", "parameter"),
    [
        ("GET", "/api/tasks/0", "task_id"),
        ("GET", "/api/tasks/-1", "task_id"),
        ("GET", f"/api/tasks/{BIGGEST + 1}", "task_id"),
        ("GET", "/api/tasks/" + "9" * 5000, "task_id"),
        ("GET", "/api/tasks/seven", "task_id"),
        ("GET", "/api/tasks/1.5", "task_id"),
        ("DELETE", "/api/tasks/%00", "task_id"),
        ("POST", f"/api/tasks/{BIGGEST + 1}/complete", "task_id"),
        ("GET", "/api/tasks?limit=0", "limit"),
        ("GET", "/api/tasks?limit=101", "limit"),
        ("GET", "/api/tasks?limit=many", "limit"),
        ("GET", "/api/tasks?done=perhaps", "done"),
        ("GET", "/api/tasks?cursor=", "cursor"),
        ("GET", "/api/tasks?cursor=!!!", "cursor"),
        ("GET", "/api/tasks?cursor=%00", "cursor"),
        ("GET", "/api/tasks?cursor=LTE", "cursor"),
        ("GET", "/api/tasks?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "cursor"),
        ("GET", "/readyz?exclude=api", "exclude"),
    ],
)
def test_bad_parameter(client: httpx.Client, method: str, address: str, parameter: str) -> None:
    problem = assert_problem(client.request(method, address), 422, "invalid-input")
    assert [error["parameter"] for error in problem["errors"]] == [parameter]


@pytest.mark.parametrize("key", ["", "7", "not-a-uuid", "x" * 5000])
def test_bad_idempotency_key(client: httpx.Client, key: str) -> None:
    response = client.post("/api/tasks", json={"title": "a"}, headers={"Idempotency-Key": key})
    problem = assert_problem(response, 422, "invalid-input")
    assert problem["errors"][0]["parameter"] == "idempotency-key"


@pytest.mark.parametrize(
    "address", [f"/api/tasks/{BIGGEST}", "/api/tasks/", "/api", "/", "/api/problems/none", "/api/x%00"]
)
def test_not_found(client: httpx.Client, address: str) -> None:
    assert_problem(client.get(address), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "address", "allow"),
    [
        ("PUT", "/api/tasks", "GET, POST"),
        ("DELETE", "/api/tasks", "GET, POST"),
        ("POST", "/api/tasks/1", "DELETE, GET, PATCH"),
        ("GET", "/api/tasks/1/complete", "POST"),
        ("POST", "/healthz", "GET"),
    ],
)
def test_method_not_allowed_names_every_method(
    client: httpx.Client, method: str, address: str, allow: str
) -> None:
    response = client.request(method, address)
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == allow


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/xml"]
)
def test_other_media_types_are_refused(client: httpx.Client, media_type: str) -> None:
    response = client.post("/api/tasks", content=b'{"title": "a"}', headers={"Content-Type": media_type})
    assert_problem(response, 415, "unsupported-media-type")


def test_json_with_a_charset_is_json(client: httpx.Client) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert client.post("/api/tasks", content=b'{"title": "a"}', headers=headers).status_code == 201


def padded(size: int) -> bytes:
    """Return a good body of exactly `size` bytes."""
    body = b'{"title": "a"}'
    return body + b" " * (size - len(body))


@pytest.mark.parametrize("chunked", [False, True])
def test_body_limit(client: httpx.Client, chunked: bool) -> None:
    def send(size: int) -> httpx.Response:
        body = padded(size)
        pieces = (body[start : start + 1000] for start in range(0, size, 1000))
        return client.post("/api/tasks", content=pieces if chunked else body, headers=JSON)

    assert send(64 * 1024).status_code == 201
    assert_problem(send(64 * 1024 + 1), 413, "body-too-large")


def test_every_kind_of_problem_explains_itself(client: httpx.Client) -> None:
    kinds = client.get("/api/problems").json()
    assert {kind["status"] for kind in kinds} == {400, 403, 404, 405, 409, 412, 413, 415, 422, 500, 503}
    for kind in kinds:
        assert client.get(kind["type"]).json() == kind


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
json_body = st.builds(json.dumps, anything | st.fixed_dictionaries({"title": anything}))
body = (
    st.binary(max_size=60)
    | json_body.map(str.encode)
    | st.text(max_size=250).map(lambda title: json.dumps({"title": title}).encode())
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=body, patch=st.booleans())
def test_no_body_is_the_server_s_fault(client: httpx.Client, body: bytes, patch: bool) -> None:
    response = client.request(
        "PATCH" if patch else "POST", "/api/tasks/1" if patch else "/api/tasks", content=body, headers=JSON
    )
    assert response.status_code in {200, 201, 400, 404, 422}, response.text
    if response.status_code == 201:
        assert response.json()["title"] == json.loads(body)["title"].strip()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cursor=st.text(max_size=70), key=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)
)
def test_no_parameter_is_the_server_s_fault(client: httpx.Client, cursor: str, key: str) -> None:
    listed = client.get("/api/tasks", params={"cursor": cursor})
    assert listed.status_code in {200, 422}, listed.text
    made = client.post("/api/tasks", json={"title": "a"}, headers={"Idempotency-Key": key, "If-Match": key})
    assert made.status_code in {200, 201, 422}, made.text
