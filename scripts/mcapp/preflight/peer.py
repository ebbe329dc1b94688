"""Probes the ports between this machine and its peer, and judges the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from mcapp.messages import Text
from mcapp.preflight import family, programs, protocol, words
from mcapp.preflight.checks import Check, Outcome, Status
from mcapp.preflight.datagrams import exchange
from mcapp.preflight.firewall import COMMANDED, Firewall, from_description, opening
from mcapp.preflight.ports import PAGE, REASONS, VXLAN, Port, Role, listened, peer_role, required
from mcapp.preflight.probes import Probe, source_towards, tcp
from mcapp.preflight.protocol import Answer, Request
from mcapp.shell import Shell

_SKEW_WARN, _SKEW_FAIL = 2.0, 60.0
_SILENT = {Outcome.TIMEOUT, Outcome.UNREACHABLE}


@dataclass(frozen=True)
class Survey:
    """The results of all probes of one peer.

    ``carried`` is the port of the pods' packets, ``forward`` its probe;
    ``back`` is what became of the peer's own packet to that port here, None if that is unknown;
    ``skew`` is the peer's clock minus this one's, in seconds; ``neighbour``: the peer answers ARP.
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
    carried: Port = VXLAN

    @property
    def listen(self) -> Shell:
        """What makes a listener wait at the same port."""
        return Shell("listen" if self.carried == VXLAN else "listen --backend wireguard-native")

    @property
    def silent(self) -> bool:
        """Whether the peer answered nothing at all."""
        probes = [*self.tcp.values(), self.forward]
        return not self.neighbour and all(probe.outcome in _SILENT for probe in probes)


def probe_all(peer: str, etcd: bool, timeout: float, carried: Port = VXLAN) -> Survey:
    """Probe every port at which a listener may wait; each gets ``timeout`` seconds."""
    source = source_towards(peer)
    if source is None:
        gone = Probe(Outcome.UNREACHABLE)
        return Survey(peer, "", dict.fromkeys(_tcp_ports(etcd), gone), gone, timeout=timeout, carried=carried)
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

    both = exchange(
        peer, carried, run, timeout=timeout, source=source, ask_back=ask_back if channel else None
    )
    last = ask(channel) if channel else both.forward
    answer = last.answer
    return Survey(
        peer,
        source,
        found,
        _arrived(both.forward, answer, carried),
        _came_back(both.back, answer),
        answer,
        answer.time - last.at if answer else 0.0,
        _is_neighbour(peer),
        timeout,
        carried,
    )


def _tcp_ports(etcd: bool) -> list[Port]:
    return [port for port in listened(etcd) if port.proto == "tcp"]


def _arrived(forward: Probe, last: Answer | None, carried: Port) -> Probe:
    """Count the packet as arrived where the listener says so, even if its answer was lost."""
    if forward.outcome is Outcome.TIMEOUT and last and str(carried) in last.got:
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
    """Whether the peer answered ARP, or its counterpart of IPv6: then a machine is there."""
    if family.of(peer) is family.IPV6:
        return " lladdr " in (programs.output("ip", "-6", "neighbour", "show", "to", peer) or "")
    rows = [line.split() for line in table.read_text().splitlines()[1:]] if table.exists() else []
    return any(row[0] == peer and int(row[2], 16) & 2 for row in rows if len(row) > 3)


# -- what it means ---------------------------------------------------------------------------------------


def judge(survey: Survey, role: Role, etcd: bool, firewall: Firewall) -> Iterator[Check]:
    """Yield the checks of the ports; ``firewall`` is the active one of this machine."""
    yield _peer(survey)
    away = required(role, peer_role(role, etcd), etcd, survey.carried)
    for port in away:
        yield _carried(survey) if port == survey.carried else _outgoing(survey, port)
    yield _back(survey, firewall)
    yield _as_warning(_outgoing(survey, PAGE))
    for port in required(peer_role(role, etcd), role, etcd, survey.carried):
        if port not in away:
            why = REASONS[port]()
            yield Check(
                f"port.{port.id}",
                Status.SKIPPED,
                words.PORT_THEIRS(why=why),
                words.PORT_RUN_THERE(listen=survey.listen),
            )


def clock(survey: Survey) -> Check:
    """Compare the listener's clock with this one."""
    if survey.answer is None:
        return Check("clock", Status.SKIPPED, words.LISTENER_TELLS())
    seconds = f"{abs(survey.skew):.1f}"
    if abs(survey.skew) <= _SKEW_WARN:
        return Check("clock", Status.OK, words.CLOCK_OK(seconds=seconds))
    status = Status.FAIL if abs(survey.skew) > _SKEW_FAIL else Status.WARN
    detail = (words.CLOCK_AHEAD if survey.skew > 0 else words.CLOCK_BEHIND)(seconds=seconds)
    return Check("clock", status, detail, words.RUN(command="sudo timedatectl set-ntp true"))


def _peer(survey: Survey) -> Check:
    listen = words.PEER_LISTEN(source=survey.source, listen=survey.listen)
    if not survey.source:
        return Check("peer", Status.FAIL, words.PEER_NOROUTE(peer=survey.peer), words.PEER_ADDRESS())
    if survey.silent:
        return Check("peer", Status.FAIL, words.PEER_SILENT(peer=survey.peer), words.PEER_ADDRESS())
    if survey.answer is None:
        return Check("peer", Status.WARN, words.PEER_NOBODY(peer=survey.peer), listen)
    return Check("peer", Status.OK, words.PEER_OK(peer=survey.peer, host=survey.answer.host))


def _outgoing(survey: Survey, port: Port) -> Check:
    probe = survey.tcp[port]
    awaited = survey.answer is not None and str(port) in survey.answer.listening
    if probe.outcome is Outcome.CONNECTED:
        detail = (words.PORT_LISTENER if probe.answer else words.PORT_SOMEONE)(why=REASONS[port]())
        return Check(f"port.{port.id}", Status.OK, detail, outcome=probe.outcome)
    if probe.outcome is Outcome.REFUSED and not awaited:
        detail = words.PORT_REFUSED(why=REASONS[port]())
        return Check(f"port.{port.id}", Status.OK, detail, outcome=probe.outcome)
    return _closed(survey, port, probe)


def _carried(survey: Survey) -> Check:
    probe = survey.forward
    check = f"port.{survey.carried.id}"
    why = REASONS[survey.carried]()
    if probe.outcome is Outcome.CONNECTED:
        detail = (words.UDP_ECHO if probe.answer else words.UDP_TOLD)(why=why)
        return Check(check, Status.OK, detail, outcome=probe.outcome)
    if survey.answer is None:
        unproven = words.UDP_UNPROVEN(why=why)
        # A running k3s takes the packet and says nothing.
        taken = any(survey.tcp[port].outcome is Outcome.CONNECTED for port in survey.tcp)
        if probe.outcome is Outcome.REFUSED or (probe.outcome is Outcome.TIMEOUT and taken):
            return Check(check, Status.WARN, unproven, words.UDP_LISTEN(listen=survey.listen), probe.outcome)
    elif probe.outcome is Outcome.REFUSED and str(survey.carried) not in survey.answer.listening:
        taken_peer_firewall = words.UDP_TAKEN(why=why)
        return Check(
            check,
            Status.WARN,
            taken_peer_firewall,
            words.UDP_LISTEN(listen=survey.listen),
            probe.outcome,
        )
    return _closed(survey, survey.carried, probe)


def _closed(survey: Survey, port: Port, probe: Probe) -> Check:
    why = REASONS[port]()
    own = probe.sender == survey.source
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
            detail = words.PORT_TIMEOUT(seconds=f"{survey.timeout:g}", why=why)
    remedy = (
        words.OWN_OUTPUT(port=str(port), peer=survey.peer)
        if own
        else _opening(words.ON(machine=survey.peer), port, survey.source, _peer_firewall(survey))
    )
    return Check(f"port.{port.id}", Status.FAIL, detail, remedy, probe.outcome)


def _back(survey: Survey, firewall: Firewall) -> Check:
    check = f"port.{survey.carried.id}.back"
    why = REASONS[survey.carried]()
    if survey.back is None:
        return Check(check, Status.SKIPPED, words.BACK_UNKNOWN(why=why), words.BACK_HOW(listen=survey.listen))
    if survey.back.outcome is Outcome.CONNECTED:
        return Check(check, Status.OK, words.BACK_OK(why=why), outcome=survey.back.outcome)
    if survey.back.sender == "blocked":
        remedy = words.PEER_OUTPUT(port=str(survey.carried), source=survey.source, peer=survey.peer)
        detail = words.BACK_BLOCKED(why=why)
    else:
        remedy = _opening(words.ON_HERE(), survey.carried, survey.peer, firewall)
        detail = (words.BACK_TIMEOUT if survey.back.outcome is Outcome.TIMEOUT else words.BACK_REJECTED)(
            why=why
        )
    return Check(check, Status.FAIL, detail, remedy, survey.back.outcome)


def _as_warning(check: Check) -> Check:
    return check._replace(status=Status.WARN) if check.status is Status.FAIL else check


def _peer_firewall(survey: Survey) -> Firewall:
    """Return the peer's firewall as its listener describes it."""
    return from_description(survey.answer.firewall if survey.answer else "")


def _opening(place: Text, port: Port, source: str, firewall: Firewall) -> Text:
    if firewall.kind in COMMANDED:
        return words.OPEN(place=place, command=opening(firewall.kind, port, source, firewall.chain))
    every = {kind: opening(kind, port, source) for kind in ("ufw", "firewalld", "nft")}
    return words.OPEN_ANY(place=place, **every)
