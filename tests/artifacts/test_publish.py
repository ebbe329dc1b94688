"""Publishing to a real registry: in order, again, and never over what is there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dev.artifacts import packages, sources, sums
from dev.kind.process import output
from dev.kind.programs import command
from dev.kind.versions import app_version
from dev.publish import publish
from mcapp.errors import FailedError, UserError
from tests.artifacts.conftest import EPOCH, crane, layout

# They need crane, half a minute to build, and a few seconds each.
pytestmark = pytest.mark.thorough


def test_published_once_and_again(made: Path, served: str, tmp_path: Path) -> None:
    published = publish(made, served, plain_http=True)
    assert set(published) == {
        *(f"{served}/mcapp/{name}:{app_version()}" for name in ("api", "db", "web")),
        f"{served}/charts/mcapp:{app_version()}",
    }
    for reference, digest in published.items():
        assert crane("digest", reference) == digest
    assert publish(made, served, plain_http=True) == published
    # As a user gets it.
    words = (f"oci://{served}/charts/mcapp", "--version", app_version(), "--plain-http")
    output([command("helm"), "pull", *words, "--destination", tmp_path])
    (chart,) = made.glob("*.tgz")
    assert (tmp_path / chart.name).read_bytes() == chart.read_bytes()


def test_a_published_version_stays_as_it_is(made: Path, served: str) -> None:
    published = publish(made, served, plain_http=True)
    shutil.rmtree(made / "images" / "web")
    layout(served, made / "images" / "web", b"other")
    made.joinpath("images", "web.tar").unlink()
    sums.write(made)
    with pytest.raises(FailedError, match=r"mcapp/web:.* is published already, with other content"):
        publish(made, served, plain_http=True)
    assert {reference: crane("digest", reference) for reference in published} == published


def test_what_was_cut_off_is_completed(made: Path, served: str) -> None:
    name = f"{served}/mcapp/api:{app_version()}"
    crane("push", "--index", made / "images" / "api", name)
    before = crane("digest", name)
    published = publish(made, served, plain_http=True)
    assert len(published) == 4
    assert published[name] == before


def test_a_folder_of_another_registry_or_a_damaged_one_is_refused(made: Path, served: str) -> None:
    with pytest.raises(UserError, match=r"names images of 127\.0\.0\.1"):
        publish(made, "ghcr.io/someone")
    made.joinpath("images", "api", "index.json").write_text("{}")
    with pytest.raises(UserError, match=r"images/api/index\.json"):
        publish(made, served, plain_http=True)
    assert "mcapp/api" not in crane("catalog", served).split()


def test_a_registry_that_is_not_there_is_no_empty_one(made: Path) -> None:
    gone = "127.0.0.1:9"
    copy = sources.stage(made.parent / "again", gone, EPOCH)
    next(made.glob("*.tgz")).unlink()
    packages.write_chart(copy, made)
    sums.write(made)
    with pytest.raises(FailedError, match=r"127.0.0.1:9 does not tell"):
        publish(made, gone, plain_http=True)
