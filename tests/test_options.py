"""Options that make no sense are refused with what they may be; what a locale cannot show is no crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from dev import ROOT
from mcapp import __main__ as tools
from mcapp.errors import Exit, UserError

SCRIPTS = ROOT / "scripts"
CLUSTER_TOOLS = [
    ("doctor", ()),
    ("genvalues", ()),
    ("backup", ("list",)),
    ("move", ("--back",)),
    ("up", ()),
]
NONSENSE = [
    *(("--timeout", given, "from 1 to 3600") for given in ("0", "-1", "nan", "inf", "1.5", "3601", "x", "")),
    *(
        ("--namespace", given, "a name in Kubernetes")
        for given in ("", "Upper", "a/b", "a,b", "-a", "x" * 64)
    ),
    *(("--release", given, "a name in Kubernetes") for given in ("", "a,b", "x" * 54)),
    *(("--kubectl", given, "must be a command") for given in ("", " ", "'")),
]


@pytest.mark.parametrize(("tool", "words"), CLUSTER_TOOLS, ids=[tool for tool, _ in CLUSTER_TOOLS])
@pytest.mark.parametrize(("option", "given", "said"), NONSENSE)
def test_the_options_of_every_tool_that_asks_a_cluster(
    tool: str, words: Sequence[str], option: str, given: str, said: str
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        tools.load(tool).main([*words, f"{option}={given}", "--lang=en"])
    assert caught.value.code is Exit.USAGE
    assert option in str(caught.value)
    assert repr(given) in str(caught.value).replace(chr(34), chr(39)) or given == "'"


@pytest.mark.parametrize("given", ["-1", "inf", "nan", "3601", "x"])
def test_the_time_to_settle(given: str) -> None:
    with pytest.raises(UserError, match=r"^--settle must be a number from 0 to 3600, not") as caught:
        tools.load("doctor").main(["--settle", given, "--lang", "en"])
    assert caught.value.code is Exit.USAGE


def test_the_refusal_is_in_the_language_that_was_asked_for() -> None:
    for words in (["--lang", "zh-TW", "--settle", "nan"], ["--settle", "nan", "--lang=zh-TW"]):
        with pytest.raises(UserError, match="必須是"):
            tools.load("doctor").main(words)


@pytest.mark.parametrize("folder", ["x" * 5000, "/proc/1"])
def test_a_folder_that_cannot_be_read(folder: str) -> None:
    try:
        code: Exit = tools.load("backup").main(["list", "--folder", folder])
    except UserError as error:
        code = error.code
    # Root may read most of them.
    assert code in (Exit.OK, Exit.FAILED)


def test_no_space_for_the_output() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, SCRIPTS / "backup.py", "list", "--folder", "/nowhere", "--lang", "en"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        Exit.FAILED,
        "error: what was to be written found no space: No space left on device.\n",
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
def test_a_closed_stream(closed: str) -> None:
    words = f"{sys.executable} {SCRIPTS / 'backup.py'} list --output json --folder /nowhere {closed}"
    assert subprocess.run(["bash", "-c", words], capture_output=True, check=False).returncode == Exit.OK


ENCODINGS = [
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("output", ["text", "json"])
def test_a_locale_without_chinese(encoding: dict[str, str], output: str, tmp_path: Path) -> None:
    nodes = tmp_path / "nodes.json"
    ready = [{"type": "Ready", "status": "True"}]
    free = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    node = {
        "kind": "Node",
        "metadata": {"name": "lab", "labels": {"kubernetes.io/hostname": "lab"}},
        "spec": {},
        "status": {"conditions": ready, "allocatable": free, "nodeInfo": {"operatingSystem": "linux"}},
    }
    nodes.write_text(json.dumps({"kind": "List", "items": [node]}))
    words = ("--nodes-file", str(nodes), "--lang", "zh-TW", "--output", output, "--file", "values.yaml")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    done = subprocess.run(
        [sys.executable, SCRIPTS / "genvalues.py", *words],
        cwd=tmp_path,
        env={**environment, **encoding},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert b"\\u" in done.stdout
    assert output == "text" or json.loads(done.stdout)
