"""Each way in which a cluster gives no answer has its own sentence, by what a real kubectl prints."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dev.kind.programs import command
from dev.local.authority import Authority
from dev.local.ports import free_port
from mcapp.errors import UnreachableError
from mcapp.kube import live, words
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import Text, Words


class _Handler(BaseHTTPRequestHandler):
    """Answers, and writes no log."""

    def say(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@contextmanager
def server(authority: Authority, status: int) -> Iterator[str]:
    """An API server that gives every request this answer; its address."""

    class Answer(_Handler):
        def do_GET(self) -> None:
            reason = {401: "Unauthorized", 403: "Forbidden"}[status]
            said = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status}
            body = json.dumps({**said, "reason": reason, "message": reason, "details": {}}).encode()
            self.say(status, "application/json", body)

    made = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.issue("127.0.0.1"))
    made.socket = context.wrap_socket(made.socket, server_side=True)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{made.server_address[1]}"
    finally:
        made.shutdown()
        made.server_close()


def select(kubectl: Kubectl) -> object:
    return kubectl.select("pods", "mcapp", "a=b")


def inventory(kubectl: Kubectl) -> object:
    return live.inventory(kubectl, "mcapp")


def asked(
    folder: Path,
    address: str,
    ca: Path | None = None,
    seconds: int = 5,
    ask: Callable[[Kubectl], object] = select,
) -> UnreachableError:
    """Return the error of a question to this address."""
    cluster = {"server": address, **({"certificate-authority": str(ca)} if ca else {})}
    entries = {
        "clusters": [{"name": "x", "cluster": cluster}],
        "users": [{"name": "x", "user": {"token": "x"}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }
    config = folder / "config"
    config.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **entries, "current-context": "x"}))
    kubectl = Kubectl(str(command("kubectl")), str(config), seconds=seconds)
    with pytest.raises(UnreachableError) as caught:
        ask(kubectl)
    return caught.value


def said(error: UnreachableError) -> tuple[Words, Words]:
    assert isinstance(error.problem, Text)
    assert isinstance(error.remedy, Text)
    return error.problem.words, error.remedy.words


def test_credentials_that_are_not_known(authority: Authority, tmp_path: Path) -> None:
    with server(authority, 401) as address:
        error = asked(tmp_path, address, authority.certificate)
    assert said(error) == (words.KUBE_CREDENTIALS, words.KUBE_CREDENTIALS_REMEDY)


def test_rights_that_are_missing(authority: Authority, tmp_path: Path) -> None:
    with server(authority, 403) as address:
        error = asked(tmp_path, address, authority.certificate)
    assert said(error) == (words.KUBE_RIGHTS, words.KUBE_RIGHTS_REMEDY)


def test_another_cluster_s_certificate(authority: Authority, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    with server(authority, 401) as address:
        error = asked(tmp_path, address, other.certificate)
    assert said(error) == (words.KUBE_CA, words.KUBE_CA_REMEDY)


def test_a_name_that_does_not_resolve(tmp_path: Path) -> None:
    assert said(asked(tmp_path, "https://nowhere.invalid:6443"))[0] == words.KUBE_NO_HOST


def test_nothing_listens(tmp_path: Path) -> None:
    error = asked(tmp_path, f"https://127.0.0.1:{free_port()}")
    assert said(error) == (words.KUBE_REFUSES, words.KUBE_UNREACHABLE_REMEDY)


def test_nobody_answers_in_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = asked(tmp_path, f"https://127.0.0.1:{silent.getsockname()[1]}", seconds=1)
    assert said(error) == (words.KUBE_SILENT, words.KUBE_SILENT_REMEDY)


@contextmanager
def website(status: int) -> Iterator[int]:
    """A web server that gives every request a page; its port."""

    class Answer(_Handler):
        def do_GET(self) -> None:
            body = b"<html><body>It works!</body></html>"
            self.say(status, "text/html", body)

    made = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    try:
        yield made.server_address[1]
    finally:
        made.shutdown()
        made.server_close()


@pytest.mark.parametrize(
    ("scheme", "status"),
    [("http", 200), ("http", 301), ("http", 400), ("http", 403), ("http", 404), ("https", 200)],
)
@pytest.mark.parametrize("ask", [select, inventory])
def test_what_answers_is_no_api_server(
    scheme: str, status: int, ask: Callable[[Kubectl], object], tmp_path: Path
) -> None:
    with website(status) as port:
        error = asked(tmp_path, f"{scheme}://127.0.0.1:{port}", ask=ask)
    assert said(error) == (words.KUBE_OTHER_SERVER, words.KUBE_OTHER_SERVER_REMEDY)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time "
         "2026-11-29T13:00:00Z is after 2026-11-28T00:00:00Z", words.KUBE_EXPIRED),
        ("remote error: tls: expired certificate", words.KUBE_EXPIRED),
        ("tls: failed to verify certificate: x509: certificate is valid for 10.43.0.1, not 127.0.0.1",
         words.KUBE_CA),
        ("dial tcp: lookup nowhere.invalid on 10.0.0.1:53: no such host", words.KUBE_NO_HOST),
        ("dial tcp 192.0.2.1:6443: i/o timeout", words.KUBE_SILENT),
        ("dial tcp 192.0.2.1:6443: connect: connection refused", words.KUBE_REFUSES),
        ("the server has asked for the client to provide credentials", words.KUBE_CREDENTIALS),
        ('nodes is forbidden: User "v" cannot list resource "nodes" in API group ""', words.KUBE_RIGHTS),
        ("error loading config file: yaml: line 1", words.KUBE_CONFIG),
        ("unable to read client-cert /x.crt: open /x.crt: no such file or directory", words.KUBE_CONFIG),
        ("Client sent an HTTP request to an HTTPS server", words.KUBE_OTHER_SERVER),
        ("http: server gave HTTP response to HTTPS client", words.KUBE_OTHER_SERVER),
        ("couldn't get version/kind; json parse error: invalid character 'x' looking for beginning of value",
         words.KUBE_CONFIG),
        ("etcdserver: leader changed", words.KUBE_UNREACHABLE),
    ],
)  # fmt: skip
def test_what_cannot_be_made_here(line: str, sentence: Words) -> None:
    assert said(Kubectl().unreachable(line))[0] == sentence


def test_a_kubeconfig_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kubectl says nothing of the file, and asks its default."""
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'nope'}")
    tool = Kubectl(str(command("kubectl")))
    error = tool.failure(tool.run("get", "nodes"))
    assert said(error) == (words.KUBE_NO_CONFIG, words.KUBE_CONFIG_REMEDY)
    assert f"{tmp_path / 'nope'} is not there" in str(error)
