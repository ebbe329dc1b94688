"""The stack, the browser, and a page that must write nothing to its console."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.page.stack import Stack

CHROMIUM = "/usr/bin/chromium"
# Neither localhost nor https: the browser treats this name like a lab machine's address.
HOST = "lab.test"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
]

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def whole_stack() -> Iterator[Stack]:
    with Stack() as stack:
        yield stack


@pytest.fixture
def stack(whole_stack: Stack) -> Stack:
    """Every tier up, three tasks."""
    whole_stack.mend()
    whole_stack.fill(3)
    return whole_stack


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The browser, ended after this folder's tests: while it runs, asyncio starts no loop in this process."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(stack: Stack, browser: Browser) -> Iterator[OpenPage]:
    """Open the page. At the end of the test it must have no error, and no line in its console.

    The options are those of a browser context, such as locale, color_scheme, viewport.
    """
    contexts = []
    complaints: list[str] = []

    def open_(**options: object) -> Page:
        context = browser.new_context(**{"locale": "en-US", **options})  # type: ignore[arg-type]
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        # A failed request is the network's fault, and the subject of some tests.
        page.on(
            "console",
            lambda line: complaints.append(line.text) if "Failed to load resource" not in line.text else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://{HOST}:{stack.web.port}/")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
