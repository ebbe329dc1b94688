"""Two machines for the tests of preflight: network namespaces, joined by a veth pair."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from dev import ROOT

PREFLIGHT = ROOT / "scripts" / "preflight.py"
_NUMBERS = itertools.count()

TO_PEER = ("port.6443.tcp", "port.10250.tcp", "port.8472.udp", "port.30080.tcp")
BACK = "port.8472.udp.back"
OPEN = dict.fromkeys((*TO_PEER, BACK), "connected")

RESET = "REJECT --reject-with tcp-reset"
PROHIBITED = "REJECT --reject-with icmp-admin-prohibited"
ESTABLISHED = "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"


class Result(NamedTuple):
    """One call's exit code and output; `checks` has the printed checks by id."""

    code: int
    out: str
    err: str

    @property
    def checks(self) -> dict[str, dict[str, Any]]:
        return {check["id"]: check for check in json.loads(self.out)["checks"]}


class Machine(NamedTuple):
    """A network namespace and its address; each process in it has the machine's own host name."""

    netns: str
    address: str
    name: str

    def command(self, *words: str) -> list[str]:
        shell = f"hostname {self.name} && exec {shlex.join(words)}"
        return ["ip", "netns", "exec", self.netns, "unshare", "--uts", "sh", "-c", shell]

    def run(self, *words: str) -> Result:
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=30, check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    def must(self, *words: str) -> None:
        done = self.run(*words)
        assert done.code == 0, f"{shlex.join(words)}: {done.err}"

    def preflight(self, role: str, peer: Machine, *more: str) -> Result:
        return self.run(
            sys.executable, str(PREFLIGHT), role, "--peer", peer.address,
            "--timeout", "0.6", "--output", "json", "--lang", "en", *more,
        )  # fmt: skip

    @contextmanager
    def listening(
        self, *more: str, called: tuple[str, ...] = (str(PREFLIGHT),)
    ) -> Iterator[subprocess.Popen[str]]:
        """Run the listener here until the block ends; ``called`` is what Python is given before `listen`."""
        with subprocess.Popen(
            self.command(sys.executable, *called, "listen", "--lang", "en", "--seconds", "600", *more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    if line.startswith("Listening"):
                        break
                else:
                    raise AssertionError("the listener did not start")
                yield process
            finally:
                process.terminate()
                process.wait(10)


class Pair(NamedTuple):
    """The machine that is checked, and its peer."""

    here: Machine
    there: Machine


@contextmanager
def two_machines() -> Iterator[Pair]:
    """Make two namespaces and the veth pair between them; delete them at the end of the block."""
    number = next(_NUMBERS)
    tag = f"pf{os.getpid()}n{number}"
    pair = Pair(
        *(Machine(f"{tag}{end}", f"10.99.0.{host}", f"box-{end}") for end, host in (("a", 1), ("b", 2)))
    )
    with ExitStack() as stack:
        for machine in pair:
            _ip("netns", "add", machine.netns)
            stack.callback(_ip, "netns", "delete", machine.netns)
        _ip(
            "link", "add", "eth0", "netns", pair.here.netns,
            "type", "veth", "peer", "name", "eth0", "netns", pair.there.netns,
        )  # fmt: skip
        for machine in pair:
            _ip("-n", machine.netns, "link", "set", "lo", "up")
            _ip("-n", machine.netns, "address", "add", f"{machine.address}/24", "dev", "eth0")
            _ip("-n", machine.netns, "link", "set", "eth0", "up")
            _ip("-n", machine.netns, "route", "add", "default", "dev", "eth0")
        yield pair


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"ip {shlex.join(words)}: {done.stderr}"


def why_not() -> str:
    """Return why this machine cannot have network namespaces, "" where it can."""
    if os.geteuid():
        return "needs root"
    missing = [name for name in ("ip", "iptables", "unshare") if not shutil.which(name)]
    if missing:
        return f"needs {', '.join(missing)}"
    try:
        with two_machines() as pair:
            pair.here.must("iptables", "-S")
    except AssertionError as error:
        return f"no network namespaces here: {error}"
    return ""


def apply(pair: Pair, rules: list[str]) -> None:
    """Add rules of iptables; each begins with its machine, ``here`` or ``there``."""
    for side, machine in pair._asdict().items():
        own = [rule.partition(" ")[2] for rule in rules if rule.startswith(f"{side} ")]
        if own:
            machine.must("sh", "-c", " && ".join(f"iptables {rule}" for rule in own))
