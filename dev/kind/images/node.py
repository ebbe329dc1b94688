"""The image of a kind node, with all that its cluster starts from it."""

from __future__ import annotations

import shutil
from pathlib import Path

from dev.kind import host
from dev.kind.docker import docker
from dev.kind.images.base import base_image
from dev.kind.images.build import build, made, static
from dev.kind.images.source import Image
from dev.kind.images.transfer import import_into
from dev.kind.programs import program
from dev.kind.versions import IMAGES, digest, image, versions
from mcapp.progress import step


def build_node() -> str:
    """Return the image of a kind node, built where the engine does not have it."""
    kubernetes, containerd, cni = program("kubernetes"), program("containerd"), program("cni-plugins")
    preloaded = _preloaded()
    base = base_image()
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
        bare = build("node-bare", inputs, IMAGES / "node" / "Dockerfile", fill, BASE_IMAGE=base)
        with step(f"Putting {len(preloaded)} images into the node image"):
            _preload(bare, preloaded, local)

    return made("node", inputs, make)


def _preloaded() -> list[Image]:
    """Return the images that a node brings along: what kubeadm, the cni and local-path start."""
    kubernetes = program("kubernetes")
    version = versions()["programs"]["kubernetes"]["module"].split("@")[1]
    base = base_image()

    def net(name: str, binary: Path) -> str:
        def fill(context: Path) -> None:
            (context / "bin").mkdir()
            shutil.copy(binary, context / "bin")

        inputs = digest(base, str(binary), IMAGES / "net")
        return build(name, inputs, IMAGES / "net" / "Dockerfile", fill, BASE_IMAGE=base)

    host.install(["busybox-static"])
    busybox = Path("/bin/busybox")
    node, local_path = program("node"), "local-path-provisioner"
    return [
        *(
            Image(static(name, {name: kubernetes / name}), f"registry.k8s.io/{name}:{version}")
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
        ),
        Image(net("kube-proxy", kubernetes / "kube-proxy"), f"registry.k8s.io/kube-proxy:{version}"),
        Image(static("etcd", {"etcd": program("etcd") / "etcd"}), image("etcd")),
        Image(static("coredns", {"coredns": node / "coredns"}), image("coredns")),
        Image(static("pause", {"pause": node / "pause"}), image("pause")),
        Image(net("cni", node / "cni"), "mcapp/cni:node"),
        Image(static(local_path, {local_path: node / local_path}), f"mcapp/{local_path}:node"),
        Image(
            static("busybox", dict.fromkeys(("busybox", "sh", "mkdir", "rm"), busybox)), "mcapp/busybox:node"
        ),
    ]


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
