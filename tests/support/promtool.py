"""Runs rules over series that a test writes, by `promtool test rules`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dev.kind.programs import program

Series = Mapping[str, str]
# Whether there is one counts, not how many.
_FIRING = 'count by (alertname, tier) (ALERTS{alertstate="firing"}) > bool 0'
_FIRED = 'count by (alertname, tier) (count_over_time(ALERTS{alertstate="firing"}[%s])) > bool 0'


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool, whatever its exit code."""
    command = program("prometheus", "promtool") / "promtool"
    return subprocess.run([command, *arguments], capture_output=True, text=True, check=False)


class Rules:
    """The groups of a PrometheusRule, as a file for promtool; `only` keeps one alert."""

    def __init__(self, groups: list[dict[str, Any]], folder: Path, only: str = "") -> None:
        kept = [
            {**group, "rules": [rule for rule in group["rules"] if only in ("", rule["alert"])]}
            for group in groups
        ]
        self._folder = folder
        self.file = folder / f"rules{only}.yaml"
        self.file.write_text(yaml.safe_dump({"groups": kept}))

    def hold(
        self,
        series: Series,
        firing: Mapping[str, set[str]],
        fired: Mapping[str, set[str]] | None = None,
        interval: str = "30s",
    ) -> None:
        """Assert that just these alerts fire at each time (`20m`), and have fired at any time until then.

        One about a tier is written as `McappTierDown/web`. `interval` is the time between two samples.
        """
        asked = [_question(at, _FIRING, wanted) for at, wanted in firing.items()]
        asked += [_question(at, _FIRED % at, wanted) for at, wanted in (fired or {}).items()]
        test = {
            "interval": interval,
            "input_series": [{"series": key, "values": values} for key, values in series.items()],
            "promql_expr_test": asked,
        }
        file = self._folder / "test.yaml"
        every = {"rule_files": [str(self.file)], "evaluation_interval": interval, "tests": [test]}
        file.write_text(yaml.safe_dump(every))
        done = promtool("test", "rules", file)
        assert not done.returncode, f"{done.stdout}{done.stderr}"


def _question(at: str, expression: str, wanted: set[str]) -> dict[str, Any]:
    samples = []
    for name in sorted(wanted):
        alert, _, tier = name.partition("/")
        labels = f'alertname="{alert}"' + (f', tier="{tier}"' if tier else "")
        samples.append({"labels": f"{{{labels}}}", "value": 1})
    return {"expr": expression, "eval_time": at, "exp_samples": samples}
