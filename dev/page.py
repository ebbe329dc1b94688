"""The page as it is served: its scripts and styles as one file each, so that a first visit asks five times.

The files themselves stay beside them, as they are in src/web, for whoever wants to read them in the browser.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from dev.kind.process import output
from dev.kind.programs import command
from mcapp.errors import FailedError

STYLE, SCRIPT = "css/all.css", "js/all.js"
_STYLE_LINK = re.compile(r'  <link rel="stylesheet" href="(.+?)">\n')
_PRELOAD_LINK = re.compile(r'  <link rel="modulepreload" href=".+?">\n')
_MODULE = re.compile(r'(<script type="module" src=")(.+?)(">)')


def bundle(html: Path) -> None:
    """Put the styles and the modules that index.html asks for into one file each, and let it ask for these.

    Raises:
        FailedError: a module imports what is not there; the message names both.

    """
    index = html / "index.html"
    page = index.read_text(encoding="utf-8")
    module = _MODULE.search(page)
    if not module:
        raise FailedError(f"{index} asks for no module.")
    imports = "".join(f'@import "../{name}";' for name in _STYLE_LINK.findall(page))
    (html / STYLE).write_text(imports, encoding="utf-8")
    _esbuild(html, STYLE, f"--outfile={STYLE}", "--allow-overwrite")
    _esbuild(html, module[2], f"--outfile={SCRIPT}", "--format=esm")
    page = _STYLE_LINK.sub("", _PRELOAD_LINK.sub("", page))
    link = f'  <link rel="stylesheet" href="{STYLE}">\n'
    page = page.replace("</head>", f"{link}</head>", 1)
    times = index.stat()
    index.write_text(_MODULE.sub(rf"\g<1>{SCRIPT}\g<3>", page), encoding="utf-8")
    # nginx makes the page's ETag of it: the same sources give the same.
    os.utime(index, ns=(times.st_atime_ns, times.st_mtime_ns))


def _esbuild(html: Path, *words: str) -> None:
    # Not minified: what a student opens in the browser is what we wrote.
    output([command("esbuild"), "--bundle", "--charset=utf8", "--log-level=error", *words], cwd=html)
