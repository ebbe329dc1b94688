#!/usr/bin/env python3
"""Tell whether this machine and its peer are fit for k3s, before it is installed."""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from mcapp import cli
from mcapp.cli import Exit
from mcapp.messages import LANGS, Lang, Problem, from_environment, say, text
from mcapp.preflight import commands, firewall, machine, network, peer, ports, report, sockets
from mcapp.preflight.checks import Check
from mcapp.preflight.commands import Machine
from mcapp.preflight.listener import Listener
from mcapp.preflight.probes import source_towards

EXAMPLE = "python3 scripts/preflight.py"
LANGUAGE = "of details and remedies (default: by the locale)"
ETCD = "several servers share an embedded etcd: its ports count, too"


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = cli.parser("preflight.py", __doc__ or "", f"{EXAMPLE} agent --peer 192.168.1.100")
    roles = parser.add_subparsers(dest="role", metavar="server|agent|listen", required=True)
    for role, purpose in (
        ("server", "Check this machine as the k3s server, and its peer as the agent."),
        ("agent", "Check this machine as a k3s agent, and its peer as the server."),
    ):
        made = cli.subcommand(roles, role, purpose, f"{EXAMPLE} {role} --peer 192.168.1.100")
        add = made.add_argument
        add("--peer", metavar="IP", required=True, help="the other machine's IPv4 address")
        add("--etcd", action="store_true", help=ETCD)
        add("--timeout", metavar="SECONDS", type=float, default=2.0, help="for each port (default: 2)")
        add("--print-commands", action="store_true", help="print the commands that install k3s, and stop")
        add("--token-file", metavar="FILE", type=Path, help="fills the token in for --print-commands")
        _common(made)
    made = cli.subcommand(
        roles,
        "listen",
        "Answer the probes of the peer at the ports of k3s.",
        f"{EXAMPLE} listen --peer 192.168.1.101",
    )
    add = made.add_argument
    add("--peer", metavar="IP", action="append", default=[], help="answer only this address; may be repeated")
    add("--etcd", action="store_true", help=ETCD)
    add("--seconds", metavar="N", type=float, default=300.0, help="then stop (default: 300)")
    _common(made)
    asked = parser.parse_args(arguments)
    for name, most in (("timeout", 60), ("seconds", 86400)):
        if not 0 < getattr(asked, name, 1) <= most:
            parser.error(f"--{name} must be above 0 and at most {most}")
    return asked


def _common(made: argparse.ArgumentParser) -> None:
    made.add_argument("--output", choices=["text", "json"], default="text", help="json is for programs")
    made.add_argument("--lang", choices=LANGS, help=LANGUAGE)


def main(arguments: Sequence[str]) -> Exit:
    """Run the command; UserError, in the user's language, for whatever the user can mend."""
    asked = options(arguments)
    lang: Lang = asked.lang or from_environment(os.environ)
    try:
        if asked.role == "listen":
            return listen(asked, lang)
        address = given(asked.peer)
        return install(asked, address, lang) if asked.print_commands else check(asked, address, lang)
    except Problem as found:
        raise cli.UserError(say(found.problem, lang), say(found.remedy, lang), found.code) from None


def given(address: str) -> str:
    """Return a peer's address in its one spelling; Problem if it can be no other machine's."""
    try:
        read = ipaddress.IPv4Address(address)
    except ValueError:
        raise Problem(text("pre.given.bad", address=address), text("pre.given.peer")) from None
    broadcast = str(read) == "255.255.255.255"
    if read.is_loopback or read.is_multicast or read.is_unspecified or broadcast:
        raise Problem(text("pre.given.bad", address=address), text("pre.given.peer"))
    if network.is_own(str(read)):
        raise Problem(text("pre.given.own", address=str(read)), text("pre.given.peer"))
    return str(read)


def check(asked: argparse.Namespace, address: str, lang: Lang) -> Exit:
    """Probe the peer, look at this machine, and tell both."""
    found = peer.survey(address, asked.etcd, asked.timeout)
    wall = firewall.detect()
    host = found.answer.host if found.answer else None
    incoming = ports.required(ports.peer_role(asked.role, asked.etcd), asked.role, asked.etcd)
    checks: list[Check] = [
        *peer.judge(found, asked.role, asked.etcd, wall),
        *sockets.checks(asked.role, asked.etcd, sockets.Holders()),
        machine.hostname(socket.gethostname(), host),
        peer.clock(found),
        *network.checks(network.read(found.source)),
        firewall.check(wall, (*incoming, ports.PAGE), address),
        *machine.modules(),
        machine.cgroups(),
        machine.swap(),
        machine.memory(asked.role),
        machine.processors(asked.role),
        machine.disk(machine.space()),
    ]
    if asked.output == "json":
        cli.emit_json(report.document(asked.role, address, checks, lang))
    else:
        print("\n".join(report.lines(checks, lang)))
    return report.code(checks, found.silent)


def install(asked: argparse.Namespace, address: str, lang: Lang) -> Exit:
    """Print the commands that install k3s on both machines."""
    source = source_towards(address)
    if source is None:
        raise Problem(text("pre.peer.noroute", peer=address), text("pre.peer.address"), Exit.UNREACHABLE)
    here = Machine(source, socket.gethostname(), network.read(source).flags)
    token = _token(asked.token_file) if asked.token_file else commands.TOKEN
    steps = list(commands.steps(asked.role, here, Machine(address), asked.etcd, token))
    if asked.output == "json":
        cli.emit_json(report.step_document(asked.role, address, steps, lang))
    else:
        print("\n".join(report.step_lines(steps, lang)))
    return Exit.OK


def _token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise Problem(text("pre.token", file=str(file), reason=reason), text("pre.token.where")) from None


def listen(asked: argparse.Namespace, lang: Lang) -> Exit:
    """Answer probes until the time is up or Ctrl-C, and say who reached what."""
    peers = [given(address) for address in asked.peer]
    out = sys.stderr if asked.output == "json" else sys.stdout

    def tell(key: str, **parts: str) -> None:
        print(say(text(key, **parts), lang), file=out, flush=True)

    def heard(source: str, port: str) -> None:
        tell("pre.listen.heard", source=source, port=port)

    name, wall = socket.gethostname(), firewall.detect().told
    signal.signal(signal.SIGTERM, _interrupt)
    with Listener(ports.listened(asked.etcd), peers, name, wall, heard) as listener:
        for port in listener.taken:
            tell("pre.listen.taken", port=str(port))
        if not listener.listening:
            raise Problem(text("pre.listen.none"), text("pre.listen.none.remedy"), Exit.DIFFERS)
        tell(
            "pre.listen.start",
            ports=" ".join(map(str, listener.listening)),
            seconds=f"{asked.seconds:g}",
        )
        try:
            listener.serve(asked.seconds)
        except KeyboardInterrupt:
            tell("pre.listen.interrupted")
    missing = [address for address in peers if address not in listener.received]
    if asked.output == "json":
        cli.emit_json(report.heard(listener))
    if listener.ignored:
        tell("pre.listen.ignored", count=str(sum(listener.ignored.values())))
    if missing or not listener.received:
        silence = text("pre.listen.silent", peers=missing) if missing else text("pre.listen.nobody")
        print(say(silence, lang), file=out)
        return Exit.DIFFERS
    return Exit.OK


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    cli.run(main)
