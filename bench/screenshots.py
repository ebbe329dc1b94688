#!/usr/bin/env python3
"""Takes docs/screenshots of running releases, in every language of the page.

It adds a few tasks through the page first, and deletes them afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Locator, Page, expect, sync_playwright

from dev import ROOT
from dev.kind import host
from dev.kind.process import output
from mcapp.cli import parser, run
from mcapp.errors import Exit, FailedError, UserError
from mcapp.progress import step

FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
PACKAGES = ("chromium", "fonts-noto-cjk", "pngquant")
WIDTH, HEIGHT = 1440, 720
MOST_BYTES = 200_000
# After this number of answers every api pod has shown up.
ANSWERS = 12
PATIENCE_MS = 60_000
# Oldest first, done or not.
TASKS = {
    "en": {"Load the images": True, "Install the chart": True, "Show it to the class": False},
    "zh-TW": {"載入映像檔": True, "安裝 chart": True, "示範給同學看": False},
}


def main(arguments: Sequence[str]) -> Exit:
    """Take a screenshot of each given page in each language."""
    options = parser(
        "python -m bench.screenshots",
        __doc__ or "",
        "python -m bench.screenshots --multi http://localhost:30080",
    )
    for topology in ("multi", "single"):
        options.add_argument(
            f"--{topology}", type=_url, help=f"the page of an install with topology {topology}"
        )
    chosen = vars(options.parse_args(arguments))
    pages = {topology: chosen[topology] for topology in ("multi", "single") if chosen[topology]}
    if not pages:
        raise UserError("No page is given.", "Give --multi URL, --single URL, or both.")

    host.require_root("This bench")
    host.install(PACKAGES)
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for topology, url in pages.items():
            for language in TASKS:
                picture = FOLDER / f"{topology}-{language}.png"
                with step(f"Taking {picture.relative_to(ROOT)}"):
                    _draw(browser, url, language, picture)
        browser.close()
    return Exit.OK


def _draw(browser: Browser, url: str, language: str, picture: Path) -> None:
    context = browser.new_context(
        locale=language,
        viewport={"width": WIDTH, "height": HEIGHT},
        color_scheme="light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    added: list[str] = []
    try:
        page.goto(url)
        for title, done in TASKS[language].items():
            _add(page, title, done=done)
            added.append(title)
        expect(page.locator("#squares .badge").nth(ANSWERS - 1)).to_be_visible(timeout=PATIENCE_MS)
        expect(page.locator(".status")).to_have_attribute("data-state", "ok")
        # No cursor in the field, no hover on a button.
        page.locator("h1").click()
        page.screenshot(path=picture, full_page=True)
    except (Error, AssertionError) as error:
        raise FailedError(
            f"The page at {url} does not show a healthy install: {str(error).splitlines()[0]}",
            "Look at it with a browser.",
        ) from error
    finally:
        for title in added:
            with page.expect_response(lambda answer: answer.request.method == "DELETE"):
                _row(page, title).locator(".delete").click()
        context.close()
    output(["pngquant", "--force", "--skip-if-larger", "--strip", "--ext", ".png", picture])
    if (size := picture.stat().st_size) > MOST_BYTES:
        raise FailedError(f"{picture} has {size} bytes, above {MOST_BYTES}.")


def _add(page: Page, title: str, *, done: bool) -> None:
    page.locator("#title").fill(title)
    page.keyboard.press("Enter")
    tick = _row(page, title).locator(".tick")
    expect(tick).to_be_visible()
    tick.set_checked(done)


def _row(page: Page, title: str) -> Locator:
    """Return the newest task of this title."""
    return page.locator("#list .task", has_text=title).first


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UserError(f"{text!r} is no URL.", "Give the page's, such as http://localhost:30080.")
    return text


if __name__ == "__main__":
    run(main)
