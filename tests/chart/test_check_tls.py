"""A user's Secret with the database's certificate: what is wrong with it stops an install by one sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dev.local.authority import Authority
from mcapp.config import CHART
from tests.support.render import render

SCRIPT = CHART / "files" / "db" / "check_tls.py"
VALUES = {"namePrefix": "blue", "db": {"tls": {"mode": "existingSecret", "existingSecret": "mine"}}}


def fill(folder: Path, authority: Authority, pem: Path, ca: Path | None = None) -> Path:
    """Write the files of a Secret from a key with its certificate."""
    text = pem.read_text()
    begin = text.index("-----BEGIN CERTIFICATE")
    folder.mkdir()
    for key, part in (("tls.key", text[:begin]), ("tls.crt", text[begin:])):
        (folder / key).write_text(part)
    (folder / "ca.crt").write_text((ca or authority.certificate).read_text())
    return folder


def said(folder: Path) -> tuple[int, str]:
    words = [sys.executable, str(SCRIPT), str(folder), "mine", "blue-db"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


def test_a_good_one_passes(tmp_path: Path, authority: Authority) -> None:
    folder = fill(tmp_path / "tls", authority, authority.issue("blue-db"))
    assert said(folder) == (0, "The certificate in Secret mine is good.\n")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("expired", "its tls.crt has expired"),
        ("name", "its tls.crt is not for the name blue-db"),
        ("ca", "its tls.crt was not signed by the CA in ca.crt"),
        ("key", "its tls.key does not fit its tls.crt"),
        ("text", "its tls.crt or its tls.key is no PEM that OpenSSL reads"),
        ("no ca", "its ca.crt is no PEM that OpenSSL reads"),
        ("missing", "it lacks tls.key, or there is no such Secret"),
    ],
)
def test_a_wrong_one_is_named(tmp_path: Path, authority: Authority, wrong: str, says: str) -> None:
    pem = authority.issue("db" if wrong == "name" else "blue-db", days=-1 if wrong == "expired" else 1)
    other = Authority(tmp_path / "other")
    folder = fill(tmp_path / "tls", authority, pem, other.certificate if wrong == "ca" else None)
    key = folder / "tls.key"
    if wrong == "key":
        key.write_text((tmp_path / "other" / "ca.key").read_text())
    elif wrong == "text":
        key.write_text("secret")
    elif wrong == "no ca":
        (folder / "ca.crt").write_text("no certificate")
    elif wrong == "missing":
        key.unlink()
    code, told = said(folder)
    assert code == 1
    assert told.startswith(f"The Secret mine of db.tls.existingSecret cannot be used: {says}")
    assert told.endswith("NOTHING WAS CHANGED.\n")
    assert len(told.splitlines()) == 1


def test_the_job_runs_it_before_anything_is_changed() -> None:
    objects = render(VALUES)
    job = objects.one("Job", "blue-db-tls-check")
    assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    spec = job["spec"]["template"]["spec"]
    assert spec["containers"][0]["command"][-3:] == ["/tls", "mine", "blue-db"]
    assert {"name": "tls", "secret": {"secretName": "mine", "optional": True}} in spec["volumes"]
    assert objects.one("ConfigMap", "blue-db-tls-check")["data"]["check_tls.py"] == SCRIPT.read_text()
    assert ("Job", "db-tls-check") not in render().names()
