// The node's part of the pod network, put together as k3s does it: flannel's VXLAN backend between the
// nodes, a CNI configuration (bridge, portmap) for the pods of this node, and kube-router's firewall for
// its NetworkPolicies.
//
// Environment: POD_CIDR, the network of all pods, one of each IP family that the cluster has, with a comma
// between them; NODE_NAME, for flannel's subnet manager; CONTROL_PLANE_ENDPOINT, host:port of the API server, asked directly since the service network may not
// be there yet. A second instance on the node takes over the first one's lease.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/lease"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	"github.com/flannel-io/flannel/pkg/trafficmngr/iptables"
)

const (
	cniFile       = "/etc/cni/net.d/10-flannel.conflist"
	resyncSeconds = 5
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	var wg sync.WaitGroup
	if err := run(ctx, &wg); err != nil {
		fmt.Fprintln(os.Stderr, "cni:", err)
		os.Exit(1)
	}
	<-ctx.Done()
	wg.Wait()
}

func run(ctx context.Context, wg *sync.WaitGroup) error {
	if err := useEndpoint(os.Getenv("CONTROL_PLANE_ENDPOINT")); err != nil {
		return err
	}
	pods, err := split(os.Getenv("POD_CIDR"))
	if err != nil {
		return fmt.Errorf("POD_CIDR: %w", err)
	}
	confPath := "/tmp/net-conf.json"
	conf, err := pods.netConf()
	if err != nil {
		return err
	}
	if err := os.WriteFile(confPath, conf, 0o600); err != nil {
		return err
	}
	manager, err := kube.NewSubnetManager(ctx, "", "", "flannel.alpha.coreos.com", confPath, true)
	if err != nil {
		return fmt.Errorf("subnet manager: %w", err)
	}
	config, err := manager.GetNetworkConfig(ctx)
	if err != nil {
		return fmt.Errorf("network configuration: %w", err)
	}
	stack, err := ipmatch.GetIPFamily(config.EnableIPv4, config.EnableIPv6)
	if err != nil {
		return err
	}
	iface, err := ipmatch.LookupExtIface("", "", "", stack, ipmatch.PublicIPOpts{})
	if err != nil {
		return fmt.Errorf("interface with the default route: %w", err)
	}
	vxlan, err := backend.NewManager(ctx, manager, iface).GetBackend(config.BackendType)
	if err != nil {
		return err
	}
	network, err := vxlan.RegisterNetwork(ctx, wg, config)
	if err != nil {
		return fmt.Errorf("vxlan: %w", err)
	}
	if err := rules(ctx, config, network.Lease()); err != nil {
		return fmt.Errorf("iptables: %w", err)
	}
	if err := writeCNI(ranges(pods, network.Lease()), network.MTU()); err != nil {
		return err
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		network.Run(ctx)
	}()
	if err := enforcePolicies(ctx, wg, pods); err != nil {
		return fmt.Errorf("network policies: %w", err)
	}
	return manager.CompleteLease(ctx, network.Lease(), wg)
}

// useEndpoint points client-go's in-cluster configuration at the API server's own address.
func useEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return fmt.Errorf("CONTROL_PLANE_ENDPOINT: %w", err)
	}
	if err := os.Setenv("KUBERNETES_SERVICE_HOST", host); err != nil {
		return err
	}
	return os.Setenv("KUBERNETES_SERVICE_PORT", port)
}

func rules(ctx context.Context, config *subnet.Config, held *lease.Lease) error {
	manager := &iptables.IPTablesManager{}
	if err := manager.Init(ctx); err != nil {
		return err
	}
	manager.SetupAndEnsureForwardRules(ctx, config.Network, config.IPv6Network, resyncSeconds)
	// A node keeps its subnets, so what was before is what is now, and no older rules are to be removed.
	return manager.SetupAndEnsureMasqRules(ctx,
		config.Network, held.Subnet, config.Network,
		config.IPv6Network, held.IPv6Subnet, config.IPv6Network,
		held, resyncSeconds, false)
}

// writeCNI renames a complete file into place: containerd reads the folder at any moment.
func writeCNI(subnets []string, mtu int) error {
	var ranges [][]map[string]string
	var routes []map[string]string
	for _, cidr := range subnets {
		ranges = append(ranges, []map[string]string{{"subnet": cidr}})
		routes = append(routes, map[string]string{"dst": everywhere(cidr)})
	}
	content, err := json.MarshalIndent(map[string]any{
		"cniVersion": "1.0.0",
		"name":       "flannel",
		"plugins": []map[string]any{
			{
				"type": "bridge", "bridge": "cni0", "mtu": mtu,
				"isGateway": true, "ipMasq": false, "hairpinMode": true,
				"ipam": map[string]any{"type": "host-local", "ranges": ranges, "routes": routes},
			},
			{"type": "portmap", "capabilities": map[string]bool{"portMappings": true}},
		},
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(cniFile+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(cniFile+".new", cniFile)
}
