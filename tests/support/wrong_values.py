"""Values that the chart must refuse, each with a part of Helm's message."""

from __future__ import annotations

import json
import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import yaml

from mcapp.config import CHART
from tests.support.render import HelmError, helm


class Wrong(TypedDict):
    """One set of values, and the part of Helm's message that names the key."""

    says: str
    values: dict[str, Any]


WRONG: list[Wrong] = yaml.safe_load((Path(__file__).parents[1] / "wrong-values.yaml").read_text())
_SECTION = re.compile(r"^row-(\d+):\n((?: *- .*\n)+)", re.MULTILINE)


@cache
def told_by_schema(*command: str) -> dict[int, str]:
    """Return what the schema says of each row that it refuses, by the row's place in WRONG.

    One helm reads all rows: a parent chart has this chart once for each, and Helm names the faults of every
    subchart. A row that only a template refuses is not in the answer.
    """
    rows = {f"row-{number}": wrong["values"] for number, wrong in enumerate(WRONG)}
    parent = {"apiVersion": "v2", "name": "parent", "version": "1.0.0"}
    parts = [{"name": CHART.name, "version": "*", "repository": "", "alias": row} for row in rows]
    with tempfile.TemporaryDirectory() as made:
        chart = Path(made)
        (chart / "charts").mkdir()
        (chart / "charts" / CHART.name).symlink_to(CHART)
        (chart / "Chart.yaml").write_text(json.dumps({**parent, "dependencies": parts}))
        try:
            helm(*command, "mcapp", str(chart), "--values", "-", stdin=json.dumps(rows))
        except HelmError as error:
            return {int(number): said for number, said in _SECTION.findall(str(error))}
    return {}
