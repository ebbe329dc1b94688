"""Values that the chart must refuse, each with a part of Helm's message."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypedDict

import yaml


class Wrong(TypedDict):
    """One set of values, and the part of Helm's message that names the key."""

    says: str
    values: dict[str, Any]


WRONG: list[Wrong] = yaml.safe_load((Path(__file__).parents[1] / "wrong-values.yaml").read_text())
