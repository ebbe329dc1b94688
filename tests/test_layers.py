"""The layout of the code: every import runs downwards, and files and functions are short.

    bench -> dev -> scripts/mcapp -> nothing of ours; src/api and src/db know only themselves

In scripts/mcapp: __main__ -> tools -> kube -> ground. The ground is every module beside the folders.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from dev import ROOT
from mcapp.shell import TOOLS

SOURCES = ("bench", "dev", "scripts", "src/api", "src/db")
FOLDERS = (*SOURCES, "tests", "images", "chart")
# What a layer may import beside itself. The names of the layers are those of their top-level packages.
LAYERS: dict[str, set[str]] = {
    "bench": {"dev", "mcapp"},
    "dev": {"mcapp"},
    "mcapp": set(),
    "mcapp_api": set(),
    "mcapp_db": set(),
    "mcapp_exporter": set(),
}
# Imports that break a rule: (module, imported package or module).
EXCEPTIONS = {
    # The benches measure the api's own SQL with its own settings.
    ("bench.api", "mcapp_api"),
    ("bench.rivals", "mcapp_api"),
    ("bench.speed", "mcapp_api"),
    # The doctor sends this file to a pod of the api, where it runs beside the api's own modules.
    ("mcapp.doctor.read.probe", "mcapp_api"),
}
TOOL_EXCEPTIONS = {
    # A move writes the same values as genvalues, for another node.
    ("move", "genvalues"),
    # A move compares the copy with the fingerprint of a backup, and stops writes as a restore does.
    ("move", "backup"),
    # `up` writes the values as genvalues does, and asks the doctor why a release does not come up.
    ("up", "genvalues"),
    ("up", "doctor"),
}
LINES, FUNCTION_LINES = 300, 60
# Sentences, one after the other: there is nothing to understand in more than one of them.
DATA = {"words.py", "causes.py"}
# Still to be split.
LONG_FILES: set[str] = set()
LONG_FUNCTIONS: set[str] = set()


def files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def module_of(path: Path) -> str:
    """Return a file's dotted name, as it is imported."""
    for folder in ("scripts", "src/api", "src/db"):
        if path.is_relative_to(ROOT / folder):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            break
    else:
        parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in files(*SOURCES)}


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imports(module: str) -> frozenset[str]:
    """Return the modules that one imports; of `from package import name`, the module `name` if it is one."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    imported = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(part for part in (above, node.module) if part)
            for alias in node.names:
                name = f"{source}.{alias.name}"
                imported.add(name if name in MODULES else source)
    return frozenset(imported - {module})


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def excepted(module: str, imported: str) -> bool:
    return any(within(module, one) and within(imported, other) for one, other in EXCEPTIONS)


def wrong_imports(modules: list[str], allowed: set[str], ours: set[str]) -> list[str]:
    """Return the imports of `ours` by these modules that are in none of the allowed packages."""
    return [
        f"{module} imports {imported}"
        for module in modules
        for imported in sorted(imports(module))
        if any(within(imported, one) for one in ours)
        and not any(within(imported, one) for one in allowed)
        and not excepted(module, imported)
    ]


def ground() -> set[str]:
    """Return the modules of scripts/mcapp that stand in no folder, but the one that starts the tools."""
    direct = {module for module in MODULES if re.fullmatch(r"mcapp\.\w+", module)}
    return {module for module in direct if MODULES[module].name != "__init__.py"} - {"mcapp.__main__"}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_lower_layers(layer: str) -> None:
    modules = [module for module in MODULES if within(module, layer)]
    assert modules
    assert not wrong_imports(modules, {layer, *LAYERS[layer]}, {*LAYERS, "tests"})


def test_every_source_file_is_in_a_layer_or_starts_a_tool() -> None:
    outside = [module for module in MODULES if module.partition(".")[0] not in LAYERS]
    assert outside == ["backup", "doctor", "genvalues", "images", "movedb", "preflight", "up"]
    assert not wrong_imports(outside, {"mcapp"}, {*LAYERS, "tests"})


def test_the_ground_imports_no_tool_and_no_kube() -> None:
    assert {"mcapp.cli", "mcapp.errors", "mcapp.wait"} <= ground()
    assert not wrong_imports(sorted(ground()), ground(), {"mcapp"})


def test_kube_imports_only_the_ground() -> None:
    modules = [module for module in MODULES if within(module, "mcapp.kube")]
    assert modules
    assert not wrong_imports(modules, {"mcapp.kube", *ground()}, {"mcapp"})


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_a_tool_imports_no_other_tool(tool: str) -> None:
    modules = [module for module in MODULES if within(module, f"mcapp.{tool}")]
    assert modules
    others = {f"mcapp.{other}" for one, other in TOOL_EXCEPTIONS if one == tool}
    assert not wrong_imports(modules, {f"mcapp.{tool}", "mcapp.kube", *others, *ground()}, {"mcapp"})


def test_every_folder_of_scripts_mcapp_is_a_tool_or_kube() -> None:
    folders = {path.parent.name for path in (ROOT / "scripts" / "mcapp").glob("*/__init__.py")}
    assert folders == {*TOOLS, "kube"}


def test_every_exception_is_needed() -> None:
    used = [
        any(within(module, one) and any(within(to, other) for to in imports(module)) for module in MODULES)
        for one, other in (*EXCEPTIONS, *((f"mcapp.{one}", f"mcapp.{to}") for one, to in TOOL_EXCEPTIONS))
    ]
    assert all(used)


def cycles(edges: dict[str, set[str]]) -> Iterator[list[str]]:
    """Yield a way from each node back to itself, where there is one."""
    for start in edges:
        ways = [[start]]
        seen: set[str] = set()
        while ways:
            way = ways.pop()
            for following in sorted(edges.get(way[-1], set())):
                if following == start:
                    yield [*way, start]
                    ways = []
                    break
                if following not in seen:
                    seen.add(following)
                    ways.append([*way, following])


def test_no_modules_import_each_other_in_a_cycle() -> None:
    edges = {module: set(imports(module)) & MODULES.keys() for module in MODULES}
    assert not next(cycles(edges), None)


def test_no_packages_import_each_other_in_a_cycle() -> None:
    """A package and the folders in it count as one where they import each other."""
    edges: dict[str, set[str]] = {}
    for module in MODULES:
        one = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0] or module
        for imported in set(imports(module)) & MODULES.keys():
            file = MODULES[imported]
            other = imported if file.name == "__init__.py" else imported.rpartition(".")[0] or imported
            if module != "mcapp.__main__" and not within(one, other) and not within(other, one):
                edges.setdefault(one, set()).add(other)
    assert edges["dev.load"] == {"dev.kind", "dev.kind.images", "mcapp", "mcapp.backup", "mcapp.kube"}
    assert not next(cycles(edges), None)


@pytest.mark.parametrize("pattern", [r"\bsys\.path\b", r"noqa:.*\bE" + "402"], ids=["sys.path", "E402"])
def test_no_file_edits_the_path(pattern: str) -> None:
    own = Path(__file__)
    assert not [str(path) for path in files(*FOLDERS) if path != own and re.search(pattern, path.read_text())]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_too_long() -> None:
    long = {
        name(path)
        for path in files(*FOLDERS)
        if path.name not in DATA and len(path.read_text().splitlines()) > LINES
    }
    assert long == LONG_FILES


def test_no_function_is_too_long() -> None:
    long = {
        f"{name(path)}::{node.name}"
        for path in files(*FOLDERS)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES
    }
    assert long == LONG_FUNCTIONS
