"""Many who watch: nobody's connection is closed, and the page says when it asks less often."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from playwright.sync_api import Route, expect

from dev import ROOT
from dev.local import plain_http
from tests.page.conftest import OpenPage
from tests.page.stack import Stack

# They hold more connections than nginx has by default.
VIEWERS = 250
SLOW = ("TimeoutError", "ValueError")


# Ten seconds: so many connections there must be at one time.
@pytest.mark.thorough
def test_no_connection_of_a_hall_of_viewers_is_closed(stack: Stack) -> None:
    words = [sys.executable, "-m", "dev.load.hall", f"--url={stack.web.url}", f"--viewers={VIEWERS}"]
    done = subprocess.run([*words, "--seconds=5"], capture_output=True, text=True, cwd=ROOT, check=False)
    kinds = json.loads(done.stdout)["kinds"]
    # That the api is busy or late is no fault here: how many it can serve is the machine's affair.
    problems = [problem for one in kinds.values() for problem in one["problems"]]
    assert [problem for problem in problems if not problem.startswith(SLOW)] == []
    assert kinds["page"]["count"] == kinds["first"]["count"] == VIEWERS


@pytest.mark.parametrize(
    ("locale", "said"), [("en-US", "this one asks every 12 s"), ("zh-TW", "每 12 秒才查看一次")]
)
def test_the_page_says_that_it_asks_less_often(
    stack: Stack, open_page: OpenPage, locale: str, said: str
) -> None:
    def longer(route: Route) -> None:
        answer = plain_http.get(f"{stack.web.url}/api/topology").json()
        route.fulfill(json={**answer, "next_ms": 12_000})

    page = open_page(locale=locale)
    expect(page.locator("#pace")).to_have_text("")
    page.route("**/api/topology", longer)
    expect(page.locator("#pace")).to_contain_text(said)
    page.unroute("**/api/topology")
