"""Patroni runs as its makers ship it: the image adds files beside it, and changes none of it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dev import ROOT

FOLDER = ROOT / "src" / "db"
SOURCES = sorted([*FOLDER.rglob("*.py"), *FOLDER.rglob("*.sh")])
LINES = 150
# What loads a module by a text, or changes an attribute by one.
BY_TEXT = {"__import__", "import_module", "setattr", "exec", "eval", "run_module"}


def changes(source: str) -> list[str]:
    """Return what in a Python file imports Patroni, or assigns to an attribute of something imported."""
    tree = ast.parse(source)
    imported: set[str] = set()
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
            )
            found += [node for name in names if name.partition(".")[0] == "patroni"]
            imported |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            root: ast.expr = node
            while isinstance(root, ast.Attribute):
                root = root.value
            if isinstance(root, ast.Name) and root.id in imported:
                found.append(node)
        elif isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in BY_TEXT:
                found.append(node)
    return [ast.unparse(node) for node in found]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_source_imports_patroni_or_changes_it(path: Path) -> None:
    assert path.suffix == ".sh" or not changes(path.read_text())
    assert "site-packages" not in path.read_text()


@pytest.mark.parametrize(
    "source",
    [
        "import patroni",
        "import patroni.ha as ha",
        "from patroni.dcs.kubernetes import Kubernetes",
        "from patroni import ha",
        "import importlib\nimportlib.import_module('patroni.ha')",
        "__import__('patroni')",
        "from x import Ha\nHa.run = 1",
        "import x\ndel x.ha.Ha.run",
        "setattr(ha, 'run', 1)",
    ],
)
def test_what_would_change_it_is_found(source: str) -> None:
    assert changes(source)


def test_what_is_beside_it_stays_small() -> None:
    assert SOURCES
    assert sum(len(path.read_text().splitlines()) for path in SOURCES) <= LINES


def test_the_image_takes_patroni_from_its_package() -> None:
    text = (FOLDER / "Dockerfile").read_text()
    assert "pip install --no-compile --group pyproject.toml:db" in text
    assert "site-packages" not in text
