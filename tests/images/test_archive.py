"""What is read of an archive of images, and which are refused."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
from pathlib import Path

import pytest

from mcapp import __main__ as tools
from mcapp.errors import Exit, UserError
from mcapp.images import archive
from tests.support import image_archive

# Two for each image: its manifest and its configuration.
AMD64, ARM64 = ("amd64",), ("amd64", "arm64")


def test_a_docker_save(tmp_path: Path) -> None:
    ids = image_archive.saved(tmp_path / "a.tar")
    read = archive.read(tmp_path / "a.tar")
    assert {image.name: image.configs for image in read.images} == {
        name: {"amd64": found} for name, found in ids.items()
    }
    assert (read.architectures, read.lacking("amd64")) == (["amd64"], [])
    assert read.lacking("arm64") == list(ids)


@pytest.mark.parametrize("archs", [AMD64, ARM64])
def test_a_layout(archs: tuple[str, ...], tmp_path: Path) -> None:
    targets = image_archive.layout(tmp_path / "a.tar", archs=archs)
    read = archive.read(tmp_path / "a.tar")
    assert {image.name: image.target for image in read.images} == targets
    assert read.architectures == sorted(archs)
    for image in read.images:
        assert image.is_same(targets[image.name], "")
        assert image.is_same("sha256:other", image.configs["amd64"])
        assert not image.is_same("sha256:other", "sha256:other")
        assert not image.is_same("", "")


def test_what_an_index_lists_and_the_archive_leaves_out(tmp_path: Path) -> None:
    image_archive.layout(tmp_path / "both.tar", archs=ARM64)
    read = archive.read(tmp_path / "both.tar")
    left_out = {image.configs["arm64"].replace(":", "/") for image in read.images}
    with tarfile.open(tmp_path / "both.tar") as source, tarfile.open(tmp_path / "a.tar", "w") as target:
        # The manifests go, as `docker save --platform` leaves them out.
        for member in source:
            content = source.extractfile(member)
            body = content.read() if content else b""
            if not any(one.rpartition("/")[2].encode() in body for one in left_out):
                image_archive.add(target, member.name, body)
    assert archive.read(tmp_path / "a.tar").architectures == ["amd64"]


def test_a_compressed_archive(tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar")
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress((tmp_path / "a.tar").read_bytes()))
    assert archive.read(tmp_path / "a.tar.gz").images == archive.read(tmp_path / "a.tar").images


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("postgres:16", "docker.io/library/postgres:16"),
        ("mcapp/web:0.2.0", "docker.io/mcapp/web:0.2.0"),
        ("ghcr.io/one/web:1", "ghcr.io/one/web:1"),
        ("lab:5000/web:1", "lab:5000/web:1"),
        ("localhost/web:1", "localhost/web:1"),
    ],
)
def test_names_as_containerd_writes_them(name: str, full: str) -> None:
    assert archive.full(name) == full


def test_the_digest_of_the_beginning(tmp_path: Path) -> None:
    image_archive.saved(tmp_path / "a.tar", size=3 * archive.CHUNK)
    read = archive.read(tmp_path / "a.tar")
    content = (tmp_path / "a.tar").read_bytes()
    for size in (0, 1, archive.CHUNK, archive.CHUNK + 1, len(content)):
        assert read.sha256(size) == hashlib.sha256(content[:size]).hexdigest()
    assert read.sha256() == hashlib.sha256(content).hexdigest()


def empty(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        image_archive.add(tar, "manifest.json", b"[]")


def cut(path: Path) -> None:
    image_archive.saved(path, size=100_000)
    path.write_bytes(path.read_bytes()[:50_000])


def other(path: Path) -> None:
    with tarfile.open(path, "w") as tar:
        image_archive.add(tar, "readme", b"nothing")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda path: path.write_bytes(b"no archive"), "is no archive of images"),
        (lambda path: path.write_bytes(b""), "is no archive of images"),
        (cut, "is no archive of images, or not all of it"),
        (other, "is no archive of images"),
        (empty, "holds no image with a name"),
        (lambda path: path.mkdir(), "There is no archive of images"),
        (lambda _: None, "There is no archive of images"),
    ],
)
def test_what_is_no_archive(made: object, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    assert callable(made)
    made(path)
    with pytest.raises(UserError, match=said) as caught:
        tools.call("images", [str(path), "--lang", "en"])
    assert caught.value.code is Exit.USAGE
    assert "`make images`" in str(caught.value)


def test_the_usual_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"mcapp-images\.tar, dist/mcapp-images\.tar\. Write it"):
        tools.call("images", ["--lang", "en"])
    (tmp_path / "dist").mkdir()
    image_archive.saved(tmp_path / "dist" / "mcapp-images.tar")
    assert archive.choose(None) == Path("dist/mcapp-images.tar")
    image_archive.saved(tmp_path / "mcapp-images.tar")
    assert archive.choose(None) == Path("mcapp-images.tar")


@pytest.mark.parametrize("given", ["", "-oProxyCommand=x", "a b", "a\nb"])
def test_what_is_no_machine(given: str) -> None:
    with pytest.raises(UserError, match="must be a machine as ssh knows it") as caught:
        tools.call("images", [f"--to={given}", "--lang", "en"])
    assert caught.value.code is Exit.USAGE


def test_no_machine_at_all() -> None:
    with pytest.raises(UserError, match="--no-local needs a machine with --to"):
        tools.call("images", ["--no-local", "--lang", "en"])
