"""How the tests call the command, and where they find helm and kubectl."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from dev.local.kube_objects import Object, listing
from mcapp.config import CHART
from mcapp.errors import Exit, UserError
from mcapp.genvalues.cli import TOOL
from tests.support.genvalues_call import Outcome, Render, Run


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command in an empty folder, on these objects if any, as `python scripts/genvalues.py`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def call(*arguments: str, of: list[Object] | None = None) -> Outcome:
        if of is not None:
            Path("nodes.json").write_text(json.dumps(listing(*of)))
            arguments = ("--nodes-file", "nodes.json", *arguments)
        capsys.readouterr()
        problem = ""
        try:
            code = TOOL.main(arguments)
        except UserError as error:
            code, problem = error.code, str(error)
        captured = capsys.readouterr()
        written = sorted(Path().glob("values-*.yaml"), key=lambda path: path.stat().st_mtime_ns)
        values = yaml.safe_load(written[-1].read_text()) if written and code is Exit.OK else {}
        return Outcome(code, captured.out, captured.err + problem, values)

    return call


@pytest.fixture(scope="session")
def helm() -> str:
    """The helm to render with: $MCAPP_HELM, or the one on PATH."""
    found = os.environ.get("MCAPP_HELM") or shutil.which("helm")
    if not found:
        pytest.skip("no helm: set MCAPP_HELM or put it on PATH to render what genvalues writes")
    return found


@pytest.fixture(scope="session")
def render_file(helm: str, tmp_path_factory: pytest.TempPathFactory) -> Render:
    """Render the chart with a values file's text; return the pods' specs by tier."""
    path = tmp_path_factory.mktemp("helm") / "values.yaml"

    def call(content: str) -> dict[str, Object]:
        path.write_text(content)
        command = [helm, "template", "mcapp", str(CHART), "--values", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        made = [document for document in yaml.safe_load_all(done.stdout) if document]
        return {
            document["metadata"]["name"]: document["spec"]["template"]["spec"]
            for document in made
            if document["kind"] in ("Deployment", "StatefulSet")
        }

    return call


@pytest.fixture(scope="session")
def kubectl() -> str:
    """The kubectl to ask with: $MCAPP_KUBECTL, or the one on PATH."""
    found = os.environ.get("MCAPP_KUBECTL") or shutil.which("kubectl")
    if not found:
        pytest.skip("no kubectl: set MCAPP_KUBECTL or put it on PATH to see its errors")
    return found
