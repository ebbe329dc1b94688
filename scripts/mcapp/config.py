"""The names that the chart, its releases and every tool agree on, and where the chart is."""

from __future__ import annotations

from pathlib import Path

# An installed package carries the chart; in a checkout it stands in its own folder.
_PACKAGED = Path(__file__).with_name("chart")
CHECKOUT = None if _PACKAGED.exists() else Path(__file__).resolve().parents[2]
CHART = CHECKOUT / "chart" / "mcapp" if CHECKOUT else _PACKAGED
# As a message names it: from the folder of the checkout, or where the package is installed.
SHOWN_CHART = CHART.relative_to(CHECKOUT) if CHECKOUT else CHART

NAMESPACE = "mcapp"
RELEASE = "mcapp"
# The UDP ports of what carries the pods' packets between nodes, with IPv4 and with IPv6.
VXLAN_PORTS, WIREGUARD_PORTS = (8472, 8472), (51820, 51821)
NODE_PORT = 30080
DATABASE_LABEL = ("role", "database")
# For which a release has images.
ARCHITECTURES = ("amd64", "arm64")
