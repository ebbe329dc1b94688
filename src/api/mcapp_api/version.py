"""The version of the product, from pyproject.toml."""

import tomllib
from pathlib import Path

_PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"

VERSION: str = tomllib.loads(_PYPROJECT.read_text(encoding="utf-8"))["project"]["version"]
