"""The suite's cluster and release, with what a cluster may have beside them.

Where a registry answers, the addons' images are the official ones; else they are built here, with the
official names. `record_property(name, value)` puts a figure into docs/addons.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

from dev.kind.images.source import Source, choose_source
from tests.e2e.conftest import installed, kube_config, shared
from tests.page.conftest import ARGUMENTS, CHROMIUM

# The fixtures of the tests on the cluster, under their own names.
__all__ = ["chromium", "installed", "kube_config", "shared", "source"]


@pytest.fixture(scope="session")
def source() -> Source:
    """Where the addons' images come from."""
    return choose_source("auto")


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Have a browser for a block. While it runs, asyncio starts no loop in this thread."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments])
        yield browser
        browser.close()
