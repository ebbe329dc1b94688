from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from dev.local.postgres import PostgresServer
from tests.api.problem import assert_problem

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("no_tasks")]


def make(client: httpx.Client, title: str = "Read a book") -> httpx.Response:
    response = client.post("/api/tasks", json={"title": title})
    assert response.status_code == 201, response.text
    return response


def titles(client: httpx.Client, **query: Any) -> list[str]:
    """Return the titles of all pages."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = client.get("/api/tasks", params={**query, **({"cursor": cursor} if cursor else {})}).json()
        found += [task["title"] for task in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return found


def test_a_task_from_its_making_to_its_end(client: httpx.Client) -> None:
    made = make(client, "  Read a book  ")
    task = made.json()
    assert task["title"] == "Read a book"
    assert task["done"] is False
    assert task["created_at"] == task["updated_at"]
    address = made.headers["location"]
    assert address == f"/api/tasks/{task['id']}"

    read = client.get(address)
    assert read.json() == task
    assert read.headers["etag"] == made.headers["etag"]

    renamed = client.patch(address, json={"title": "Read two books"})
    assert renamed.json() == {**task, "title": "Read two books", "updated_at": renamed.json()["updated_at"]}
    assert renamed.json()["updated_at"] > task["updated_at"]
    assert renamed.headers["etag"] != made.headers["etag"]

    done = client.post(f"{address}/complete")
    assert done.json()["done"] is True
    assert client.patch(address, json={"done": False}).json()["done"] is False

    assert client.delete(address).status_code == 204
    for response in (
        client.get(address),
        client.patch(address, json={"done": True}),
        client.post(f"{address}/complete"),
        client.delete(address),
    ):
        assert_problem(response, 404, "not-found")


@pytest.mark.parametrize(
    "title", ["x", "x" * 200, "買牛奶", "🥛" * 200, "a\u2028b", '"quoted" \\ back', "<b>"]
)
def test_title_is_kept_as_it_is(client: httpx.Client, title: str) -> None:
    made = make(client, title)
    assert made.json()["title"] == title
    assert client.get(made.headers["location"]).json()["title"] == title


@pytest.mark.parametrize(
    "body",
    [{}, {"title": None}, {"done": None}],
)
def test_change_of_nothing_changes_nothing(client: httpx.Client, body: dict[str, None]) -> None:
    made = make(client)
    same = client.patch(made.headers["location"], json=body)
    assert same.json() == made.json()
    assert same.headers["etag"] == made.headers["etag"]


def test_completing_twice_changes_nothing_the_second_time(client: httpx.Client) -> None:
    address = make(client).headers["location"]
    first = client.post(f"{address}/complete")
    second = client.post(f"{address}/complete")
    assert second.json() == first.json()
    assert second.headers["etag"] == first.headers["etag"]


def test_pages_lose_and_double_nothing(client: httpx.Client, postgres: PostgresServer) -> None:
    postgres.sql(
        "INSERT INTO app.tasks (title, done) SELECT n::text, n % 2 = 0 FROM generate_series(1, 250) n"
    )
    newest_first = [str(n) for n in range(250, 0, -1)]
    for limit in (1 + 6, 20, 50, 100):
        assert titles(client, limit=limit) == newest_first
    assert titles(client) == newest_first
    assert titles(client, done=True) == newest_first[::2]
    assert titles(client, done=False) == newest_first[1::2]
    # A page that ends with the last task has no next page.
    assert client.get("/api/tasks", params={"limit": 100, "done": True}).json()["next"]


def test_a_page_is_not_disturbed_by_what_comes_and_goes(client: httpx.Client) -> None:
    for n in range(6):
        make(client, str(n))
    first = client.get("/api/tasks", params={"limit": 2}).json()
    make(client, "new")
    client.delete(f"/api/tasks/{first['items'][1]['id']}")
    second = client.get("/api/tasks", params={"limit": 2, "cursor": first["next"]}).json()
    assert [task["title"] for task in second["items"]] == ["3", "2"]


def test_page_of_nothing(client: httpx.Client) -> None:
    assert client.get("/api/tasks").json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("if_match", "matches"),
    [
        ("{etag}", True),
        ("*", True),
        ('"7", {etag}', True),
        ('"7"', False),
        ("W/{etag}", False),
        ("nonsense", False),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "COMPLETE", "DELETE"])
def test_if_match(client: httpx.Client, method: str, if_match: str, matches: bool) -> None:
    made = make(client)
    address = made.headers["location"]
    headers = {"If-Match": if_match.format(etag=made.headers["etag"])}
    if method == "PATCH":
        response = client.patch(address, json={"title": "Other"}, headers=headers)
    elif method == "COMPLETE":
        response = client.post(f"{address}/complete", headers=headers)
    else:
        response = client.delete(address, headers=headers)
    if matches:
        assert response.status_code == (204 if method == "DELETE" else 200)
    else:
        assert_problem(response, 412, "version-mismatch")
        assert client.get(address).json() == made.json()


@pytest.mark.parametrize("if_match", ['"1"', "*", None])
def test_missing_task_is_404_whatever_if_match_says(client: httpx.Client, if_match: str | None) -> None:
    headers = {"If-Match": if_match} if if_match else {}
    assert_problem(client.delete("/api/tasks/999999", headers=headers), 404, "not-found")


def test_of_many_changes_to_one_version_one_wins(client: httpx.Client) -> None:
    made = make(client)

    def change(number: int) -> int:
        headers = {"If-Match": made.headers["etag"]}
        return client.patch(
            made.headers["location"], json={"title": str(number)}, headers=headers
        ).status_code

    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(change, range(20)))
    assert sorted(statuses) == [200] + [412] * 19


def test_a_change_made_in_psql_moves_the_etag(client: httpx.Client, postgres: PostgresServer) -> None:
    made = make(client)
    postgres.sql("UPDATE app.tasks SET title = 'by hand'")
    read = client.get(made.headers["location"])
    assert read.headers["etag"] != made.headers["etag"]
    assert read.json()["updated_at"] > made.json()["updated_at"]


def test_repeated_key_gives_the_same_task(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first = client.post("/api/tasks", json={"title": "Once"}, headers=headers)
    client.patch(first.headers["location"], json={"title": "Renamed since"})
    again = client.post("/api/tasks", json={"title": "Once"}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["title"] == "Renamed since"
    assert len(titles(client)) == 1


def test_fifty_posts_at_once_with_one_key_make_one_task(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    with ThreadPoolExecutor(50) as threads:
        sent = [
            threads.submit(client.post, "/api/tasks", json={"title": "Once"}, headers=headers)
            for _ in range(50)
        ]
        answers = [one.result() for one in sent]
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert titles(client) == ["Once"]


def test_key_with_another_body_is_refused(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    client.post("/api/tasks", json={"title": "One"}, headers=headers)
    assert_problem(client.post("/api/tasks", json={"title": "Two"}, headers=headers), 422, "key-reused")
    assert titles(client) == ["One"]


def test_late_repeat_does_not_bring_a_deleted_task_back(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    made = client.post("/api/tasks", json={"title": "One"}, headers=headers)
    client.delete(made.headers["location"])
    assert_problem(client.post("/api/tasks", json={"title": "One"}, headers=headers), 409, "task-deleted")
    assert titles(client) == []
