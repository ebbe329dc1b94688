"""A values file: YAML with a comment on each choice, written atomically."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from mcapp.errors import UserError
from mcapp.genvalues import words
from mcapp.genvalues.values import Reasons, Result, Values
from mcapp.messages import Lang, Text, comment
from mcapp.yamltext import emit

# What every YAML reader takes for a string without quotes: some read y as true, and 1e3 as a number.
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9._/-]+")
_WORDS = frozenset({"false", "no", "null", "off", "on", "true", "yes"})


def dump(result: Result, head: Sequence[Text], lang: Lang) -> str:
    """Return the file's text: the head, then each key below its reason."""
    lines = [comment(line, lang, "") for line in head]
    _write(result.values, (), result.reasons, lang, lines)
    return "".join(lines)


def _write(values: Values, path: tuple[str, ...], reasons: Reasons, lang: Lang, lines: list[str]) -> None:
    indent = "  " * len(path)
    for key, value in values.items():
        here = (*path, key)
        if not path:
            lines.append("\n")
        if here in reasons:
            lines.append(comment(reasons[here], lang, indent))
        nested = isinstance(value, dict) and _PLAIN.fullmatch(key)
        if nested and any(at[: len(here)] == here and at != here for at in reasons):
            lines.append(f"{indent}{key}:\n")
            _write(value, here, reasons, lang, lines)
        else:
            block = text({key: value})
            lines.extend(indent + line for line in block.splitlines(keepends=True))


def text(values: Values) -> str:
    """Return plain data as YAML in which every reader, Helm too, finds each string a string.

    It goes by way of events: PyYAML's own representer takes twice as long, and quotes neither `y` nor 1e3.
    """
    return emit([_START, _DOCUMENT, *_events(values), _DOCUMENT_END, _END])


_START, _END = yaml.StreamStartEvent(), yaml.StreamEndEvent()
_DOCUMENT, _DOCUMENT_END = yaml.DocumentStartEvent(explicit=False), yaml.DocumentEndEvent(explicit=False)


def _events(value: Any) -> Iterator[yaml.Event]:
    if isinstance(value, dict):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=not value)
        for key, item in value.items():
            yield _scalar(key)
            yield from _events(item)
        yield yaml.MappingEndEvent()
    elif isinstance(value, list):
        short = all(isinstance(item, str) and _PLAIN.fullmatch(item) for item in value)
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=short)
        for item in value:
            yield from _events(item)
        yield yaml.SequenceEndEvent()
    elif isinstance(value, str):
        yield _scalar(value)
    else:
        written = "null" if value is None else str(value).lower()
        yield yaml.ScalarEvent(None, None, (True, False), written)


@cache
def _scalar(value: str) -> yaml.ScalarEvent:
    """Return a string, quoted unless every YAML reader takes it for a string as it is."""
    plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    return yaml.ScalarEvent(None, None, (True, True), value, style=None if plain else '"')


def write(path: Path, content: str, secret: bool) -> bool:
    """Write the file atomically; False if it had this content already. Only its owner may read a `secret`."""
    path = path.resolve()
    encoded = content.encode()
    try:
        if path.is_file() and path.read_bytes() == encoded:
            return False
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(encoded)
                os.fchmod(stream.fileno(), mode & 0o600 if secret else mode)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        why = error.strerror or str(error)
        raise UserError(words.OUTPUT_UNWRITABLE(file=str(path), why=why), words.OUTPUT_REMEDY()) from None
    return True


def _umask() -> int:
    """Return the process's umask; it can only be read by setting it."""
    current = os.umask(0o077)
    os.umask(current)
    return current
