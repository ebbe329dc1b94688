"""The chain as inline SVG: where each tier runs, and where the chain is broken."""

from __future__ import annotations

from html import escape

from mcapp.doctor import words
from mcapp.doctor.finding import Diagnosis
from mcapp.messages import Lang, plain, translate

_STOPS = ("user", "web", "api", "db")
_WIDTH, _GAP, _HEIGHT = 170, 60, 70
_TOP = 10
_GOOD, _BAD, _DIM = "var(--good)", "var(--bad)", "var(--dim)"
_LONGEST = 24


def picture(diagnosis: Diagnosis, lang: Lang) -> str:
    """Draw browser, web, api and db in a row; the broken one and the way to it are red."""
    broken = _broken(diagnosis)
    whole = len(_STOPS) * _WIDTH + (len(_STOPS) - 1) * _GAP + 4
    parts = []
    for position, stop in enumerate(_STOPS):
        left = 2 + position * (_WIDTH + _GAP)
        parts.append(_box(stop, left, _colour(stop, broken), _place(diagnosis, stop, lang), lang))
        if position:
            parts.append(_arrow(diagnosis, _STOPS[position - 1], stop, left - _GAP, broken))
    title = escape(translate(words.CHAIN(), lang))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {_HEIGHT + 2 * _TOP}" role="img" '
        f'font-family="system-ui, sans-serif"><title>{title}</title>{"".join(parts)}</svg>'
    )


def _broken(diagnosis: Diagnosis) -> str:
    """Return the tier of the fault; where it has none, the layer decides."""
    if diagnosis.finding is None:
        return ""
    usual = {"access": "web", "network": "api", "storage": "db", "logs": "db"}
    return diagnosis.finding.tier or usual.get(diagnosis.finding.about.layer, "all")


def _colour(stop: str, broken: str) -> str:
    if stop == "user":
        return _DIM
    if not broken:
        return _GOOD
    return _BAD if broken in (stop, "all") else _DIM


def _place(diagnosis: Diagnosis, stop: str, lang: Lang) -> str:
    if stop == "user":
        return ""
    nodes = ", ".join(plain(node) for node in diagnosis.places.get(stop, ()))
    shown = nodes if len(nodes) <= _LONGEST else nodes[: _LONGEST - 1] + "…"
    return shown or translate(words.NOWHERE(), lang)


def _box(stop: str, left: int, colour: str, place: str, lang: Lang) -> str:
    name = translate(words.USER(), lang) if stop == "user" else stop
    middle = left + _WIDTH / 2
    return (
        f'<rect x="{left}" y="{_TOP}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="none" '
        f'style="stroke:{colour};stroke-width:2.5"/>'
        f'<text x="{middle}" y="{_TOP + 30}" text-anchor="middle" font-size="18">{escape(name)}</text>'
        f'<text x="{middle}" y="{_TOP + 52}" text-anchor="middle" font-size="12">{escape(place)}</text>'
    )


def _arrow(diagnosis: Diagnosis, source: str, target: str, left: int, broken: str) -> str:
    ms = next((hop.ms for hop in diagnosis.hops if (hop.source, hop.target) == (source, target)), None)
    colour = _BAD if broken in (target, "all") else _DIM if broken else _GOOD
    middle, end = _TOP + _HEIGHT / 2, left + _GAP
    shown = "✗" if broken in (target, "all") else f"{ms:g} ms" if ms is not None else ""
    return (
        f'<path d="M{left + 4} {middle} H{end - 4} m-7 -5 l7 5 l-7 5" fill="none" '
        f'style="stroke:{colour};stroke-width:2"/>'
        f'<text x="{left + _GAP / 2}" y="{middle - 8}" text-anchor="middle" font-size="11">{shown}</text>'
    )
