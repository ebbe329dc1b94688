// The node's part of the pod network, put together as k3s does it: flannel's VXLAN backend between the
// nodes, a CNI configuration (bridge, portmap) for the pods of this node, and kube-router's firewall for
// its NetworkPolicies.
//
// Environment: POD_CIDR, the network of all pods; NODE_NAME, for flannel's subnet manager;
// CONTROL_PLANE_ENDPOINT, host:port of the API server, asked directly since the service network may not
// be there yet. A second instance on the node takes over the first one's lease.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/vxlan"
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/lease"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/kube"
	"github.com/flannel-io/flannel/pkg/trafficmngr/iptables"
)

const (
	cniFile       = "/etc/cni/net.d/10-flannel.conflist"
	resyncSeconds = 5
	// 8472 is the port that k3s and Linux use; vxlan's own 4789 is not what the documentation names.
	netConf = `{"Network": %q, "EnableIPv4": true, "Backend": {"Type": "vxlan", "VNI": 1, "Port": 8472}}`
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
	confPath := "/tmp/net-conf.json"
	conf := fmt.Sprintf(netConf, os.Getenv("POD_CIDR"))
	if err := os.WriteFile(confPath, []byte(conf), 0o600); err != nil {
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
	if err := writeCNI(network.Lease().Subnet.String(), network.MTU()); err != nil {
		return err
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		network.Run(ctx)
	}()
	if err := enforcePolicies(ctx, wg); err != nil {
		return fmt.Errorf("network policies: %w", err)
	}
	return manager.CompleteLease(ctx, network.Lease(), wg)
}

// useEndpoint points client-go's in-cluster configuration at the API server's own address.
func useEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	var host, port string
	for i := len(endpoint) - 1; i >= 0; i-- {
		if endpoint[i] == ':' {
			host, port = endpoint[:i], endpoint[i+1:]
			break
		}
	}
	if host == "" || port == "" {
		return fmt.Errorf("CONTROL_PLANE_ENDPOINT %q is not host:port", endpoint)
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
	return manager.SetupAndEnsureMasqRules(ctx,
		config.Network, ip.IP4Net{}, ip.IP4Net{},
		config.IPv6Network, ip.IP6Net{}, ip.IP6Net{},
		held, resyncSeconds, false)
}

// writeCNI renames a complete file into place: containerd reads the folder at any moment.
func writeCNI(cidr string, mtu int) error {
	content, err := json.MarshalIndent(map[string]any{
		"cniVersion": "1.0.0",
		"name":       "flannel",
		"plugins": []map[string]any{
			{
				"type": "bridge", "bridge": "cni0", "mtu": mtu,
				"isGateway": true, "ipMasq": false, "hairpinMode": true,
				"ipam": map[string]any{
					"type":   "host-local",
					"ranges": [][]map[string]string{{{"subnet": cidr}}},
					"routes": []map[string]string{{"dst": "0.0.0.0/0"}},
				},
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
