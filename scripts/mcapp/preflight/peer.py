"""The ports between this machine and its peer: what the probes found, and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mcapp.messages import Text
from mcapp.preflight import protocol, words
from mcapp.preflight.checks import Check, Outcome, Status
from mcapp.preflight.datagrams import exchange
from mcapp.preflight.firewall import COMMANDED, Firewall, from_told, opening
from mcapp.preflight.ports import PAGE, REASONS, VXLAN, Port, Role, listened, peer_role, required
from mcapp.preflight.probes import Probe, source_towards, tcp
from mcapp.preflight.protocol import Answer, Request

_SKEW_WARN, _SKEW_FAIL = 2.0, 60.0
_SILENT = {Outcome.TIMEOUT, Outcome.UNREACHABLE}


@dataclass(frozen=True)
class Survey:
    """What the probes of one peer found.

    ``back`` is what became of the peer's own packet to the VXLAN port here, None where nobody can tell;
    ``skew`` is the peer's clock less this one's, in seconds; ``neighbour`` tells that ARP knows the peer.
    """

    peer: str
    source: str
    tcp: Mapping[Port, Probe]
    forward: Probe
    back: Probe | None = None
    answer: Answer | None = None
    skew: float = 0.0
    neighbour: bool = False
    timeout: float = 2.0

    @property
    def silent(self) -> bool:
        """Whether nothing at all came from the peer."""
        probes = [*self.tcp.values(), self.forward]
        return not self.neighbour and all(probe.outcome in _SILENT for probe in probes)


def survey(peer: str, etcd: bool, timeout: float) -> Survey:
    """Probe every port at which a listener may wait; each gets ``timeout`` seconds."""
    source = source_towards(peer)
    if source is None:
        gone = Probe(Outcome.UNREACHABLE)
        return Survey(peer, "", dict.fromkeys(_tcp_ports(etcd), gone), gone, timeout=timeout)
    run = protocol.token()

    def ask(port: Port, request: Request | None = None) -> Probe:
        echo = Request(run, protocol.token(), "echo")
        return tcp(peer, port, request or echo, timeout=timeout, source=source)

    ports = _tcp_ports(etcd)
    with ThreadPoolExecutor(len(ports)) as pool:
        found = dict(zip(ports, pool.map(ask, ports), strict=True))
    channel = next((port for port, probe in found.items() if probe.answer), None)

    def ask_back(request: Request) -> None:
        if channel:
            ask(channel, request)

    both = exchange(peer, run, timeout=timeout, source=source, ask_back=ask_back if channel else None)
    last = ask(channel) if channel else both.forward
    answer = last.answer
    return Survey(
        peer,
        source,
        found,
        _arrived(both.forward, answer),
        _came_back(both.back, answer),
        answer,
        answer.time - last.at if answer else 0.0,
        _is_neighbour(peer),
        timeout,
    )


def _tcp_ports(etcd: bool) -> list[Port]:
    return [port for port in listened(etcd) if port.proto == "tcp"]


def _arrived(forward: Probe, last: Answer | None) -> Probe:
    """Believe the listener that the packet arrived, even if the answer to it did not."""
    if forward.outcome is Outcome.TIMEOUT and last and str(VXLAN) in last.got:
        return Probe(Outcome.CONNECTED)
    return forward


def _came_back(back: bool | None, last: Answer | None) -> Probe | None:
    if back:
        return Probe(Outcome.CONNECTED)
    if back is None or last is None or not last.back:
        return None
    if last.back == "sent":
        return Probe(Outcome.TIMEOUT)
    return Probe(Outcome.REFUSED if last.back == "refused" else Outcome.FILTERED, sender=last.back)


def _is_neighbour(peer: str, table: Path = Path("/proc/net/arp")) -> bool:
    """Tell whether the peer answered ARP: a machine is there, whatever its firewall does."""
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    return any(row[0] == peer and int(row[2], 16) & 2 for row in rows if len(row) > 3)


# -- what it means ---------------------------------------------------------------------------------------


def judge(found: Survey, role: Role, etcd: bool, firewall: Firewall) -> Iterator[Check]:
    """Yield the checks of the ports; ``firewall`` is the one in force on this machine."""
    yield _peer(found)
    away = required(role, peer_role(role, etcd), etcd)
    for port in away:
        yield _vxlan(found) if port == VXLAN else _outgoing(found, port)
    yield _back(found, firewall)
    yield _softened(_outgoing(found, PAGE))
    for port in required(peer_role(role, etcd), role, etcd):
        if port not in away:
            why = REASONS[port]()
            yield Check(
                f"port.{port.id}",
                Status.SKIPPED,
                words.PORT_THEIRS(why=why),
                words.PORT_RUN_THERE(),
            )


def clock(found: Survey) -> Check:
    """Compare the listener's clock with this one."""
    if found.answer is None:
        return Check("clock", Status.SKIPPED, words.LISTENER_TELLS())
    seconds = f"{abs(found.skew):.1f}"
    if abs(found.skew) <= _SKEW_WARN:
        return Check("clock", Status.OK, words.CLOCK_OK(seconds=seconds))
    status = Status.FAIL if abs(found.skew) > _SKEW_FAIL else Status.WARN
    detail = (words.CLOCK_AHEAD if found.skew > 0 else words.CLOCK_BEHIND)(seconds=seconds)
    return Check("clock", status, detail, words.RUN(command="sudo timedatectl set-ntp true"))


def _peer(found: Survey) -> Check:
    listen = words.PEER_LISTEN(command=f"python3 scripts/preflight.py listen --peer {found.source}")
    if not found.source:
        return Check("peer", Status.FAIL, words.PEER_NOROUTE(peer=found.peer), words.PEER_ADDRESS())
    if found.silent:
        return Check("peer", Status.FAIL, words.PEER_SILENT(peer=found.peer), words.PEER_ADDRESS())
    if found.answer is None:
        return Check("peer", Status.WARN, words.PEER_NOBODY(peer=found.peer), listen)
    return Check("peer", Status.OK, words.PEER_OK(peer=found.peer, host=found.answer.host))


def _outgoing(found: Survey, port: Port) -> Check:
    probe = found.tcp[port]
    awaited = found.answer is not None and str(port) in found.answer.listening
    if probe.outcome is Outcome.CONNECTED:
        detail = (words.PORT_LISTENER if probe.answer else words.PORT_SOMEONE)(why=REASONS[port]())
        return Check(f"port.{port.id}", Status.OK, detail, outcome=probe.outcome)
    if probe.outcome is Outcome.REFUSED and not awaited:
        detail = words.PORT_REFUSED(why=REASONS[port]())
        return Check(f"port.{port.id}", Status.OK, detail, outcome=probe.outcome)
    return _shut(found, port, probe)


def _vxlan(found: Survey) -> Check:
    probe = found.forward
    check = f"port.{VXLAN.id}"
    why = REASONS[VXLAN]()
    if probe.outcome is Outcome.CONNECTED:
        detail = (words.UDP_ECHO if probe.answer else words.UDP_TOLD)(why=why)
        return Check(check, Status.OK, detail, outcome=probe.outcome)
    if found.answer is None:
        unproven = words.UDP_UNPROVEN(why=why)
        # A running k3s takes the packet and says nothing.
        taken = any(found.tcp[port].outcome is Outcome.CONNECTED for port in found.tcp)
        if probe.outcome is Outcome.REFUSED or (probe.outcome is Outcome.TIMEOUT and taken):
            return Check(check, Status.WARN, unproven, words.UDP_LISTEN(), probe.outcome)
    elif probe.outcome is Outcome.REFUSED and str(VXLAN) not in found.answer.listening:
        taken_there = words.UDP_TAKEN(why=why)
        return Check(check, Status.WARN, taken_there, words.UDP_LISTEN(), probe.outcome)
    return _shut(found, VXLAN, probe)


def _shut(found: Survey, port: Port, probe: Probe) -> Check:
    why = REASONS[port]()
    own = probe.sender == found.source
    match probe.outcome:
        case Outcome.REFUSED:
            detail = words.PORT_RESET(why=why)
        case Outcome.FILTERED if own:
            detail = words.PORT_OWN(why=why)
        case Outcome.FILTERED:
            detail = words.PORT_FILTERED(icmp=probe.icmp, sender=probe.sender, why=why)
        case Outcome.UNREACHABLE:
            return Check(
                f"port.{port.id}",
                Status.FAIL,
                words.PORT_UNREACHABLE(why=why),
                words.PEER_ADDRESS(),
                probe.outcome,
            )
        case _:
            detail = words.PORT_TIMEOUT(seconds=f"{found.timeout:g}", why=why)
    remedy = (
        words.OWN_OUTPUT(port=str(port), peer=found.peer)
        if own
        else _open(words.ON(machine=found.peer), port, found.source, _there(found))
    )
    return Check(f"port.{port.id}", Status.FAIL, detail, remedy, probe.outcome)


def _back(found: Survey, firewall: Firewall) -> Check:
    check = f"port.{VXLAN.id}.back"
    why = REASONS[VXLAN]()
    if found.back is None:
        return Check(check, Status.SKIPPED, words.BACK_UNKNOWN(why=why), words.BACK_HOW())
    if found.back.outcome is Outcome.CONNECTED:
        return Check(check, Status.OK, words.BACK_OK(why=why), outcome=found.back.outcome)
    if found.back.sender == "blocked":
        remedy = words.PEER_OUTPUT(port=str(VXLAN), source=found.source, peer=found.peer)
        detail = words.BACK_BLOCKED(why=why)
    else:
        remedy = _open(words.ON_HERE(), VXLAN, found.peer, firewall)
        detail = (words.BACK_TIMEOUT if found.back.outcome is Outcome.TIMEOUT else words.BACK_REJECTED)(
            why=why
        )
    return Check(check, Status.FAIL, detail, remedy, found.back.outcome)


def _softened(check: Check) -> Check:
    return check._replace(status=Status.WARN) if check.status is Status.FAIL else check


def _there(found: Survey) -> Firewall:
    """Return the peer's firewall as its listener tells it."""
    return from_told(found.answer.firewall if found.answer else "")


def _open(place: Text, port: Port, source: str, firewall: Firewall) -> Text:
    if firewall.kind in COMMANDED:
        return words.OPEN(place=place, command=opening(firewall.kind, port, source, firewall.chain))
    every = {kind: opening(kind, port, source) for kind in ("ufw", "firewalld", "nft")}
    return words.OPEN_ANY(place=place, **every)
