"""YAML is read as Helm reads it: a table against `helm template`, with PyYAML's C library and without it."""

from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcapp import yamltext
from mcapp.genvalues import valuesfile
from tests.genvalues.clusters import TWO

# Scalars, each as the value of a key. Those that no values file may hold are refused one by one.
SCALARS = r"""
2024-01-01 | 2024-01-01T10:00:00Z | 2024-01-01 10:00:00 | 2024-1-1 | 22:30 | 1:30 | 190:20:30 | 190:20:30.15 | -1:30 | 12:34:56
y | n | Y | N | yes | no | Yes | NO | on | off | ON | Off | oFF | true | True | TRUE | tRUE | false | FALSE
null | Null | NULL | nUll | ~ | | = | < | << | + | - - | -- | . | .. | ...x | _ | _1 | @ | %a | `a
0o14 | 0O14 | -0o14 | 012 | -012 | +012 | 08 | 09.5 | 0o8 | 00 | 007 | 0777 | -0 | -0.0 | 0 | 0. | 0o | 0x | 0b
1_000 | 1_ | 1__0 | +1_0 | 1_000.5 | 1.000_5 | 1e1_0 | ._5 | 1._5 | .1_ | 1,000
0x1f | 0X1F | 0x1_f | -0x1f | 0xg | 0b11 | 0B11 | -0b11 | 0b12 | 0b1_1 | 0xffffffffffffffff | 0x10000000000000000
+12 | 1e3 | 1E3 | 1e+3 | 1e-3 | -1e3 | 1.5 | .5 | 5. | 1.e3 | 1.5e3 | +.5 | -.5 | 1.0 | 100.0 | 0.1 | 1e | e3 | 1e20 | 1e-7
9223372036854775807 | 9223372036854775808 | 18446744073709551615 | 18446744073709551616 | -9223372036854775808
-9223372036854775809 | 12345678901234567890123 | 1234567890123456789.0 | 1e400 | -1e400
.inf | -.inf | +.inf | .Inf | .INF | .iNf | inf | .nan | .NaN | nan
!!str 12 | !!str 2024-01-01 | !!str ~ | !!int "12" | !!int 012 | !!int "0o14" | !!int "1_000" | !!int 12.5 | !!int abc
!!float 1 | !!float "1.5" | !!float abc | !!bool yes | !!bool "yes" | !!bool abc | !!null "" | !!null abc
!!timestamp 2020-01-01 | !!timestamp abc | !!binary aGk= | !!binary "!" | !foo 12 | !foo bar | !!foo 12 | !!int
"12" | 'yes' | "2024-01-01" | !!set {a, b} | !!omap [{a: 1}] | !!seq [1] | !!map {a: 1} | !foo [1] | !!str [1] | !!str {a: 1}
!!python/object:os.system {} | [2024-01-01, y] | {y: n} | {? a : 1} | {a} | [a: 1] | "\x41" | "\e[0m" | v1.30 | 1.30
1.2.3 | 10.0.0.1 | fd00::1 | ::1 | 1Gi | 500m | .5m | b #c | b#c | [1,] | [,] | {b: 1,} | {b:1} | {"b":1} | [b:1] | b: c | [1
"""  # noqa: E501
DOCUMENTS = [
    *(
        "1: a",
        "1.5: a",
        "1.0: a",
        "true: a",
        "yes: a",
        "y: a",
        "~: a",
        '"": a',
        ": a",
        "2024-01-01: a",
        "22:30: a",
    ),
    *(
        "012: a",
        "0o14: a",
        "1e3: a",
        "0x1f: a",
        ".inf: a",
        "-1: a",
        "1_000: a",
        "1e20: a",
        "1234567.5: a",
        "1e-5: a",
    ),
    *("18446744073709551615: a", "18446744073709551616: a", "[a]: b", "{a: 1}: b", "a: 1\na: 2"),
    "b: &b {x: 1, z: 2}\nc: {<<: *b, x: 3}",
    "b: &b {x: 1, z: 2}\nc: {x: 3, <<: *b}",
    "b: &b {x: 1}\nd: &d {x: 2, w: 1}\nc: {<<: [*b, *d]}",
    "b: &b {x: 1}\nd: &d {x: 2, w: 1}\nc: {x: 9, <<: [*b, *d]}",
    "b: &b {m: {p: 1}}\nc: {<<: *b, m: {q: 2}}",
    *("c: {<<: 1}", "c: {<<: [1]}", 'c: {"<<": {x: 1}}', "c: {<<: ~}", "c: {!!merge <<: {x: 1}}"),
    *("a: &x 1\nb: *x", "a: &a [*a]", "a: &a {b: *a}", "a: *nope", "a: &x 2024-01-01\nb: *x"),
    *(
        "a: 1\n---\nb: 2",
        "---\na: 1\n...\n",
        "a: 1\n...\nb: 2",
        "",
        "# only",
        "---\n",
        "---\n---\na: 1",
        "[1]",
        "7",
        "~",
    ),
    *("\ufeffa: 1", "a: b\u0085c: d", "a: b\u2028c", "a: \x07", "a: \x7f", "a: |\n 12", "a: >-\n 2024-01-01"),
    *("a:\n- 1\n-2", "a:\n - 1\n- 2", "a: |\n  x\n y", "a:\n  b: 1\n c: 2", "\ta: 1", "? a\n? b"),
]
TEXTS = [
    *(f"a: {one.strip()}" for line in SCALARS.strip().splitlines() for one in line.split(" | ")),
    *DOCUMENTS,
]
# As strings: the tools write each so that Helm reads the same string.
STRINGS = [text.removeprefix("a: ") for text in TEXTS]
# Base64: what Helm renders must be YAML itself.
TEMPLATE = """values: {{ toJson .Values.read | b64enc }}
strings: {{ toJson .Values.strings | b64enc }}
texts:
{{- range .Values.texts }}{{ $read := fromYaml . }}
- {{ toJson $read | b64enc }}
{{- end }}
"""


def one_number(value: Any) -> Any:
    """Return a value with every number a float: what JSON does not tell apart."""
    if isinstance(value, dict):
        return {key: one_number(item) for key, item in value.items()}
    if isinstance(value, list):
        return [one_number(item) for item in value]
    return float(value) if type(value) is int else value


@pytest.fixture(scope="module")
def of_helm(helm: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Helm's reading of each text ("Error": it is refused), and of values files that have the others."""
    chart = tmp_path_factory.mktemp("chart")
    (chart / "templates").mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: table\nversion: 0.1.0\n")
    (chart / "templates" / "table.yaml").write_text(TEMPLATE)
    (chart / "texts.json").write_text(json.dumps({"texts": TEXTS}))
    (chart / "mine.yaml").write_text(mine())
    written = {"strings": {"list": STRINGS, "keys": dict.fromkeys(STRINGS, 1)}}
    (chart / "strings.yaml").write_text(valuesfile.text(written), "utf-8")
    files = [f"--values={chart / name}" for name in ("texts.json", "mine.yaml", "strings.yaml")]
    done = subprocess.run(
        [helm, "template", "t", str(chart), *files], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = {"texts": []}
    for line in done.stdout.splitlines():
        key, colon, told = line.partition(": ")
        if line.startswith("- "):
            found["texts"].append(json.loads(b64decode(line[2:])))
        elif colon and key in ("values", "strings"):
            found[key] = json.loads(b64decode(told))
    return found


def mine() -> str:
    """Return a values file with each scalar of the table that is none of the refused ones."""
    good = [
        text.removeprefix("a: ")
        for text in TEXTS
        if text.startswith("a: ") and "\n" not in text and taken(text)
    ]
    assert len(good) > 150
    return "read:\n" + "".join(f"  k{number}: {one}\n" for number, one in enumerate(good) if one != "*")


def taken(text: str) -> bool:
    try:
        return isinstance(yamltext.load(text), dict)
    except (yaml.YAMLError, ValueError, RecursionError):
        return False


@pytest.mark.parametrize("loader", [yamltext.LibraryLoader, yamltext.PythonLoader])
def test_each_text_is_read_as_helm_reads_it(of_helm: dict[str, Any], loader: type[Any]) -> None:
    told = of_helm["texts"]
    assert len(told) == len(TEXTS)
    different = {}
    for text, theirs in zip(TEXTS, told, strict=True):
        try:
            ours = yamltext.read(text, loader) or {}
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            ours = error
        if "Error" in theirs:
            # It takes no list and no text at the top; a values file is refused for that later.
            same = isinstance(ours, Exception) or not isinstance(ours, dict)
        else:
            same = one_number(ours) == one_number(theirs)
        if not same:
            different[text] = (theirs, ours)
    assert not different


def test_a_values_file_is_read_as_helm_reads_it(of_helm: dict[str, Any]) -> None:
    assert one_number(yamltext.load(mine())["read"]) == one_number(of_helm["values"])


def test_a_string_is_written_so_that_helm_reads_a_string(of_helm: dict[str, Any]) -> None:
    assert of_helm["strings"]["list"] == STRINGS
    assert of_helm["strings"]["keys"].keys() == set(STRINGS)


def test_the_c_library_is_used_where_it_is_there() -> None:
    assert issubclass(yamltext.LibraryLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def test_whole_numbers_are_whole() -> None:
    """As Helm passes them on: api.replicas 2.0 is 2."""
    read = yamltext.load("[2.0, 2e0, 5368709120.0, 0.5]")
    assert [type(number) for number in read] == [int, int, int, float]


def test_dates_and_times_of_a_base_stay_what_they_are(run: Any) -> None:
    """Case 08 of the public reports, and those before it."""
    Path("mine.yaml").write_text(
        "web:\n  podAnnotations: {released: 2024-01-01, at: 22:30}\n"
        'db:\n  database: "off"\n'
        '  auth: {existingSecret: "2024", keys: {superuserPassword: "1", appPassword: "2"}}\n'
        'nameOverride: "1e3"\n'
    )
    values = run("--base", "mine.yaml", of=TWO).values
    assert values["web"]["podAnnotations"] == {"released": "2024-01-01", "at": "22:30"}
    assert values["db"]["database"] == "off"
    assert values["db"]["auth"]["existingSecret"] == "2024"
    assert values["nameOverride"] == "1e3"
