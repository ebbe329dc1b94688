"""Tasks: the reader's changes are stored, and the changes of others appear."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.page.conftest import OpenPage
from tests.page.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]


def texts(page: Page) -> list[str]:
    return page.locator("#list .text").all_text_contents()


def add(page: Page, title: str) -> None:
    page.get_by_label("New task").fill(title)
    page.get_by_role("button", name="Add").click()


def test_added_task_is_stored(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    add(page, "Water the plants")
    expect(page.locator("#announce")).to_have_text("Added: Water the plants")
    assert stack.titles()[0] == "Water the plants"
    page.reload()
    expect(page.locator("#list .text")).to_have_text(["Water the plants", "Task 3", "Task 2", "Task 1"])


def test_blank_title_is_not_sent(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    add(page, "   ")
    expect(page.locator("#notice")).to_have_text("Type a title first.")
    assert len(stack.titles()) == 3


def test_edit_tick_and_delete_are_stored(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    page.get_by_role("button", name="Edit: Task 1").click()
    page.get_by_label("New title of: Task 1").fill("Task one")
    page.keyboard.press("Enter")
    expect(page.locator("#announce")).to_have_text("Saved: Task one")
    page.get_by_role("checkbox", name="Task 2").check()
    expect(page.locator("#announce")).to_have_text("Done: Task 2")
    page.get_by_role("checkbox", name="Task 3").uncheck()
    expect(page.locator("#announce")).to_have_text("Open again: Task 3")
    page.get_by_role("button", name="Delete: Task 3").click()
    expect(page.locator("#announce")).to_have_text("Deleted: Task 3")
    page.reload()
    expect(page.locator("#list .text")).to_have_text(["Task 2", "Task one"])
    expect(page.get_by_role("checkbox", name="Task 2")).to_be_checked()
    assert stack.db.sql("SELECT title, done FROM app.tasks ORDER BY id") == [
        ("Task one", False),
        ("Task 2", True),
    ]


def test_escape_leaves_the_title_alone(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    page.get_by_role("button", name="Edit: Task 1").click()
    page.keyboard.type("nonsense")
    page.keyboard.press("Escape")
    expect(page.locator("#list .text")).to_have_text(["Task 3", "Task 2", "Task 1"])
    expect(page.get_by_role("button", name="Edit: Task 1")).to_be_focused()
    assert stack.titles() == ["Task 3", "Task 2", "Task 1"]


def test_filter(open_page: OpenPage) -> None:
    page = open_page()
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.locator("#list .text")).to_have_text(["Task 2", "Task 1"])
    page.get_by_role("checkbox", name="Task 2").click()
    expect(page.locator("#list .text")).to_have_text(["Task 1"])
    page.get_by_role("button", name="Done", exact=True).click()
    expect(page.locator("#list .text")).to_have_text(["Task 3", "Task 2"])
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator("#list .text")).to_have_text(["Task 3", "Task 2", "Task 1"])


def test_scrolling_brings_every_task_once(open_page: OpenPage, stack: Stack) -> None:
    stack.fill(350)
    page = open_page()
    expect(page.locator("#list .task")).to_have_count(100)
    for _ in range(8):
        page.mouse.move(600, 400)
        page.mouse.wheel(0, 20_000)
        page.wait_for_timeout(150)
    expect(page.locator("#list .task")).to_have_count(350)
    assert texts(page) == [f"Task {number}" for number in range(350, 0, -1)]
    expect(page.get_by_role("button", name="Load more")).to_be_hidden()


def test_button_loads_more_without_scrolling(open_page: OpenPage, stack: Stack) -> None:
    stack.fill(150)
    page = open_page()
    expect(page.locator("#list .task")).to_have_count(100)
    # A real click would scroll there first, and scrolling loads the tasks.
    page.get_by_role("button", name="Load more").dispatch_event("click")
    expect(page.locator("#list .task")).to_have_count(150)


def test_hostile_title_is_only_text(open_page: OpenPage, stack: Stack) -> None:
    hostile = "<img src=x onerror=alert(1)><script>document.title='owned'</script>{{7*7}}\u202e\"'"
    page = open_page()
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    add(page, hostile)
    expect(page.locator("#list .text").first).to_have_text(hostile)
    page.reload()
    expect(page.locator("#list .text").first).to_have_text(hostile)
    assert page.locator("#list img, #list script").count() == 0
    assert page.title() == "mcapp"
    assert dialogs == []
    assert stack.titles()[0] == hostile


def test_what_others_do_appears(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    expect(page.locator("#list .task")).to_have_count(3)
    stack.db.sql("INSERT INTO app.tasks (title) VALUES ('From a neighbour')")
    stack.db.sql("DELETE FROM app.tasks WHERE title = 'Task 2'")
    stack.db.sql("UPDATE app.tasks SET done = true WHERE title = 'Task 1'")
    expect(page.locator("#list .text")).to_have_text(["From a neighbour", "Task 3", "Task 1"], timeout=15_000)
    expect(page.get_by_role("checkbox", name="Task 1")).to_be_checked()


def test_task_deleted_by_another_leaves_the_list(open_page: OpenPage, stack: Stack) -> None:
    page = open_page()
    # The page reads its list once and no second time, so that it can learn of the deletion by the tick only.
    # The page before the reload may still ask for the list's head, so the one answer goes by the limit.
    page.route("**/api/tasks?*", lambda _: None)
    page.route("**/api/tasks?limit=100", lambda route: route.continue_(), times=1)
    page.reload()
    expect(page.locator("#list .task")).to_have_count(3)
    stack.db.sql("DELETE FROM app.tasks WHERE title = 'Task 2'")
    page.get_by_role("checkbox", name="Task 2").click()
    expect(page.locator("#announce")).to_have_text("Somebody else has deleted: Task 2")
    expect(page.locator("#list .text")).to_have_text(["Task 3", "Task 1"])
