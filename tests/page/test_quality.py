"""The page is accessible, small, strict, and fits every screen."""

from __future__ import annotations

import re
import time
from importlib.resources import files
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.local import plain_http
from tests.page.conftest import OpenPage
from tests.page.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize(
    ("locale", "theme"),
    [
        ("en-US", "light"),
        ("zh-TW", "dark"),
        pytest.param("en-US", "dark", marks=pytest.mark.thorough),
        pytest.param("zh-TW", "light", marks=pytest.mark.thorough),
    ],
)
def test_axe_finds_nothing(open_page: OpenPage, stack: Stack, locale: str, theme: str) -> None:
    page = open_page(locale=locale, color_scheme=theme, reduced_motion="reduce")
    expect(page.locator("#list .task")).to_have_count(3)
    expect(page.locator(".status")).to_have_attribute("data-state", "ok")
    page.locator("#list .edit").first.click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    # The page with every kind of failure on it.
    stack.stop_db()
    page.locator("#title").fill("Waits")
    page.keyboard.press("Enter")
    page.locator("#list .tick").first.click()
    expect(page.locator(".status")).to_have_attribute("data-state", "db")
    expect(page.locator("#outbox .task[data-failed]")).to_have_count(1)
    expect(page.locator("#notice")).not_to_be_empty()
    assert violations(page) == []


def test_axe_can_find_something(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate("document.querySelector('#title').labels[0].remove()")
    page.evaluate("document.querySelector('#title').removeAttribute('placeholder')")
    assert any(line.startswith("label: ") for line in violations(page))


def test_whole_page_is_below_100_kb(stack: Stack) -> None:
    total = 0
    with plain_http.Client(base_url=stack.web.url) as client:
        asked = re.findall(r'(?:href|src)="([^"#]+)"', client.get("/").text)
        for path in ["", *asked]:
            with client.stream("GET", f"/{path}") as answer:
                assert answer.status_code == 200, path
                total += sum(len(chunk) for chunk in answer.iter_raw())
    assert 5_000 < total < 100_000


def test_page_asks_five_times_at_first_and_nobody_elsewhere(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#list .task")).to_have_count(3)
    names = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    origin = page.evaluate("location.origin")
    assert [name for name in names if not name.startswith(origin + "/")] == []
    asked = sorted(Path(name).name for name in names if "/api/" not in name)
    assert asked in (["all.css", "all.js", "boot.js"], ["all.css", "all.js", "boot.js", "icon.svg"])


def test_healthy_page_writes_nothing_to_the_console(open_page: OpenPage) -> None:
    lines: list[str] = []
    page = open_page()
    page.on("console", lambda line: lines.append(line.text))
    page.reload()
    expect(page.locator("#status")).to_have_text("web, api and db all answer.")
    assert lines == []


def test_policy_stops_an_injected_script(stack: Stack, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(stack.web.url)
    blocked = page.evaluate(
        """() => new Promise((resolve) => {
          document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "document.title = 'owned'";
          document.body.append(script);
        })"""
    )
    title = page.title()
    page.close()
    assert (blocked, title) == ("script-src-elem", "mcapp")


@pytest.mark.parametrize("width", [360, 768, 1024, 1440, 1920])
def test_no_width_scrolls_sideways(open_page: OpenPage, stack: Stack, width: int) -> None:
    stack.db.sql("INSERT INTO app.tasks (title) VALUES (repeat('W', 200))")
    page = open_page(viewport={"width": width, "height": 800})
    expect(page.locator("#list .task")).to_have_count(4)
    expect(page.locator(".pod")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    outside = page.evaluate(
        """() => [...document.querySelectorAll(".pod, .hop, .client, button, input")]
          .filter((element) => element.checkVisibility() && !element.closest(".skip"))
          .filter((element) => {
            const { left, right } = element.getBoundingClientRect();
            return left < 0 || right > innerWidth;
          }).map((element) => element.outerHTML)"""
    )
    assert outside == []


def test_keyboard_alone_adds_and_ticks(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#list .task")).to_have_count(3)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the tasks")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(page.get_by_label("New task")).to_be_focused()
    page.keyboard.type("By hand")
    page.keyboard.press("Enter")
    expect(page.locator("#list .text").first).to_have_text("By hand")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="By hand")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.locator("#announce")).to_have_text("Done: By hand")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("Deleted: By hand")
    expect(page.get_by_role("checkbox", name="Task 3")).to_be_focused()


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.thorough)])
def test_thousands_of_tasks_stay_quick(open_page: OpenPage, stack: Stack, count: int) -> None:
    stack.fill(count)
    page = open_page()
    scroll = """() => {
      scrollTo(0, document.body.scrollHeight);
      return document.querySelectorAll("#list .task").length;
    }"""
    until = time.monotonic() + 90
    while page.evaluate(scroll) < count:
        assert time.monotonic() < until
        page.wait_for_timeout(20)
    # The time from a change in the last row to the frame that shows it; the best of five, on a busy machine.
    frame = """() => new Promise((resolve) => {
      const started = performance.now();
      document.querySelector("#list > :last-child > :last-child .text").textContent += "!";
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - started)));
    })"""
    assert min(page.evaluate(frame) for _ in range(5)) < 100
    assert page.evaluate("document.querySelectorAll('#list *').length") < count * 6
