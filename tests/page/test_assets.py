"""What a browser keeps of the page, and what it asks for again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from dev.local import plain_http
from dev.local.nginx import Web
from dev.local.ports import free_port


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web(f"localhost:{free_port()}") as web:
        yield web


def names(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="([^"]+\.(?:css|js))"', page)


def test_scripts_and_styles_are_kept_by_the_browser(web: Web) -> None:
    page = plain_http.get(web.url)
    assert page.headers["cache-control"] == "no-cache"
    # One style, one script, and one that runs before the first paint.
    assert len(names(page.text)) == 3
    with plain_http.Client() as client:
        for name in names(page.text):
            answer = client.get(f"{web.url}/{name}")
            assert answer.status_code == 200, name
            assert answer.headers.get_list("cache-control") == ["public, max-age=31536000, immutable"]
            assert answer.headers["x-content-type-options"] == "nosniff"


def test_their_folder_has_another_name_where_one_of_them_is_another(web: Web) -> None:
    changed = Web(f"localhost:{free_port()}")
    changed.append("html/js/main.js", "// Another release\n")
    with changed as other:
        theirs, ours = names(plain_http.get(other.url).text), names(plain_http.get(web.url).text)
        assert not set(theirs) & set(ours)
        # In a rollout, a page of the one release may ask a pod of the other one.
        answer = plain_http.get(f"{other.url}/{ours[0]}")
    assert answer.status_code == 200
    assert answer.headers.get_list("cache-control") == ["no-cache"]


def test_every_pod_of_a_release_gives_the_page_the_same_etag(web: Web) -> None:
    with Web(f"localhost:{free_port()}") as other:
        etags = {plain_http.get(f"{url}/index.html").headers["etag"] for url in (web.url, other.url)}
    assert len(etags) == 1
