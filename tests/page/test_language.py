"""Both languages, both themes: by the browser, by the switch, and remembered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from dev import ROOT
from mcapp_api.database.reasons import Code
from mcapp_api.problems import Kind
from tests.page.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.postgres, pytest.mark.slow]


@pytest.mark.parametrize(
    ("locale", "language", "heading"),
    [
        ("en-GB", "en", "Tasks"),
        ("zh-TW", "zh-TW", "待辦事項"),
        ("zh-Hant-HK", "zh-TW", "待辦事項"),
        ("de-DE", "en", "Tasks"),
    ],
)
def test_language_of_the_browser(open_page: OpenPage, locale: str, language: str, heading: str) -> None:
    page = open_page(locale=locale)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("#tasks-title")).to_have_text(heading)


def test_switch_is_remembered(open_page: OpenPage) -> None:
    page = open_page()
    expect(page.locator("#list .task")).to_have_count(3)
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="待辦事項")).to_be_visible()
    expect(page.get_by_label("新的待辦事項")).to_have_attribute("placeholder", "要做什麼？")
    expect(page.get_by_role("button", name="刪除：Task 1")).to_be_visible()
    expect(page.locator("#status")).to_have_text("web、api、db 三層都正常回應。")
    expect(page.locator(".node h3").first).to_have_text("節點 lab-1")
    expect(page.locator(".volume .size")).to_have_text("磁碟區 5Gi")
    page.reload()
    expect(page.get_by_role("button", name="中文")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="EN").click()
    expect(page.get_by_role("heading", name="Tasks")).to_be_visible()


def test_nothing_english_is_left_in_chinese(open_page: OpenPage) -> None:
    page = open_page(locale="zh-TW")
    expect(page.locator(".pod")).to_have_count(3)
    seen = page.locator("body").inner_text()
    names = (
        r"mcapp|EN|Kubernetes|Python|PostgreSQL|nginx|web|api|db|ms|s|A|Task|Pod|lab|[a-z0-9]+(-[a-z0-9]+)+"
        r"|disk|fast|role|database|Gi"
    )
    words = set(re.findall(r"[A-Za-z][\w-]*", seen))
    assert {word for word in words if not re.fullmatch(names, word)} == set()


def test_both_languages_say_the_same_things(open_page: OpenPage) -> None:
    page = open_page()
    strings = page.evaluate("async () => (await import('/js/strings.js')).strings")
    english, chinese = strings["en"], strings["zh-TW"]
    assert set(chinese) == set(english)
    for key, text in english.items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", chinese[key])), key


def test_the_page_knows_every_code_that_the_api_can_give(open_page: OpenPage) -> None:
    page = open_page()
    known = page.evaluate(
        "async () => { const { codes, problems } = await import('/js/codes.js');"
        " return { codes, problems }; }"
    )
    assert set(known["codes"]) == set(Code)
    # The page sends no malformed request, and has its own words for a deleted task and for the database.
    elsewhere = {Kind.MALFORMED, Kind.NOT_FOUND, Kind.METHOD, Kind.TASK_GONE, Kind.VERSION, Kind.TOO_LARGE}
    elsewhere |= {Kind.MEDIA_TYPE, Kind.DATABASE}
    assert set(known["problems"]) == {kind.slug for kind in set(Kind) - elsewhere}
    for name, said in {**known["codes"], **known["problems"]}.items():
        for language in ("en", "zh-TW"):
            reason, advice = said[language]
            assert reason, (name, language)
            assert advice or name == "invalid-input", (name, language)
            assert reason[-1] not in ".。", "it stands within a sentence"
        assert re.search("[\u4e00-\u9fff]", "".join(said["zh-TW"]))


def test_every_text_the_page_asks_for_exists(open_page: OpenPage) -> None:
    page = open_page()
    english = page.evaluate("async () => (await import('/js/strings.js')).strings.en")
    html = ROOT / "src/web/html"
    asked = set(
        re.findall(r'data-(?:text|label|placeholder)="([^"]+)"', (html / "index.html").read_text("utf-8"))
    )
    for module in (html / "js").rglob("*.js"):
        asked |= set(re.findall(r'\b(?:t|say)\(\s*"([^"]+)"', module.read_text("utf-8")))
    assert asked - set(english) == set()


def background(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def test_theme_follows_the_system_until_chosen(open_page: OpenPage) -> None:
    page = open_page(color_scheme="light")
    light = background(page)
    page.emulate_media(color_scheme="dark")
    dark = background(page)
    assert dark != light
    button = page.get_by_role("button", name="Dark colours")
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    assert background(page) == light
    page.reload()
    assert background(page) == light
    button.click()
    page.emulate_media(color_scheme="light")
    assert background(page) == light
    expect(button).to_have_attribute("aria-pressed", "false")
