"""A registry in a container beside the nodes, which know it by the name that this machine has for it.

kind's own way: https://kind.sigs.k8s.io/docs/user/local-registry/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dev.kind.cluster import Cluster
from dev.kind.docker import client, docker
from dev.kind.images.build import static
from dev.kind.network import IPV4
from dev.kind.process import output, succeeds
from dev.kind.programs import command
from mcapp import wait
from mcapp.errors import FailedError

PORT = 5000
START_SECONDS = 30
CERTS = "/etc/containerd/certs.d"
DOCKER_HUB = "docker.io"


@dataclass(frozen=True)
class LocalRegistry:
    """A running registry: the container's name, and its port on 127.0.0.1."""

    container: str
    port: int

    @property
    def name(self) -> str:
        """How this machine, the nodes and the chart call it."""
        return f"127.0.0.1:{self.port}"

    def mirror(self, local: str, reference: str) -> None:
        """Serve an image of the engine under a reference of Docker Hub, such as ``library/postgres:16``."""
        name = f"{self.name}/{reference}"
        docker("tag", local, name)
        try:
            docker("push", "--quiet", name)
        finally:
            docker("image", "rm", name)

    def make_known(self, cluster: Cluster) -> None:
        """Let each node pull from it by its name, and what Docker Hub would serve."""
        for node in cluster.containers():
            for name in (self.name, DOCKER_HUB):
                hosts = f'[host."http://{self.container}:{PORT}"]\n  capabilities = ["pull", "resolve"]\n'
                folder = f"{CERTS}/{name}"
                script = f"mkdir -p {folder} && cat > {folder}/hosts.toml"
                output([client(), "exec", "--interactive", node, "sh", "-c", script], stdin=hosts)

    def forget(self, cluster: Cluster) -> None:
        """Undo `make_known`."""
        for node in cluster.containers():
            docker("exec", node, "rm", "-rf", *(f"{CERTS}/{name}" for name in (self.name, DOCKER_HUB)))


@contextmanager
def registry(name: str, port: int, network: str = IPV4.name) -> Iterator[LocalRegistry]:
    """Have an empty registry for a block, on the network of the nodes.

    Raises:
        UserError: the port is taken, or the registry does not answer within half a minute.

    """
    image = static("crane", {"crane": command("crane")})
    succeeds([client(), "rm", "--force", "--volumes", name])
    words = ("--detach", "--name", name, "--network", network, "--publish", f"127.0.0.1:{port}:{PORT}")
    docker("run", *words, image, "registry", "serve", "--address", f"0.0.0.0:{PORT}", "--disk", "/tmp")  # noqa: S108
    try:
        made = LocalRegistry(name, port)
        if not wait.until(
            lambda: succeeds([command("crane"), "catalog", made.name]), START_SECONDS, pause=0.2
        ):
            raise FailedError(f"The registry {made.name} does not answer: {docker('logs', name)}")
        yield made
    finally:
        docker("rm", "--force", "--volumes", name)
