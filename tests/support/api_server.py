"""A real kubectl before an API server that answers as a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from dev.kind.programs import command
from mcapp.kube.kubectl import Kubectl

Document = dict[str, Any]


@contextmanager
def asking(answer: Callable[[str], Document], folder: Path, **options: Any) -> Iterator[Kubectl]:
    """Serve what `answer` returns for a path with its query; a Status comes with its own code.

    `folder` takes the kubeconfig; `options` are Kubectl's own.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer(self.path)
            body = json.dumps(found).encode()
            self.send_response(int(found.get("code", 200)))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        config = folder / "config"
        lists = {
            "clusters": [{"name": "x", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
            "users": [{"name": "x", "user": {}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        }
        document = {"apiVersion": "v1", "kind": "Config", **lists, "current-context": "x"}
        config.write_text(json.dumps(document))
        try:
            yield Kubectl(str(command("kubectl")), str(config), **options)
        finally:
            server.shutdown()
