package main

import (
	"encoding/json"
	"net"
	"strings"

	"github.com/flannel-io/flannel/pkg/lease"
)

// families holds a network of each IP family that the cluster has; "" where it has none of that family.
type families struct{ v4, v6 string }

// split reads networks with a comma between them, at most one of each family.
func split(cidrs string) (families, error) {
	var found families
	for _, cidr := range strings.Split(cidrs, ",") {
		if _, _, err := net.ParseCIDR(cidr); err != nil {
			return found, err
		}
		if isIPv6(cidr) {
			found.v6 = cidr
		} else {
			found.v4 = cidr
		}
	}
	return found, nil
}

// netConf returns flannel's configuration of these networks.
func (networks families) netConf() ([]byte, error) {
	conf := map[string]any{
		"EnableIPv4": networks.v4 != "",
		"EnableIPv6": networks.v6 != "",
		// 8472 is the port that k3s and Linux use; vxlan's own 4789 is not what the documentation names.
		"Backend": map[string]any{"Type": "vxlan", "VNI": 1, "Port": 8472},
	}
	if networks.v4 != "" {
		conf["Network"] = networks.v4
	}
	if networks.v6 != "" {
		conf["IPv6Network"] = networks.v6
	}
	return json.Marshal(conf)
}

// ranges returns this node's part of each network.
func ranges(networks families, held *lease.Lease) []string {
	var found []string
	if networks.v4 != "" {
		found = append(found, held.Subnet.String())
	}
	if networks.v6 != "" {
		found = append(found, held.IPv6Subnet.String())
	}
	return found
}

func everywhere(cidr string) string {
	if isIPv6(cidr) {
		return "::/0"
	}
	return "0.0.0.0/0"
}

func isIPv6(cidr string) bool {
	return strings.Contains(cidr, ":")
}
