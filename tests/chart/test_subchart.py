"""The chart as a part of somebody else's, fetched by `helm dependency build` as theirs would be."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.kind.programs import command
from mcapp.config import CHART
from tests.chart.test_identity import settings_of_db
from tests.support.render import HelmError, Objects

Render = Callable[..., Objects]


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the folder of a parent chart with mcapp in it twice, the second time under another name."""
    folder = tmp_path_factory.mktemp("parent")
    mcapp = {"name": "mcapp", "version": "*", "repository": f"file://{CHART}"}
    chart = {
        **{"apiVersion": "v2", "name": "parent", "version": "0.1.0"},
        "dependencies": [
            {**mcapp, "condition": "mcapp.enabled"},
            {**mcapp, "alias": "green", "condition": "green.enabled"},
        ],
    }
    values = {
        "global": {"site": "lab", "imageRegistry": "lab:5000", "contacts": [{"name": "a"}]},
        "mcapp": {"enabled": True, "topology": "multi"},
        "green": {"enabled": False, "namePrefix": "green"},
    }
    (folder / "Chart.yaml").write_text(yaml.safe_dump(chart))
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    built = subprocess.run(
        [str(command("helm")), "dependency", "build", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert [path.suffix for path in Path(folder, "charts").iterdir()] == [".tgz"]
    return str(folder)


def test_it_renders_what_it_renders_alone(render: Render, parent: str) -> None:
    # What is drawn by chance is given: the passwords, and a certificate.
    password = {
        "auth": {"superuserPassword": "x", "appPassword": "y"},
        "tls": {"mode": "existingSecret", "existingSecret": "certificate"},
    }
    alone = render({"topology": "multi", "global": {"imageRegistry": "lab:5000"}, "db": password})
    assert list(render({"mcapp": {"db": password}}, chart=parent)) == list(alone)


def test_the_condition_switches_it_off(render: Render, parent: str) -> None:
    assert not render({"mcapp": {"enabled": False}}, chart=parent).names()


@pytest.mark.parametrize("port", [0, ""])
def test_what_only_a_null_would_give_needs_none(
    render: Render, parent: str, tmp_path: Path, port: object
) -> None:
    """Helm loses a null in a parent's own values.yaml."""
    folder = shutil.copytree(parent, tmp_path / "parent")
    values = {
        "mcapp": {
            "topology": "multi",
            "web": {"service": {"nodePort": port}},
            "placement": {"databaseNodeLabelsOverride": {"tier": "db"}},
        },
        "green": {"enabled": False},
    }
    (folder / "values.yaml").write_text(yaml.safe_dump(values))
    objects = render(chart=str(folder))
    assert "nodePort" not in objects.one("Service", "web")["spec"]["ports"][0]
    assert settings_of_db(objects)["mcapp.node_labels"] == "tier=db"


def test_two_of_them_share_nothing(render: Render, parent: str) -> None:
    objects = render({"green": {"enabled": True}}, chart=parent)
    blue = render(chart=parent).names()
    assert objects.names() == blue | {(kind, f"green-{name}") for kind, name in blue}
    selectors = [
        document["spec"]["selector"].items() for document in objects if document["kind"] == "Service"
    ]
    assert len({tuple(selector) for selector in selectors}) == 6


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"topologi": "multi"}, "at '': additional properties 'topologi' not allowed"),
        ({"web": {"replicas": "two"}}, "at '/web/replicas': got string, want integer"),
        ({"api": {"extraEnv": [{"name": "PGUSER"}]}}, "at '/api/extraEnv': got 'PGUSER'"),
    ],
)
def test_a_wrong_value_is_refused_there_too(
    render: Render, parent: str, values: dict[str, Any], says: str
) -> None:
    with pytest.raises(HelmError, match=says):
        render({"mcapp": values}, chart=parent)
