"""The image of a kind node, with all that its cluster starts from it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dev.kind import host
from dev.kind.docker import docker
from dev.kind.images.base import base_image
from dev.kind.images.build import build, copy_of, is_made, made, static
from dev.kind.images.layout import write_layout
from dev.kind.images.source import Image
from dev.kind.programs import folder_of, program
from dev.kind.versions import IMAGES, digest, image, versions
from mcapp.progress import step

PACKAGES = ("busybox-static", "zstd")
# The long one comes last: the others leave behind in Go's cache what it needs too.
PROGRAMS = ("node", "cni-plugins", "etcd", "containerd", "kubernetes")
ON_NODE = ("kubeadm", "kubectl", "kubelet")
IN_PODS = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler")
LOCAL_PATH = "local-path-provisioner"
NET, NODE = IMAGES / "net", IMAGES / "node"


def node_is_made() -> bool:
    """Tell whether the engine has the image that `build_node` returns."""
    return is_made("node", _inputs())


def build_node() -> str:
    """Return the image of a kind node, built where the engine does not have it."""

    def make(local: str) -> None:
        host.install(PACKAGES)
        bare, items = _bare(), [*_on_debian(), *_static()]
        with step(f"Putting {len(items)} images into the node image"):
            _preload(bare, items, local)

    return made("node", _inputs(), make)


def debian_layers() -> None:
    """Make what the images of a node need of Debian, which `build_node` then finds made."""
    host.install(PACKAGES)
    base = base_image()
    for name, folder in (("net", NET), ("node", NODE)):
        inputs = digest(base, folder / "Dockerfile")
        fill = copy_of(folder, root=folder)
        build(f"{name}-debian", inputs, folder / "Dockerfile", fill, target="debian", BASE_IMAGE=base)


def _inputs() -> str:
    references = [item for name in ("coredns", "etcd", "pause") for item in (name, image(name))]
    programs = [str(folder_of(name)) for name in PROGRAMS]
    return digest(versions()["build"]["debian"], "zstd", *references, *programs, NET, NODE, IMAGES / "base")


def _version() -> str:
    version: str = versions()["programs"]["kubernetes"]["module"].split("@")[1]
    return version


def _kubernetes(folder: Path, names: Sequence[str]) -> None:
    """Put Kubernetes into a folder, under each of the names by which it is called."""
    folder.mkdir()
    shutil.copy(program("kubernetes") / "kubernetes", folder)
    for name in names:
        (folder / name).symlink_to("kubernetes")


def _bare() -> str:
    def fill(context: Path) -> None:
        shutil.copytree(NODE / "files", context / "files")
        config = context / "files" / "etc" / "containerd" / "config.toml"
        config.write_text(config.read_text().replace("@PAUSE@", image("pause")))
        (context / "files" / "kind" / "version").write_text(f"{_version()}\n")
        _kubernetes(context / "bin", ON_NODE)
        for path in program("containerd").iterdir():
            shutil.copy(path, context / "bin")
        shutil.copytree(program("cni-plugins"), context / "cni-bin")

    return build("node-bare", _inputs(), NODE / "Dockerfile", fill, BASE_IMAGE=base_image())


def _on_debian() -> list[Image]:
    """Return the images that need iptables: one that is all of Kubernetes, and the cni."""
    base = base_image()

    def cni(context: Path) -> None:
        (context / "bin").mkdir()
        shutil.copy(program("node") / "cni", context / "bin")

    def kubernetes(context: Path) -> None:
        _kubernetes(context / "bin", IN_PODS)

    made_ones = {}
    for name, owner, fill in (("cni", "node", cni), ("kubernetes", "kubernetes", kubernetes)):
        inputs = digest(base, str(folder_of(owner)), NET, *IN_PODS)
        made_ones[name] = build(name, inputs, NET / "Dockerfile", fill, BASE_IMAGE=base)
    return [
        Image(made_ones["cni"], "mcapp/cni:node"),
        *(Image(made_ones["kubernetes"], f"registry.k8s.io/{name}:{_version()}") for name in IN_PODS),
    ]


def _static() -> list[Image]:
    node, etcd = program("node"), program("etcd")
    busybox = dict.fromkeys(("busybox", "sh", "mkdir", "rm"), Path("/bin/busybox"))
    return [
        Image(static("etcd", {"etcd": etcd / "etcd"}), image("etcd")),
        Image(static("coredns", {"coredns": node / "coredns"}), image("coredns")),
        Image(static("pause", {"pause": node / "pause"}), image("pause")),
        Image(static(LOCAL_PATH, {LOCAL_PATH: node / LOCAL_PATH}), f"mcapp/{LOCAL_PATH}:node"),
        Image(static("busybox", busybox), "mcapp/busybox:node"),
    ]


def _preload(bare: str, items: list[Image], node: str) -> None:
    container = docker("run", "--detach", "--privileged", "--entrypoint", "sleep", bare, "infinity")
    try:
        docker("exec", "--detach", container, "containerd")
        wait = "for i in $(seq 100); do ctr version >/dev/null 2>&1 && exit 0; sleep 0.2; done; exit 1"
        docker("exec", container, "bash", "-c", wait)
        with tempfile.TemporaryDirectory(prefix="mcapp-node-") as folder:
            write_layout(items, Path(folder, "images.tar"))
            docker("cp", Path(folder, "images.tar"), f"{container}:/images.tar")
        # Unpacking here would lay an overlay over an overlay; the node does it on its own volume.
        docker(
            "exec",
            container,
            "ctr",
            "--namespace",
            "k8s.io",
            "images",
            "import",
            "--no-unpack",
            "/images.tar",
        )
        docker("exec", container, "rm", "/images.tar")
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
