"""Sentences in English and Traditional Chinese (Taiwan), and the choice between the two."""

from __future__ import annotations

import os
import re
import shlex
import sys
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, Union

from mcapp.shell import TOOLS, Shell, called, chart

Lang = Literal["en", "zh-TW"]
LANGS: tuple[Lang, ...] = ("en", "zh-TW")
Part = Union[str, int, "Text", Sequence["str | Text"], None]
_LISTED = 5
_NO_BREAK = "\N{NO-BREAK SPACE}"
# What stays on one line: a word or a Chinese character, with the punctuation around it.
_PIECE = re.compile(r"\s*[（「]*(?:[!-~]+|\S)[，、。；：）」]*")
_chosen: list[Lang] = []


class Words(NamedTuple):
    """A sentence in both languages, which name the same parts in braces. A call fills the parts.

    Between back-quotes stands a command, or a part of one: what fills it is quoted for a shell. There the
    name of a tool is what the user calls it by, and `chart` is the chart's folder. Elsewhere a part may
    choose between one and several: "{nodes} {nodes:is|are} Ready", "{count} node{count:|s}".
    """

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


class _Spoken(str):
    """A part in words, which knows of how many things it tells."""

    things: int

    def __format__(self, spec: str) -> str:
        one, bar, several = spec.partition("|")
        if not bar:
            return super().__format__(spec)
        return one if self.things == 1 else several


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
    spans = message.words[LANGS.index(lang)].split("`")
    spoken = {name: _counted(part, lang) for name, part in message.parts.items()}
    if len(spans) == 1:
        return spans[0].format_map(spoken)
    known = {"chart": chart(), **{tool: called(tool) for tool in TOOLS}}
    typed = known | {name: _typed(part, lang) for name, part in message.parts.items()}
    return "`".join(span.format_map(typed if number % 2 else spoken) for number, span in enumerate(spans))


def announce(message: Text | str) -> None:
    """Print a sentence to standard error, so that standard output stays for results."""
    print(translate(message), file=sys.stderr, flush=True)


def plain(value: str) -> str:
    """Return a name from the cluster as harmless text, without control characters or line breaks."""
    return value if value.isprintable() else ascii(value)


def _counted(part: Part, lang: Lang) -> _Spoken:
    """Return a part in words. A number tells of as many things, a list of its entries, all else of one."""
    told = _Spoken(_spoken(part, lang))
    if isinstance(part, int):
        told.things = part
    else:
        told.things = 1 if part is None or isinstance(part, str | Text) else len(part)
    return told


def _spoken(part: Part, lang: Lang) -> str:
    if isinstance(part, Text):
        return translate(part, lang)
    if part is None or isinstance(part, str):
        return plain(part or "")
    if isinstance(part, int):
        return str(part)
    sentences = any(isinstance(item, Text) for item in part)
    between = {"en": ("; ", ", "), "zh-TW": ("；", "、")}[lang][not sentences]
    joined = between.join(_spoken(item, lang) for item in part[:_LISTED])
    if len(part) > _LISTED:
        joined += translate(_MORE(count=len(part) - _LISTED), lang)
    return joined


def _typed(part: Part, lang: Lang) -> str:
    """Return a part of a command as a shell takes it: all of a list, with blanks between."""
    if part is None or isinstance(part, Shell | int):
        return _spoken(part, lang)
    if isinstance(part, str | Text):
        return shlex.quote(_spoken(part, lang))
    return " ".join(_typed(item, lang) for item in part)


def columns(text: str) -> int:
    """Return how wide a text is in a terminal, where a Chinese character takes two columns."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text with blanks to a width in a terminal."""
    blanks = " " * (width - columns(text))
    return blanks + text if right else text + blanks


def wrapped(text: str, width: int) -> str:
    """Break a text into lines of a width in a terminal: between two words, or two Chinese characters."""
    lines = [""]
    for piece in _PIECE.findall(text):
        if lines[-1] and columns(lines[-1] + piece) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return "\n".join(lines)


def comment(message: Text, lang: Lang, indent: str) -> str:
    """Return the sentence as YAML comment lines."""
    # A command stays on one line.
    whole = re.sub("`[^`]*`", lambda command: command[0].replace(" ", _NO_BREAK), translate(message, lang))
    wrapped = textwrap.wrap(whole, 100 - len(indent), break_on_hyphens=False)
    return "".join(f"{indent}# {line}\n" for line in wrapped).replace(_NO_BREAK, " ")


def from_environment(environment: Mapping[str, str]) -> Lang:
    """Choose the language by the locale, as POSIX ranks its variables."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        locale = environment.get(name)
        if locale:
            traditional = locale.startswith(("zh_TW", "zh_HK", "zh_MO", "zh_Hant"))
            return "zh-TW" if traditional else "en"
    return "en"
