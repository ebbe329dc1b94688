"""Runs rules over series that a test writes, by `promtool test rules`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dev.kind.programs import program

Series = Mapping[str, str]


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool, whatever its exit code."""
    command = program("prometheus", "promtool") / "promtool"
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)


class Rules:
    """The groups of a PrometheusRule, as a file for promtool."""

    def __init__(self, groups: list[dict[str, Any]], folder: Path) -> None:
        self._folder = folder
        self.file = folder / "rules.yaml"
        self.file.write_text(yaml.safe_dump({"groups": groups}))

    def fired(self, series: Series, at: str, wanted: set[str], interval: str = "30s") -> None:
        """Assert that from the start to `at` (1h) just the alerts `wanted` were firing at some time."""
        self._hold(
            series, at, interval, f"count by (alertname, tier) (count_over_time({{ALERTS}}[{at}]))", wanted
        )

    def firing(self, series: Series, at: str, wanted: set[str], interval: str = "30s") -> None:
        """Assert that then just the alerts `wanted` are firing; one about a tier is `McappTierDown/web`."""
        self._hold(series, at, interval, "count by (alertname, tier) ({ALERTS})", wanted)

    def _hold(self, series: Series, at: str, interval: str, expression: str, wanted: set[str]) -> None:
        samples = []
        for name in sorted(wanted):
            alert, _, tier = name.partition("/")
            labels = f'alertname="{alert}"' + (f', tier="{tier}"' if tier else "")
            samples.append({"labels": f"{{{labels}}}"})
        selector = 'ALERTS{alertstate="firing"}'
        # Only whether there is one counts, not how many.
        asked = expression.replace("{ALERTS}", selector) + " > bool 0"
        test = {
            "rule_files": [str(self.file)],
            "evaluation_interval": interval,
            "tests": [
                {
                    "interval": interval,
                    "input_series": [{"series": key, "values": values} for key, values in series.items()],
                    "promql_expr_test": [
                        {
                            "expr": asked,
                            "eval_time": at,
                            "exp_samples": [{**sample, "value": 1} for sample in samples],
                        }
                    ],
                }
            ],
        }
        file = self._folder / "test.yaml"
        file.write_text(yaml.safe_dump(test))
        done = promtool("test", "rules", file)
        assert not done.returncode, f"{done.stdout}{done.stderr}"
