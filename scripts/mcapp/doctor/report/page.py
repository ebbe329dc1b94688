"""The report: one HTML page that needs no other file, to hand in or to print."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape

from mcapp.doctor import words
from mcapp.doctor.causes import LAYERS
from mcapp.doctor.finding import Diagnosis, State
from mcapp.doctor.report import text
from mcapp.doctor.report.picture import picture
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import Lang, Words, plain, translate

_STYLE = """
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --dim: #6e7781; }
body { font: 16px/1.5 system-ui, "Noto Sans TC", sans-serif; max-width: 60rem; margin: 2rem auto;
padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: start; padding: .3rem .6rem .3rem 0;
vertical-align: top; border-bottom: 1px solid #8884; } .ok { color: var(--good); } .fault { color: var(--bad);
font-weight: bold; } .left-out, .not-looked-at { color: var(--dim); } pre { white-space: pre-wrap;
overflow-wrap: anywhere; padding: .8rem; border: 1px solid #8884; border-radius: .4rem; }
section { margin-block: 2.5rem; } svg { width: 100%; height: auto; } svg text { fill: currentColor; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(diagnosis: Diagnosis, kubectl: Kubectl, langs: tuple[Lang, ...], made: datetime) -> str:
    """Return the page, with a section for each language."""
    sections = "".join(_section(diagnosis, kubectl, lang, made) for lang in langs)
    title = escape(translate(words.TITLE(), langs[0]))
    return (
        f'<!doctype html>\n<html lang="{langs[0]}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{sections}</body>\n</html>\n"
    )


def _section(diagnosis: Diagnosis, kubectl: Kubectl, lang: Lang, made: datetime) -> str:
    when = made.isoformat(sep=" ", timespec="seconds")
    head = translate(words.MADE(when=when, release=diagnosis.release, namespace=diagnosis.namespace), lang)
    parts = [
        _tag("h1", translate(words.TITLE(), lang)),
        _tag("p", head),
        *(_fault(diagnosis, kubectl, lang) if diagnosis.finding else _healthy(diagnosis, lang)),
        _tag("h2", translate(words.CHAIN(), lang)),
        picture(diagnosis, lang),
        _tag("h2", translate(words.LAYERS_HEAD(), lang)),
        _layers(diagnosis, lang),
        *_remarks(diagnosis, lang),
        _tag("p", translate(words.TOOK(seconds=f"{diagnosis.seconds:.1f}"), lang)),
    ]
    return f'<section lang="{lang}">\n' + "\n".join(parts) + "\n</section>\n"


def _healthy(diagnosis: Diagnosis, lang: Lang) -> Iterator[str]:
    yield _tag("p", translate(words.HEALTHY(), lang), "ok")
    if diagnosis.hops:
        hops = "; ".join(text.hop(hop, lang) for hop in diagnosis.hops)
        yield _tag("p", translate(words.HOPS(hops=hops), lang))


def _fault(diagnosis: Diagnosis, kubectl: Kubectl, lang: Lang) -> Iterator[str]:
    finding = diagnosis.finding
    if finding is None:
        return
    layer = translate(words.LAYER[finding.about.layer](), lang)
    yield _tag("p", translate(words.LAYER_IS(layer=layer), lang), "fault")
    yield _tag("p", translate(words.CAUSE_IS(cause=finding.cause), lang))
    yield _tag("p", text.problem(finding, lang))
    yield _tag("h2", _heading(words.EVIDENCE, lang))
    yield _tag("pre", "\n".join(text.evidence(finding, lang)))
    yield _tag("h2", _heading(words.REMEDY, lang))
    yield _tag("p", text.remedy(finding, lang))
    if finding.steps:
        typed = [plain(line) for line in text.steps(finding, kubectl, lang)]
        yield _tag("pre", "\n".join(text.cut(typed, lang)))


def _heading(sentence: Words, lang: Lang) -> str:
    return translate(sentence(), lang).rstrip(":：")


def _layers(diagnosis: Diagnosis, lang: Lang) -> str:
    rows = []
    for layer in LAYERS:
        state = diagnosis.states.get(layer, State.UNSEEN)
        notes = "; ".join(translate(item, lang) for item in diagnosis.notes.get(layer, ()))
        cells = (
            _tag("th", translate(words.LAYER[layer](), lang)),
            _tag("td", translate(words.STATE[state](), lang), str(state)),
            _tag("td", notes),
        )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(rows)}</table>"


def _remarks(diagnosis: Diagnosis, lang: Lang) -> Iterator[str]:
    for item in diagnosis.warnings:
        yield _tag("p", translate(words.WARNING(what=item), lang))
    for item in diagnosis.left_out:
        yield _tag("p", translate(words.LEFT_OUT(why=item), lang), "left-out")


def _tag(tag: str, content: str, style: str = "") -> str:
    """Wrap text in a tag. The text may hold anything, since it may come from a log."""
    chosen = f' class="{style}"' if style else ""
    return f"<{tag}{chosen}>{escape(content)}</{tag}>"
