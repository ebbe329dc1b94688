"""The api answers on IPv4 and on IPv6: a process with two sockets."""

from __future__ import annotations

import errno
import socket

import pytest

from dev.local import plain_http
from dev.local.api_process import ApiProcess
from mcapp_api.server import bind
from mcapp_api.settings import Settings

NO_DATABASE = {"DATABASE_URL": "postgresql://127.0.0.1:9/appdb"}


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_it_answers_in_both_families(host: str) -> None:
    with ApiProcess(NO_DATABASE) as api:
        assert plain_http.get(f"http://{host}:{api.port}/healthz").status_code == 200


def test_each_family_has_a_socket_of_its_own() -> None:
    bound = bind(0)
    assert [one.family for one in bound] == [socket.AF_INET, socket.AF_INET6]
    assert bound[1].getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1
    for one in bound:
        one.close()


def test_a_kernel_without_ipv6_leaves_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    made = socket.socket

    def lacking(family: socket.AddressFamily) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return made(family)

    monkeypatch.setattr(socket, "socket", lacking)
    (only,) = bind(0)
    assert only.family == socket.AF_INET
    only.close()


@pytest.mark.parametrize(
    ("family", "address"),
    [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")],  # noqa: S104 - what the api binds itself
)
def test_a_port_that_is_taken_is_told_in_one_sentence(family: socket.AddressFamily, address: str) -> None:
    with socket.socket(family) as other:
        if family == socket.AF_INET6:
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        other.bind((address, 0))
        other.listen()
        port = other.getsockname()[1]
        api = ApiProcess({**NO_DATABASE, "MCAPP_PORT": str(port)})
        assert api.process.wait(60) == 1
    assert api.output() == f"MCAPP_PORT: the api cannot listen on {port}: Address already in use.\n"
    api.stop()


@pytest.mark.parametrize(
    ("url", "shown"),
    [("postgresql://[2001:db8::7]:5433/appdb", "[2001:db8::7]:5433"), ("postgresql://db/appdb", "db:5432")],
)
def test_the_database_s_address_is_shown_as_a_url_has_it(url: str, shown: str) -> None:
    assert Settings.from_environment({"DATABASE_URL": url}).database_address == shown
