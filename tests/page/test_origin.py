"""A page of another site, open in the browser of somebody who may use this one, changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from dev.local import plain_http
from tests.page.stack import Stack

# A form needs nobody's leave (CORS asks none for it), and its text can look like JSON.
SEND = """url => {
  const form = document.createElement("form");
  Object.assign(form, {method: "post", enctype: "text/plain", action: url});
  form.append(Object.assign(document.createElement("input"), {name: '{"title": "theirs', value: '"}'}));
  document.body.append(form);
  form.submit();
}"""


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


# On plain HTTP the browser sends Origin alone, to localhost Sec-Fetch-Site too.
@pytest.mark.parametrize("host", ["lab.test", "localhost"])
def test_what_another_site_sends_is_refused(
    stack: Stack, browser: Browser, elsewhere: str, host: str
) -> None:
    own, api = (f"http://{name}:{stack.web.port}/api/tasks" for name in ("127.0.0.1", host))
    before = plain_http.get(own).json()["items"]
    page = browser.new_page()
    page.goto(elsewhere)
    with page.expect_response(api) as answered:
        page.evaluate(SEND, api)
    assert answered.value.status == 403
    page.close()
    assert plain_http.get(own).json()["items"] == before
