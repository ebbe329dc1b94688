"""Patroni's REST interface as the leader's callback and the tools call it, with and without TLS."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import yaml

from mcapp_db import accounts, primary, rest
from tests.support.tls import Authority


class Patroni(HTTPServer):
    """Answers every request, and keeps it: method, path, login, body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, str | None, Any]] = []


class Handler(BaseHTTPRequestHandler):
    server: Patroni

    def do_PATCH(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.command, self.path, self.headers["Authorization"], body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"done")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(params=["http", "https"])
def patroni(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Patroni]:
    server, authority = Patroni(), Authority(tmp_path / "ca")
    config: dict[str, Any] = {
        "restapi": {"listen": f"*:{server.server_port}"},
        "bootstrap": {"dcs": {"ttl": 30, "synchronous_mode": "quorum"}},
    }
    if request.param == "https":
        both = authority.issue("db")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(both)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        config["restapi"]["certfile"] = str(both)
        config["ctl"] = {"cacert": str(authority.certificate)}
    path = tmp_path / "patroni.yaml"
    path.write_text(yaml.safe_dump(config))
    for module in (rest, primary):
        monkeypatch.setattr(module, "OWN_CONFIG", path)
    monkeypatch.setattr(accounts, "ensure", lambda: None)
    monkeypatch.setenv("REPLICATION_PASSWORD", "pw")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_what_all_members_share_goes_to_patroni(patroni: Patroni) -> None:
    primary.set_up()
    shared = {"ttl": 30, "synchronous_mode": "quorum"}
    assert patroni.asked == [("PATCH", "/config", "Basic cGF0cm9uaTpwdw==", shared)]


@pytest.mark.parametrize("patroni", ["https"], indirect=True)
def test_a_stranger_gets_no_password(patroni: Patroni, tmp_path: Path) -> None:
    path = tmp_path / "patroni.yaml"
    config = yaml.safe_load(path.read_text())
    config["ctl"]["cacert"] = str(Authority(tmp_path / "other").certificate)
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
        rest.call("PATCH", "/config", b"{}")
    assert patroni.asked == []
