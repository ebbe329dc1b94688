"""YAML into plain data as Helm reads it, and back. PyYAML's C library does it where it is there.

Helm's own library reads neither YAML 1.1 nor 1.2: `y` is true and 0o14 is 12, but 22:30 is a string.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Iterable
from typing import Any

import yaml

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_TAG = "tag:yaml.org,2002:"
# Of a scalar without quotes and tag.
_PLAIN = "tag:mcapp:plain"
_KNOWN: dict[str, bool | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_ENDLESS = {
    **{f"{sign}{word}": math.inf for sign in ("", "+") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_WHOLE = (
    (16, re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)")),
    (2, re.compile(r"([-+]?)0[bB]([01]+)")),
    (8, re.compile(r"([-+]?)0[oO]?([0-7]+)")),
    (10, re.compile(r"([-+]?)([1-9][0-9]*|0)")),
)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([Tt ].+)?")


def plain(text: str) -> Any:
    """Return what Helm takes a scalar without quotes for: a string where it is nothing else."""
    if text in _KNOWN:
        return _KNOWN[text]
    if text in _ENDLESS:
        return _ENDLESS[text]
    digits = text if text[0] == "." else text.replace("_", "")
    if text[0] not in "+-.0123456789":
        return text
    for base, form in _WHOLE:
        found = form.fullmatch(digits)
        if found:
            number = int(found[2], base) * (-1 if found[1] == "-" else 1)
            if -(1 << 63) <= number < 1 << 64:
                return number
    if _FLOAT.fullmatch(digits) and math.isfinite(float(digits)):
        return float(digits)
    return text


class _AsHelm:
    """What a loader of PyYAML does differently here; the node's tag says what the document says."""

    def resolve(self, kind: type[yaml.Node], _value: str, implicit: Any) -> str:
        """Return a node's tag."""
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else f"{_TAG}str"
        return f"{_TAG}map" if kind is yaml.MappingNode else f"{_TAG}seq"

    def construct_document(self, node: yaml.Node) -> Any:
        """Return a document as plain data, as JSON has it."""
        return _value(node, frozenset())


class PythonLoader(_AsHelm, yaml.SafeLoader):
    """The loader in Python."""


class LibraryLoader(_AsHelm, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The loader in C, where PyYAML has it."""


def _wrong(node: yaml.Node, problem: str) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _value(node: yaml.Node, above: frozenset[int]) -> Any:
    """Return a node as plain data; `above` are the nodes that it is in."""
    if isinstance(node, yaml.ScalarNode):
        value = _scalar(node)
        if isinstance(value, float) and not math.isfinite(value):
            raise _wrong(node, "a number without end is no value")
        # JSON does not tell 1.0 from 1.
        return int(value) if isinstance(value, float) and value.is_integer() else value
    if id(node) in above:
        raise _wrong(node, "the value contains itself")
    above |= {id(node)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, above) for item in node.value]
    found: dict[str, Any] = {}
    for key, item in node.value:
        if _merges(key):
            for source in _sources(item):
                found.update(_value(source, above))
        else:
            found[_key(key)] = _value(item, above)
    return found


def _merges(key: yaml.Node) -> bool:
    return key.tag == f"{_TAG}merge" or (key.tag == _PLAIN and key.value == "<<")


def _sources(node: yaml.Node) -> list[yaml.Node]:
    """Return the mappings that `<<` merges, the first one last, since it wins."""
    found = node.value[::-1] if isinstance(node, yaml.SequenceNode) else [node]
    if not all(isinstance(source, yaml.MappingNode) for source in found):
        raise _wrong(node, "<< takes a mapping or a list of mappings")
    return found


def _key(node: yaml.Node) -> str:
    value = _scalar(node) if isinstance(node, yaml.ScalarNode) else None
    if value is None or (isinstance(value, int) and value >= 1 << 63):
        raise _wrong(node, "this is no key")
    if isinstance(value, bool):
        return str(value).lower()
    return _short(value) if isinstance(value, float) else str(value)


def _short(number: float) -> str:
    """Return a float as Go writes it with six digits before an exponent, in 32 bits."""
    if not math.isfinite(number):
        return ".nan" if math.isnan(number) else ".inf" if number > 0 else "-.inf"
    written = next(
        text
        for places in range(17)
        if math.isclose(float(text := f"{number:.{places}e}"), number, rel_tol=6e-8)
    )
    mantissa, exponent = written.split("e")
    if -4 <= int(exponent) < 6:
        return f"{float(written):.{max(len(mantissa.replace('-', '')) - 2 - int(exponent), 0)}f}"
    return written


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    name = node.tag.removeprefix(_TAG)
    if node.tag == _PLAIN:
        return plain(text)
    if name == "binary":
        try:
            return base64.b64decode(text, validate=True).decode(errors="replace")
        except binascii.Error:
            raise _wrong(node, "this is no base64") from None
    if name == "timestamp" and not _DATE.fullmatch(text):
        raise _wrong(node, "this is no timestamp")
    if name in ("int", "float", "bool", "null"):
        value = plain(text)
        fits = {"int": type(value) is int, "float": type(value) in (int, float)}
        if not fits.get(name, value is None if name == "null" else isinstance(value, bool)):
            raise _wrong(node, f"this is no {name}")
        return value
    return text


def read(text: bytes | str, kind: type[Any]) -> Any:
    """Return a document as plain data, by one of the loaders; raises as `load` does."""
    loader = kind(text)
    try:
        # Helm reads the first document alone.
        return loader.get_data() if loader.check_data() else None
    finally:
        loader.dispose()


def load(text: bytes | str) -> Any:
    """Return a document as plain data; yaml.YAMLError, ValueError or RecursionError where it is none."""
    try:
        return read(text, LibraryLoader)
    except yaml.YAMLError:
        # The two loaders word an error differently: every machine says what the one in Python says.
        return read(text, PythonLoader)


def why(error: Exception) -> str:
    """Return what is wrong and where, on one line, without the text itself: it may hold a password."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return " ".join(str(error).split())
    parts = ((error.context, error.context_mark), (error.problem, error.problem_mark))
    return ", ".join(
        f"{text} (line {mark.line + 1}, column {mark.column + 1})" if mark else str(text)
        for text, mark in parts
        if text
    )


def emit(events: Iterable[yaml.Event]) -> str:
    """Return the text of a stream of events, each value on one line."""
    text: str = yaml.emit(events, Dumper=_DUMPER, allow_unicode=True, width=1 << 30)
    return text
