"""Patroni's REST interface as the tools ask it in a member's pod, with and without TLS."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.local.authority import Authority
from mcapp.move.modes.members import ASK


class Patroni(HTTPServer):
    """Answers every request, and keeps it: method, path, login, body. `certified` says by whom, if anyone."""

    def __init__(self, folder: Path, authority: Authority | None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, str | None, Any]] = []
        self.config = folder / "patroni.yaml"
        settings: dict[str, Any] = {"restapi": {}}
        if authority:
            both = authority.issue("db")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(both)
            self.socket = context.wrap_socket(self.socket, server_side=True)
            settings = {
                "restapi": {"certfile": str(both)},
                "ctl": {"cacert": str(authority.certificate)},
            }
        self.config.write_text(yaml.safe_dump(settings))

    def ask(self, *words: str, body: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        script = ASK.replace("/tmp/patroni.yaml", str(self.config))  # noqa: S108 - the pod's
        script = script.replace(":8008", f":{self.server_port}")
        env = {**os.environ, "REPLICATION_PASSWORD": "pw"}
        call = [sys.executable, "-c", script, *words]
        return subprocess.run(call, input=body, env=env, capture_output=True, check=False)


class Handler(BaseHTTPRequestHandler):
    server: Patroni

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.asked.append((self.command, self.path, self.headers["Authorization"], body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"done")

    def do_GET(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(params=["http", "https"])
def patroni(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Patroni]:
    server = Patroni(tmp_path, Authority(tmp_path / "ca") if request.param == "https" else None)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_is_asked_and_told(patroni: Patroni) -> None:
    assert patroni.ask("GET", "/cluster").stdout == b"done\n"
    settings = json.dumps({"ttl": 30}).encode()
    assert patroni.ask("PATCH", "/config", body=settings).stdout == b"done\n"
    login = "Basic cGF0cm9uaTpwdw=="
    assert patroni.asked == [("GET", "/cluster", login, b""), ("PATCH", "/config", login, settings)]


@pytest.mark.parametrize("patroni", ["https"], indirect=True)
def test_a_stranger_gets_no_password(patroni: Patroni, tmp_path: Path) -> None:
    settings = yaml.safe_load(patroni.config.read_text())
    settings["ctl"]["cacert"] = str(Authority(tmp_path / "other").certificate)
    patroni.config.write_text(yaml.safe_dump(settings))
    done = patroni.ask("PATCH", "/config", body=b"{}")
    assert done.returncode
    assert b"CERTIFICATE_VERIFY_FAILED" in done.stderr
    assert patroni.asked == []
