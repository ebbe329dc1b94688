"""Tell whether this machine and its peer are fit for k3s, before it is installed."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

from mcapp import cli
from mcapp.cli import told
from mcapp.errors import DifferenceError, Exit, UnreachableError, UserError
from mcapp.messages import Words, language, translate
from mcapp.options import number
from mcapp.preflight import commands, family, firewall, machine, network, peer, ports, report, sockets, words
from mcapp.preflight.checks import Check
from mcapp.preflight.commands import Machine
from mcapp.preflight.listener import Listener
from mcapp.preflight.probes import source_towards


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's options."""
    roles = options.add_subparsers(dest="role", metavar="server|agent|listen", required=True)
    for role, purpose in (
        ("server", words.AS_SERVER),
        ("agent", words.AS_AGENT),
    ):
        made = cli.subcommand(roles, role, told(purpose), "--peer 192.168.1.100")
        add = made.add_argument
        add("--peer", metavar="IP", required=True, help=told(words.PEER))
        add("--etcd", action="store_true", help=told(words.ETCD))
        add("--backend", choices=ports.BACKENDS, default="vxlan", help=told(words.BACKEND))
        seconds = number("--timeout", 0.1, 60)
        add("--timeout", metavar="SECONDS", type=seconds, default=2.0, help=told(words.TIMEOUT))
        add("--print-commands", action="store_true", help=told(words.PRINT_COMMANDS))
        add("--token-file", metavar="FILE", type=Path, help=told(words.TOKEN_FILE))
        cli.output_options(made)
    made = cli.subcommand(roles, "listen", told(words.AS_LISTENER), "--peer 192.168.1.101")
    add = made.add_argument
    add("--peer", metavar="IP", action="append", default=[], help=told(words.PEERS))
    add("--etcd", action="store_true", help=told(words.ETCD))
    add("--backend", choices=ports.BACKENDS, default="vxlan", help=told(words.BACKEND))
    seconds = number("--seconds", 0.1, 86400)
    add("--seconds", metavar="N", type=seconds, default=300.0, help=told(words.STOP_AFTER))
    cli.output_options(made)


def work(asked: argparse.Namespace) -> Exit:
    """Check both machines, print the commands that install k3s, or listen."""
    if asked.role == "listen":
        return listen(asked)
    address = given(asked.peer)
    return install(asked, address) if asked.print_commands else check(asked, address)


def given(address: str) -> str:
    """Return a peer's address in its canonical form; UserError if it cannot be another machine's."""
    read = family.parse(address)
    if read is None:
        raise UserError(words.GIVEN_BAD(address=address), words.GIVEN_PEER())
    if network.is_own(read):
        raise UserError(words.GIVEN_OWN(address=read), words.GIVEN_PEER())
    return read


def check(asked: argparse.Namespace, address: str) -> Exit:
    """Probe the peer, check this machine, and report both."""
    carried = ports.overlay(asked.backend, address)
    survey = peer.probe_all(address, asked.etcd, asked.timeout, carried)
    wall = firewall.detect(family.of(address).version)
    host = survey.answer.host if survey.answer else None
    incoming = ports.required(ports.peer_role(asked.role, asked.etcd), asked.role, asked.etcd, carried)
    checks: list[Check] = [
        *peer.judge(survey, asked.role, asked.etcd, wall),
        *sockets.checks(asked.role, asked.etcd, sockets.Holders(), carried),
        machine.hostname(socket.gethostname(), host),
        peer.clock(survey),
        *network.checks(network.read(survey.source)),
        firewall.check(wall, (*incoming, ports.PAGE), address),
        *machine.modules(backend=asked.backend),
        machine.cgroups(),
        machine.swap(),
        machine.memory(asked.role),
        machine.processors(asked.role),
        machine.disk(machine.space()),
    ]
    if asked.output == "json":
        cli.emit_json(report.document(asked.role, address, checks, language()))
    else:
        print("\n".join(report.lines(checks, language())))
    return report.code(checks, survey.silent)


def install(asked: argparse.Namespace, address: str) -> Exit:
    """Print the commands that install k3s on both machines."""
    source = source_towards(address)
    if source is None:
        raise UnreachableError(words.PEER_NOROUTE(peer=address), words.PEER_ADDRESS())
    here = Machine(source, socket.gethostname(), network.read(source).flags)
    token = _token(asked.token_file) if asked.token_file else commands.TOKEN
    steps = list(commands.steps(asked.role, here, Machine(address), asked.etcd, token, asked.backend))
    if asked.output == "json":
        cli.emit_json(report.step_document(asked.role, address, steps, language()))
    else:
        print("\n".join(report.step_lines(steps, language())))
    return Exit.OK


def _token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise UserError(
            words.TOKEN(file=str(file), reason=reason), words.TOKEN_WHERE(file=commands.TOKEN_FILE)
        ) from None


def listen(asked: argparse.Namespace) -> Exit:
    """Answer probes until the time is over or Ctrl-C, and report which machine reached which port."""
    peers = [given(address) for address in asked.peer]
    out = sys.stderr if asked.output == "json" else sys.stdout

    def tell(sentence: Words, **parts: str | int) -> None:
        print(translate(sentence(**parts)), file=out, flush=True)

    def heard(source: str, port: str) -> None:
        tell(words.LISTEN_HEARD, source=source, port=port)

    name = socket.gethostname()
    walls = {kind.version: firewall.detect(kind.version).description for kind in family.present()}
    signal.signal(signal.SIGTERM, _interrupt)
    waited = ports.listened(asked.etcd, asked.backend)
    with Listener(waited, peers, name, walls, heard, asked.backend) as listener:
        for port in listener.taken:
            tell(words.LISTEN_TAKEN, port=str(port))
        if not listener.listening:
            raise DifferenceError(words.LISTEN_NONE(), words.LISTEN_NONE_REMEDY())
        tell(
            words.LISTEN_START,
            ports=" ".join(map(str, listener.listening)),
            seconds=f"{asked.seconds:g}",
        )
        try:
            listener.serve(asked.seconds)
        except KeyboardInterrupt:
            tell(words.LISTEN_INTERRUPTED)
    missing = [address for address in peers if address not in listener.received]
    if asked.output == "json":
        cli.emit_json(report.heard(listener))
    if listener.ignored:
        tell(words.LISTEN_IGNORED, count=sum(listener.ignored.values()))
    if missing or not listener.received:
        silence = words.LISTEN_SILENT(peers=missing) if missing else words.LISTEN_NOBODY()
        print(translate(silence), file=out)
        return Exit.DIFFERS
    return Exit.OK


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


TOOL = cli.Tool("preflight", words.PURPOSE, "agent --peer 192.168.1.100", add_options, work)
