"""Everything genvalues says, in English and in Traditional Chinese (Taiwan)."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Union

from mcapp.cli import Exit
from mcapp.genvalues.words import CATALOGUE

Lang = Literal["en", "zh-TW"]
LANGS: tuple[Lang, ...] = ("en", "zh-TW")
Part = Union[str, int, "Text", Sequence["str | Text"], None]
_LISTED = 5


class Text(NamedTuple):
    """A sentence of the catalogue and what fills it, in no language yet."""

    key: str
    parts: Mapping[str, Part]


class Problem(Exception):  # noqa: N818 - it is what cli.UserError is before a language is chosen
    """What keeps the command from its result: what is wrong, what to do, and the exit code."""

    def __init__(self, problem: Text, remedy: Text, code: Exit = Exit.USAGE) -> None:
        super().__init__(problem.key)
        self.problem = problem
        self.remedy = remedy
        self.code = code


def text(key: str, /, **parts: Part) -> Text:
    """Name a sentence and what fills it."""
    return Text(key, parts)


def say(message: Text, lang: Lang) -> str:
    """Put the sentence in words, on one line."""
    return fill(CATALOGUE[message.key], message.parts, lang)


def fill(sentence: tuple[str, str], parts: Mapping[str, Part], lang: Lang) -> str:
    """Put a sentence, English and Chinese, in words, on one line."""
    chosen = sentence[LANGS.index(lang)]
    return chosen.format_map({name: _spoken(part, lang) for name, part in parts.items()})


def plain(value: str) -> str:
    """Return a name from the cluster as harmless text: no control, line break or direction marks."""
    return value if value.isprintable() else ascii(value)


def _spoken(part: Part, lang: Lang) -> str:
    if isinstance(part, Text):
        return say(part, lang)
    if part is None or isinstance(part, str):
        return plain(part or "")
    if isinstance(part, int):
        return str(part)
    shown = [_spoken(item, lang) for item in part[:_LISTED]]
    joined = ("; " if any(isinstance(item, Text) for item in part) else ", ").join(shown)
    if lang == "zh-TW":
        joined = joined.replace("; ", "；").replace(", ", "、")
    if len(part) > _LISTED:
        joined += say(text("more", count=len(part) - _LISTED), lang)
    return joined


def comment(message: Text, lang: Lang, indent: str) -> str:
    """Return the sentence as YAML comment lines."""
    wrapped = textwrap.wrap(say(message, lang), 100 - len(indent), break_on_hyphens=False)
    return "".join(f"{indent}# {line}\n" for line in wrapped)


def from_environment(environment: Mapping[str, str]) -> Lang:
    """Choose the language by the locale, as POSIX ranks its variables."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        locale = environment.get(name)
        if locale:
            traditional = locale.startswith(("zh_TW", "zh_HK", "zh_MO", "zh_Hant"))
            return "zh-TW" if traditional else "en"
    return "en"
