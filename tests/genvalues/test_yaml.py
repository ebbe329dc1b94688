"""With PyYAML's C library and without it: the same files and the same errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import genvalues
from dev.local.kube_objects import CONTROL_PLANE, DATABASE, listing, node

# What PyYAML itself does where it was built without libyaml: this import fails.
WITHOUT = """
import runpy, sys
sys.modules["yaml._yaml"] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
ODD = ["鍵盤", "y", "1e3", "a: b" * 40, "a\u2028b", "'", "\x1b[31m"]


def call(folder: Path, *words: str, library: bool) -> tuple[int, str, str]:
    before = [] if library else ["-c", WITHOUT]
    done = subprocess.run(
        [sys.executable, *before, str(genvalues.__file__), *words, "--lang", "en"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_same_file(tmp_path: Path) -> None:
    nodes = [
        node("laptop", "192.168.1.10", labels=CONTROL_PLANE),
        *(node(f"{name}{number}", "10.0.0.1", labels=DATABASE) for number, name in enumerate(ODD)),
    ]
    (tmp_path / "nodes.json").write_text(json.dumps(listing(*nodes)))
    (tmp_path / "base.yaml").write_text("# mine\napi: {replicas: 3, podAnnotations: {'1e3': \"no\"}}\n")
    arguments = ("--nodes-file", "nodes.json", "--base", "base.yaml", "--file")
    for file, library in (("with.yaml", True), ("without.yaml", False)):
        done = call(tmp_path, *arguments, file, library=library)
        assert done[0] == 0, done
    assert (tmp_path / "with.yaml").read_bytes() == (tmp_path / "without.yaml").read_bytes()


@pytest.mark.parametrize("text", ["a: [1", "a: 1\nb: c: d", "\0"])
def test_the_same_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "base.yaml").write_text(text)
    ends = [
        call(tmp_path, "--base", "base.yaml", "--label", "x", library=library) for library in (True, False)
    ]
    assert ends[0] == ends[1]
    assert ends[0][0] == 2
    assert "base.yaml is not YAML: " in ends[0][2]
    assert "Traceback" not in ends[0][2]


def test_an_error_names_the_line_and_shows_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("db:\n  auth: {appPassword: secret-7, x: [}\n")
    _, _, said = call(tmp_path, "--base", "base.yaml", "--label", "x", library=True)
    assert "(line 2, column " in said
    assert "secret-7" not in said
