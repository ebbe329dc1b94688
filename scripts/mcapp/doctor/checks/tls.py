"""The certificate of the release's own database: how a wrong one is replaced, and one that ends soon."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from mcapp.doctor.finding import Evidence, Finding, Step
from mcapp.doctor.read.snapshot import Snapshot, template
from mcapp.doctor.remedies import helm_upgrade
from mcapp.messages import Part

SOON = timedelta(days=14)


def ending(snapshot: Snapshot, topology: dict[str, Any]) -> Iterator[Finding]:
    """Yield a certificate that ends within two weeks, as the api sees it in its own handshake."""
    told = (topology.get("db") or {}).get("certificate_end")
    # That of an external database is its administrator's.
    if not told or snapshot.external:
        return
    end = datetime.fromisoformat(told)
    if (left := end - datetime.now(UTC)) > SOON:
        return
    parts: dict[str, Part] = {
        "days": max(left.days, 0),
        "date": f"{end:%Y-%m-%d}",
        "secret": secret(snapshot),
    }
    line = Evidence("/api/topology", f"db: certificate_end {told}")
    yield Finding("tls-expiring", parts, (line,), renewal(snapshot), "db", soft=True)


def secret(snapshot: Snapshot) -> str:
    """Return the name of the Secret with the server's certificate, "" where it has none."""
    volumes = template(snapshot.workload("db")).get("volumes") or ()
    found = [one for one in volumes if one.get("name") == "tls"]
    return str((found[0].get("secret") or {}).get("secretName", "")) if found else ""


def renewal(snapshot: Snapshot) -> tuple[Step, ...]:
    """Return the commands by which the owner of the certificate makes another one."""
    name, space = secret(snapshot), ("-n", snapshot.namespace)
    db = snapshot.object_name("db")
    if name == f"{db}-tls":
        # Without the Secret the chart makes another one, whatever the old one's end says.
        gone = Step(kubectl=("delete", "secret", name, *space, "--ignore-not-found"))
        return (gone, helm_upgrade(snapshot))
    if name == f"{db}-certificate":
        return (Step(kubectl=("describe", "certificate", name, *space)),)
    return (Step(kubectl=("describe", "secret", name, *space)),)
