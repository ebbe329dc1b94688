"""The picture shows the nodes, pods, versions, times and shares."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.page.conftest import OpenPage
from tests.page.stack import NODES, Stack

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]


def test_every_pod_stands_in_its_node(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    for node, tier, pod in [
        ("lab-1", "web", "web-5d8c7b9f4d-wwwww"),
        ("lab-2", "api", "api-6c9f7d8b5f-aaaaa"),
        ("lab-3", "db", "db-0"),
    ]:
        where = page.locator(".node", has=page.get_by_role("heading", name=f"Node {node}"))
        box = where.locator(".pod")
        expect(box).to_have_count(1)
        expect(box).to_have_attribute("data-tier", tier)
        expect(box.locator(".name")).to_have_text(pod)
        expect(where.locator(".address")).to_have_text(NODES[node])
        expect(where.locator(".label")).to_have_text(["disk=fast", "role=database"] if tier == "db" else [])
    ((version,),) = stack.db.sql("SELECT current_setting('server_version')")
    expect(page.locator(".pod[data-tier=db] .version")).to_have_text(f"PostgreSQL {version.split()[0]}")
    expect(page.locator(".pod[data-tier=db] .note")).to_have_text(f"127.0.0.1:{stack.db.port}")
    expect(page.locator(".volume .size")).to_have_text("Volume 5Gi")
    expect(page.locator(".volume .claim")).to_have_text("postgres-pvc")


def test_way_of_the_latest_request_is_lit_with_its_times(open_page: OpenPage) -> None:
    page = open_page()
    for hop, name in [("web", "browser to web"), ("api", "web to api"), ("db", "api to db")]:
        expect(page.locator(f".hop[data-hop={hop}]")).to_have_text(re.compile(rf"^{name}: \d+(\.\d)? ms$"))
    expect(page.locator(".lines .taken")).to_have_count(3)
    hidden = page.evaluate(
        """() => {
          const box = (element) => element.getBoundingClientRect();
          const apart = (a, b) =>
            a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
          const hops = [...document.querySelectorAll(".hop")];
          return [...document.querySelectorAll(".where")]
            .filter((where) => hops.some((hop) => !apart(box(hop), box(where))))
            .map((where) => where.textContent);
        }"""
    )
    assert hidden == []
    expect(page.locator(".lines .broken")).to_have_count(0)
    expect(page.locator(".pod[data-latest]")).to_have_count(3)


def test_time_to_web_leaves_out_what_is_behind_it(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    expect(page.locator("#status")).to_have_text("web, api and db all answer.")
    # The frozen api delays its answer by a second, which counts as time behind web.
    stack.api.signal(signal.SIGSTOP)
    pending = page.evaluate_handle(
        "() => ({ answer: import('/js/http.js').then(({ request }) => request('api/topology')) })"
    )
    page.wait_for_timeout(1000)
    stack.api.signal(signal.SIGCONT)
    ms, upstream_ms = pending.evaluate(
        "async ({ answer }) => { const { ms, upstreamMs } = await answer; return [ms, upstreamMs]; }"
    )
    assert upstream_ms > 800
    assert -2 < ms - upstream_ms < 500


def test_second_api_pod_is_counted_beside_the_first(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    expect(page.locator("#shares")).to_have_text("A: 1 of 1")
    stack.api.kill()
    stack.api.start(pod="api-6c9f7d8b5f-bbbbb", node="lab-1")
    stack.mend()
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#shares")).to_have_text(re.compile(r"A: \d of \d · B: \d of \d"), timeout=10_000)
    box = page.locator(".node", has=page.get_by_role("heading", name="Node lab-1")).locator(
        ".pod[data-tier=api]"
    )
    expect(box.locator(".stem")).to_have_text("api-6c9f7d8b5f-")
    expect(box.locator(".badge")).to_have_text("B")
    share = box.locator(".meter > span").evaluate("bar => parseFloat(bar.style.width)")
    count, total = map(int, re.findall(r"\d+", box.locator(".note").inner_text()))
    assert share == pytest.approx(100 * count / total, abs=0.1)


def test_picture_is_asked_for_by_itself(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator(".pod[data-tier=web] .note")).to_have_text("3 of 3", timeout=10_000)
    expect(page.locator("#squares .badge")).to_have_text(["A", "A", "A"])


@pytest.fixture
def nobodys_db(stack: Stack) -> Iterator[None]:
    """A server without the settings by which the chart names its pod and node."""

    def again(*statements: str) -> None:
        for statement in statements:
            stack.db.sql(statement)
        stack.db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
        stack.mend()

    facts = ("pod", "node", "node_address", "node_labels", "volume", "volume_size")
    again(*(f"ALTER DATABASE appdb SET mcapp.{fact} = ''" for fact in facts))
    yield
    stack.mend()
    again("ALTER DATABASE appdb RESET ALL")


@pytest.mark.usefixtures("nobodys_db")
def test_a_database_without_a_pod_stands_outside_the_cluster(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    outside = page.locator(".node", has=page.get_by_role("heading", name="Outside the cluster"))
    db = outside.locator(".pod[data-tier=db]")
    expect(db.locator(".name")).to_have_text("not a pod")
    expect(db.locator(".note")).to_have_text(f"127.0.0.1:{stack.db.port}")
    stack.stop_db()
    expect(db).to_have_attribute("data-state", "down")
