"""argparse in the user's language. It asks gettext, whose catalogue dev/catalogue.py writes."""

from __future__ import annotations

import gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mcapp.messages import language
from mcapp.shell import COMMAND

CATALOGUES = Path(__file__).with_name("locale")
# gettext's name of zh-TW, and the variable that it looks at first.
CHINESE, VARIABLE = "zh_TW", "LANGUAGE"


@contextmanager
def argparse_translated() -> Iterator[None]:
    """Have what argparse says inside of this in the language of the process."""
    if language() == "en":
        yield
        return
    domain, was = gettext.textdomain(), os.environ.get(VARIABLE)
    gettext.bindtextdomain(COMMAND, str(CATALOGUES))
    gettext.textdomain(COMMAND)
    os.environ[VARIABLE] = CHINESE
    try:
        yield
    finally:
        # What the tool starts later shall find its variables as the user set them.
        gettext.textdomain(domain)
        os.environ.pop(VARIABLE)
        if was is not None:
            os.environ[VARIABLE] = was
