"""The picture of one measurement: bars, with whiskers from the slowest to the fastest round."""

from __future__ import annotations

import statistics
from xml.sax.saxutils import escape

from .figures import API, Figures
from .reads import READS

_WIDTH, _LEFT, _RIGHT, _ROW, _HEAD = 860, 300, 90, 26, 44
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .bar { fill: #9aa7b5 } .ours { fill: #2f6fde }
  .whisker { stroke: #1f2328; stroke-width: 1.5 }
  .ground { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .bar { fill: #5b6876 } .ours { fill: #5b93f5 }
    .whisker { stroke: #e6edf3 } .ground { fill: #0d1117 }
  }
"""


def draw(figures: Figures) -> str:
    """Return the picture as an SVG document, for light and dark colour schemes."""
    parts, y = [], 12
    for name, read in READS.items():
        rows = figures.samples[name]
        most = max(sample.rate for samples in rows.values() for sample in samples)
        scale = (_WIDTH - _LEFT - _RIGHT) / most
        parts.append(f'<text class="title" x="16" y="{y + 18}">{escape(read.title)}: reads per second</text>')
        y += _HEAD - 12
        for contender in rows:
            parts.append(_row(contender, figures.rates(name, contender), y, scale))
            y += _ROW
        y += 12
    title = "Reads per second of the api and of the other contenders"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" role="img"'
        f' aria-label="{title}">\n'
        f'<style>{_STYLE}</style>\n<rect class="ground" width="{_WIDTH}" height="{y}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _row(contender: str, rates: list[float], y: int, scale: float) -> str:
    median, least, greatest = statistics.median(rates), min(rates), max(rates)
    middle = y + _ROW / 2 - 2
    ends = f'y1="{middle}" y2="{middle}"'
    kind = "bar ours" if contender.startswith(API) else "bar"
    return (
        f'<text x="{_LEFT - 10}" y="{middle + 4}" text-anchor="end">{escape(contender)}</text>'
        f'<rect class="{kind}" x="{_LEFT}" y="{y + 2}" rx="2"'
        f' width="{median * scale:.1f}" height="{_ROW - 8}"/>'
        f'<line class="whisker" x1="{_LEFT + least * scale:.1f}" x2="{_LEFT + greatest * scale:.1f}" {ends}/>'
        f'<text x="{_LEFT + greatest * scale + 8:.1f}" y="{middle + 4}">{median:,.0f}</text>'
    )
