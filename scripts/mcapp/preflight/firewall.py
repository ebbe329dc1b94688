"""Which firewall is active on this machine, and the command that opens a port for one peer only."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mcapp.preflight import family, programs, words
from mcapp.preflight.checks import Check, Status
from mcapp.preflight.ports import CLUSTER_NETWORKS6, Port
from mcapp.shell import Shell

Kind = Literal["none", "ufw", "firewalld", "nft", "iptables", "unknown"]

# Those for which there is a command that opens a port.
COMMANDED: tuple[Kind, ...] = ("ufw", "firewalld", "nft", "iptables")

_NFT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_/.]*")
_LONGEST = 80

# The networks of k3s' pods and services: their packets come in on the nodes, too.
_CLUSTER_NETWORKS = {4: ("10.42.0.0/16", "10.43.0.0/16"), 6: CLUSTER_NETWORKS6}


class NftChain(NamedTuple):
    """A base chain of nftables by its family, table and name."""

    family: str
    table: str
    chain: str


class Firewall(NamedTuple):
    """The firewall of a machine; its chain only with nftables."""

    kind: Kind
    chain: NftChain | None = None

    @property
    def description(self) -> str:
        """How the listener describes it to the peer."""
        described = " ".join((self.kind, *(self.chain or ())))
        return described if len(described) <= _LONGEST else self.kind


def from_description(described: str) -> Firewall:
    """Return the peer's firewall; unknown if the description is malformed, since it goes into commands."""
    kind, *place = described.split(" ")
    found = next((known for known in COMMANDED if known == kind), None)
    if found is None or not all(_NFT_NAME.fullmatch(name) for name in place):
        return Firewall("unknown")
    return Firewall(found, NftChain(*place) if len(place) == len(NftChain._fields) else None)


def detect(version: int = 4) -> Firewall:
    """Return the firewall that is active for an IP version.

    ufw and firewalld, which manage the rules of others, are asked first.
    """
    if _ufw_active(programs.output("ufw", "status"), Path("/etc/ufw/ufw.conf")):
        return Firewall("ufw")
    if (programs.output("firewall-cmd", "--state") or "").strip() == "running":
        return Firewall("firewalld")
    ruleset = programs.output("nft", "--json", "list", "ruleset")
    if ruleset is not None:
        chain = nft_input(json.loads(ruleset), version)
        return Firewall("nft", chain) if chain else Firewall("none")
    rules = programs.output(_iptables(version), "-S")
    if rules is not None:
        return Firewall("iptables" if iptables_input(rules) else "none")
    return Firewall(
        "unknown" if programs.is_installed("nft") or programs.is_installed("iptables") else "none"
    )


def _iptables(version: int) -> str:
    return "iptables" if version == 4 else "ip6tables"


def _ufw_active(status: str | None, settings: Path) -> bool:
    if status is not None:
        return "Status: active" in status
    # Only root may ask for the status.
    enabled = settings.read_text(errors="replace").splitlines() if settings.exists() else []
    return programs.is_installed("ufw") and "ENABLED=yes" in enabled


def nft_input(ruleset: dict[str, Any], version: int = 4) -> NftChain | None:
    """Return the input chain that can reject packets, from what `nft --json list ruleset` printed."""
    items: list[dict[str, Any]] = ruleset.get("nftables", [])
    families = ("inet", "ip" if version == 4 else "ip6")
    rules: dict[NftChain, list[dict[str, Any]]] = {}
    for rule in (item["rule"] for item in items if "rule" in item):
        place = NftChain(rule["family"], rule["table"], rule["chain"])
        rules.setdefault(place, []).extend(rule["expr"])
    for chain in (item["chain"] for item in items if "chain" in item):
        place = NftChain(chain["family"], chain["table"], chain["name"])
        if chain.get("hook") == "input" and chain["family"] in families:
            reached = _reached(place, rules)
            denies = any(_denies(verdict) for target in reached for verdict in rules.get(target, []))
            if chain.get("policy") == "drop" or denies:
                return place
    return None


def _denies(expression: dict[str, Any]) -> bool:
    # Rules of iptables-nft show their REJECT as an extension.
    return "drop" in expression or "reject" in expression or expression.get("xt", {}).get("name") == "REJECT"


def _reached(start: NftChain, rules: dict[NftChain, list[dict[str, Any]]]) -> set[NftChain]:
    reached, left = set[NftChain](), [start]
    while left:
        place = left.pop()
        if place in reached:
            continue
        reached.add(place)
        for expression in rules.get(place, []):
            for verdict in ("jump", "goto"):
                if verdict in expression:
                    left.append(place._replace(chain=expression[verdict]["target"]))
    return reached


def iptables_input(listed: str) -> bool:
    """Whether the rules that `iptables -S` printed can reject packets to this machine."""
    targets: dict[str, set[str]] = {}
    for line in listed.splitlines():
        rule = shlex.split(line)
        if rule[:1] == ["-P"]:
            targets.setdefault(rule[1], set()).add(rule[2])
        for flag in ("-j", "-g"):
            if rule[:1] == ["-A"] and flag in rule:
                targets.setdefault(rule[1], set()).add(rule[rule.index(flag) + 1])
    reached, left = set[str](), ["INPUT"]
    while left:
        name = left.pop()
        if name not in reached:
            reached.add(name)
            left.extend(targets.get(name, ()))
    return bool(reached & {"DROP", "REJECT"})


def opening(kind: str, port: Port, source: str, chain: NftChain | None = None) -> Shell:
    """Return the command that lets only ``source`` reach the port; ``chain`` is that of nftables."""
    return Shell(_opening(kind, port, source, chain or NftChain("inet", "filter", "input")))


def _opening(kind: str, port: Port, source: str, chain: NftChain) -> str:
    version = family.of(source).version
    if kind == "ufw":
        return f"sudo ufw allow from {source} to any port {port.number} proto {port.proto}"
    if kind == "firewalld":
        rule = (
            f'rule family="ipv{version}" source address="{source}" '
            f'port port="{port.number}" protocol="{port.proto}" accept'
        )
        return f"sudo firewall-cmd --permanent --add-rich-rule='{rule}' && sudo firewall-cmd --reload"
    if kind == "iptables":
        table = _iptables(version)
        return f"sudo {table} -I INPUT -s {source} -p {port.proto} --dport {port.number} -j ACCEPT"
    rule = f"{_saddr(version)} {source} {port.proto} dport {port.number} accept"
    return f"sudo nft insert rule {' '.join(chain)} {rule}"


def _saddr(version: int) -> str:
    return "ip saddr" if version == 4 else "ip6 saddr"


def _networks(kind: Kind, chain: NftChain | None, version: int) -> Iterable[str]:
    for network in _CLUSTER_NETWORKS[version]:
        if kind == "ufw":
            yield f"sudo ufw allow from {network} to any"
        elif kind == "firewalld":
            yield f"sudo firewall-cmd --permanent --zone=trusted --add-source={network}"
        elif kind == "iptables":
            yield f"sudo {_iptables(version)} -I INPUT -s {network} -j ACCEPT"
        else:
            yield f"sudo nft insert rule {' '.join(chain or ())} {_saddr(version)} {network} accept"


def check(active: Firewall, incoming: Iterable[Port], peer: str) -> Check:
    """Report the active firewall, with the commands that open what the peer must reach."""
    if active.kind == "unknown":
        return Check("firewall", Status.SKIPPED, words.FIREWALL_ROOT(), words.SUDO())
    if active.kind == "none":
        return Check("firewall", Status.OK, words.FIREWALL_NONE())
    commands = [
        *_networks(active.kind, active.chain, family.of(peer).version),
        *(opening(active.kind, port, peer, active.chain) for port in incoming),
    ]
    kept = active.kind in ("ufw", "firewalld")
    detail = (words.FIREWALL_KEPT if kept else words.FIREWALL_LOST)(kind=active.kind)
    return Check("firewall", Status.WARN, detail, words.FIREWALL_OPEN(commands=Shell("; ".join(commands))))
