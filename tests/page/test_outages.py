"""A tier is down: the page names the tier, loses no task, and recovers without a reload."""

from __future__ import annotations

import re
import signal

import psycopg
import pytest
from playwright.sync_api import Page, Route, expect

from dev.local import plain_http
from tests.page.conftest import OpenPage
from tests.page.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]

ALL_WELL = "web, api and db all answer."


def add(page: Page, title: str) -> None:
    page.get_by_label("New task").fill(title)
    page.keyboard.press("Enter")


def ask(page: Page) -> None:
    """Make the page send its requests at once, as when its network comes back."""
    page.evaluate("dispatchEvent(new Event('online'))")


def test_db_down_is_named_with_its_reason_and_passes(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    status = page.locator("#status")
    expect(status).to_have_text(ALL_WELL)
    stack.stop_db()
    expect(status).to_have_text(
        f"api runs, db does not answer: connection refused: nothing listens at 127.0.0.1:{stack.db.port}."
    )
    expect(page.locator(".pod[data-tier=db]")).to_have_attribute("data-state", "down")
    expect(page.locator(".pod[data-tier=db]")).to_contain_text("db-0")
    expect(page.locator(".pod[data-tier=api]")).to_have_attribute("data-state", "up")
    expect(page.locator(".node", has_text="lab-3").locator(".pod")).to_contain_text("no answer")
    stack.mend()
    expect(status).to_have_text(ALL_WELL)
    expect(page.locator(".pod[data-tier=db]")).to_have_attribute("data-state", "up")


def test_db_down_in_chinese(open_page: OpenPage, stack: Stack) -> None:
    page = open_page(locale="zh-TW")
    expect(page.locator("#status")).to_have_text("web、api、db 三層都正常回應。")
    stack.stop_db()
    ask(page)
    expect(page.locator("#status")).to_have_text("api 正常運作，db（資料庫）沒有回應：連線遭拒。")
    expect(page.locator("#since")).to_have_text(re.compile(r"^自 \d\d:\d\d:\d\d 起。$"))


@pytest.mark.parametrize(
    ("locale", "status", "advice", "tasks", "outbox"),
    [
        (
            "en-US",
            "api runs and db answers, but the tasks cannot be used: another session holds a lock",
            "Another program, often an open psql, holds a lock",
            "The tasks cannot be loaded: somebody has locked the tasks.",
            "Not saved yet: somebody has locked the tasks. It is sent again by itself.",
        ),
        (
            "zh-TW",
            "api 正常運作，db（資料庫）有回應，但無法使用待辦事項：待辦事項被鎖定。",
            "另一個程式（常是開著的 psql）持有鎖",
            "無法載入待辦事項：待辦事項被鎖定。",
            "尚未儲存：待辦事項被鎖定。會自動重新傳送。",
        ),
    ],
)
def test_locked_tasks_are_named_with_what_to_do(
    open_page: OpenPage, stack: Stack, locale: str, status: str, advice: str, tasks: str, outbox: str
) -> None:
    with psycopg.connect(stack.db.admin_conninfo) as holder:
        holder.execute("LOCK TABLE app.tasks")
        page = open_page(locale=locale)
        expect(page.locator("#status")).to_contain_text(status)
        expect(page.locator("#advice")).to_contain_text(advice)
        expect(page.locator(".pod[data-tier=db] .note")).to_have_text(re.compile("answers, but|有回應，但"))
        expect(page.locator("#notice")).to_have_text(tasks)
        page.locator("#title").fill("Waits")
        page.keyboard.press("Enter")
        expect(page.locator("#outbox .why")).to_have_text(outbox)
        holder.rollback()
    ask(page)
    expect(page.locator("#advice")).to_be_empty()
    expect(page.locator("#list .text").first).to_have_text("Waits")
    expect(page.locator("#notice")).to_be_empty()


def test_page_opened_while_db_is_down_fills_itself(open_page: OpenPage, stack: Stack) -> None:
    stack.stop_db()
    page = open_page()
    expect(page.locator("#notice")).to_contain_text("The tasks cannot be loaded: db does not answer.")
    stack.mend()
    ask(page)
    expect(page.locator("#list .text")).to_have_text(["Task 3", "Task 2", "Task 1"])
    expect(page.locator("#notice")).to_be_empty()


def test_api_down_is_named_and_passes(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    expect(page.locator("#status")).to_have_text(ALL_WELL)
    stack.api.kill()
    ask(page)
    expect(page.locator("#status")).to_have_text("api does not answer. web runs, but no api pod answered it.")
    expect(page.locator(".pod[data-tier=web]")).to_have_attribute("data-state", "up")
    expect(page.locator(".pod[data-tier=api]")).to_have_attribute("data-state", "down")
    expect(page.locator(".pod[data-tier=db]")).to_have_attribute("data-state", "unknown")
    expect(page.locator("#shares")).to_contain_text("1 failed")
    stack.mend()
    ask(page)
    expect(page.locator("#status")).to_have_text(ALL_WELL)


def test_frozen_api_is_named(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    expect(page.locator("#status")).to_have_text(ALL_WELL)
    stack.api.signal(signal.SIGSTOP)
    ask(page)
    try:
        expect(page.locator("#status")).to_have_text(
            "api does not answer in time. web runs, but got no answer from api.", timeout=10_000
        )
    finally:
        stack.api.signal(signal.SIGCONT)
    expect(page.locator("#status")).to_have_text(ALL_WELL)


def test_web_down_is_named_and_passes(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    expect(page.locator("#status")).to_have_text(ALL_WELL)
    stack.stop_web()
    ask(page)
    expect(page.locator("#status")).to_have_text(
        "web does not answer: the server this page comes from cannot be reached."
    )
    expect(page.locator(".pod[data-tier=web]")).to_have_attribute("data-state", "down")
    stack.mend()
    ask(page)
    expect(page.locator("#status")).to_have_text(ALL_WELL)


def test_own_network_lost_is_named(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#status")).to_have_text(ALL_WELL)
    page.context.set_offline(True)
    expect(page.locator("#status")).to_have_text("This device has no network connection.")
    page.context.set_offline(False)
    expect(page.locator("#status")).to_have_text(ALL_WELL)


def test_added_task_waits_for_the_db_across_a_reload(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    expect(page.locator("#list .task")).to_have_count(3)
    stack.stop_db()
    add(page, "Typed while db was down")
    page.get_by_label("New task").fill("Half a thou")
    expect(page.locator("#outbox")).to_contain_text("Not saved yet. It is sent again by itself.")
    send = page.get_by_role("button", name="Send now")
    send.focus()
    with page.expect_response("**/api/tasks") as answer:
        page.keyboard.press("Enter")
    assert answer.value.status == 503
    expect(send).to_be_focused()
    page.reload()
    expect(page.locator("#outbox .text")).to_have_text("Typed while db was down")
    expect(page.get_by_label("New task")).to_have_value("Half a thou")
    stack.mend()
    ask(page)
    expect(page.locator("#list .text").first).to_have_text("Typed while db was down")
    expect(page.locator("#outbox .task")).to_have_count(0)
    assert stack.titles().count("Typed while db was down") == 1


def test_lost_answer_makes_one_row(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    expect(page.locator("#list .task")).to_have_count(3)
    keys: list[str] = []

    def lose_answer(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        headers = {name: route.request.headers[name] for name in ("content-type", "idempotency-key")}
        keys.append(headers["idempotency-key"])
        if len(keys) == 1:
            # The api handles the request, but the browser gets no answer.
            body = route.request.post_data_buffer or b""
            stored = plain_http.post(f"{stack.web.url}/api/tasks", content=body, headers=headers)
            assert stored.status_code == 201
            route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/tasks*", lose_answer)
    add(page, "Once only")
    expect(page.locator("#outbox")).to_contain_text("Not saved yet")
    assert stack.titles().count("Once only") == 1
    expect(page.locator("#outbox .task")).to_have_count(0)
    expect(page.locator("#list .text", has_text="Once only")).to_have_count(1)
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert stack.titles().count("Once only") == 1


def test_rejected_task_can_be_changed(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    # The api refuses a NUL; a reader cannot type one, but can paste it.
    page.get_by_label("New task").evaluate("field => { field.value = 'a\\0b'; }")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("#outbox")).to_contain_text("Not accepted: a title has 1 to 200 characters,")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#outbox")).to_contain_text("未被接受：標題須為 1 到 200 個字元，且不含控制字元。")
    page.get_by_role("button", name="EN").click()
    page.get_by_role("button", name="Change").click()
    expect(page.locator("#outbox .task")).to_have_count(0)
    expect(page.get_by_label("New task")).to_be_focused()
    assert len(stack.titles()) == 3


def test_failed_tick_and_delete_are_taken_back(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    expect(page.locator("#list .task")).to_have_count(3)
    stack.stop_db()
    page.get_by_role("checkbox", name="Task 2").click()
    expect(page.locator("#notice")).to_contain_text("Not saved, so taken back: Task 2 (db does not answer).")
    expect(page.get_by_role("checkbox", name="Task 2")).not_to_be_checked()
    page.get_by_role("button", name="Delete: Task 1").click()
    expect(page.locator("#notice")).to_contain_text("Not saved, so taken back: Task 1 ")
    expect(page.locator("#list .text:visible")).to_have_text(["Task 3", "Task 2", "Task 1"])


def test_failed_edit_keeps_the_text(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    page.get_by_role("button", name="Edit: Task 1").click()
    stack.api.kill()
    page.get_by_label("New title of: Task 1").fill("Long and well considered")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_have_text("Not saved yet, your text is kept: api does not answer.")
    expect(page.get_by_label("New title of: Task 1")).to_have_value("Long and well considered")
    stack.mend()
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("Saved: Long and well considered")
    assert stack.titles()[-1] == "Long and well considered"


def test_hidden_page_asks_nothing(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#status")).to_have_text(ALL_WELL)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    visibility = "value => { Object.defineProperty(document, 'hidden', { value, configurable: true });"
    page.evaluate(visibility + " document.dispatchEvent(new Event('visibilitychange')); }", True)
    page.wait_for_timeout(300)
    asked.clear()
    page.wait_for_timeout(2_700)
    assert asked == []
    page.evaluate(visibility + " document.dispatchEvent(new Event('visibilitychange')); }", False)
    page.wait_for_timeout(300)
    assert any(url.endswith("/api/topology") for url in asked)
