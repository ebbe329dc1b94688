"""Sentences in English and Traditional Chinese (Taiwan), and the choice between the two."""

from __future__ import annotations

import os
import sys
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, Union

Lang = Literal["en", "zh-TW"]
LANGS: tuple[Lang, ...] = ("en", "zh-TW")
Part = Union[str, int, "Text", Sequence["str | Text"], None]
_LISTED = 5
_chosen: list[Lang] = []


class Words(NamedTuple):
    """A sentence in both languages, which name the same parts in braces. A call fills the parts."""

    en: str
    zh: str

    def __call__(self, /, **parts: Part) -> Text:
        """Fill the sentence."""
        return Text(self, parts)


class Text(NamedTuple):
    """A sentence and what fills it, in no language yet."""

    words: Words
    parts: Mapping[str, Part] = MappingProxyType({})


_MORE = Words(" and {count} more", "等（另有 {count} 個）")


def choose_language(lang: Lang | None) -> Lang:
    """Set the language of this process; None leaves it to the locale. Return the language."""
    _chosen[:] = [lang] if lang else []
    return language()


def language() -> Lang:
    """Return the language of this process: the one chosen, else that of the locale."""
    return _chosen[0] if _chosen else from_environment(os.environ)


def translate(message: Text | str, lang: Lang | None = None) -> str:
    """Return a sentence in one language, on one line; a plain string is for developers and stays as it is."""
    if isinstance(message, str):
        return message
    lang = lang or language()
    chosen = message.words[LANGS.index(lang)]
    return chosen.format_map({name: _spoken(part, lang) for name, part in message.parts.items()})


def announce(message: Text | str) -> None:
    """Print a sentence to standard error, so that standard output stays for results."""
    print(translate(message), file=sys.stderr, flush=True)


def plain(value: str) -> str:
    """Return a name from the cluster as harmless text, without control characters or line breaks."""
    return value if value.isprintable() else ascii(value)


def _spoken(part: Part, lang: Lang) -> str:
    if isinstance(part, Text):
        return translate(part, lang)
    if part is None or isinstance(part, str):
        return plain(part or "")
    if isinstance(part, int):
        return str(part)
    shown = [_spoken(item, lang) for item in part[:_LISTED]]
    joined = ("; " if any(isinstance(item, Text) for item in part) else ", ").join(shown)
    if lang == "zh-TW":
        joined = joined.replace("; ", "；").replace(", ", "、")
    if len(part) > _LISTED:
        joined += translate(_MORE(count=len(part) - _LISTED), lang)
    return joined


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text with blanks to a width in a terminal, where a Chinese character takes two columns."""
    blanks = " " * (width - sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text))
    return blanks + text if right else text + blanks


def comment(message: Text, lang: Lang, indent: str) -> str:
    """Return the sentence as YAML comment lines."""
    wrapped = textwrap.wrap(translate(message, lang), 100 - len(indent), break_on_hyphens=False)
    return "".join(f"{indent}# {line}\n" for line in wrapped)


def from_environment(environment: Mapping[str, str]) -> Lang:
    """Choose the language by the locale, as POSIX ranks its variables."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        locale = environment.get(name)
        if locale:
            traditional = locale.startswith(("zh_TW", "zh_HK", "zh_MO", "zh_Hant"))
            return "zh-TW" if traditional else "en"
    return "en"
