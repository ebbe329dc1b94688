package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/cloudnativelabs/kube-router/v2/pkg/controllers/netpol"
	"github.com/cloudnativelabs/kube-router/v2/pkg/healthcheck"
	"github.com/cloudnativelabs/kube-router/v2/pkg/options"
	"github.com/cloudnativelabs/kube-router/v2/pkg/utils"
	"github.com/coreos/go-iptables/iptables"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

var errNoSets = errors.New("ip sets do not work")

// firewall is what the policies' controller writes its rules with: one of each IP family.
type firewall struct {
	tables   map[corev1.IPFamily]utils.IPTablesHandler
	sets     map[corev1.IPFamily]utils.IPSetHandler
	services []string
}

// add takes a family in, and returns when kube-proxy leads.
func (all *firewall) add(ctx context.Context, family corev1.IPFamily, protocol iptables.Protocol, services string) error {
	sets, err := utils.NewIPSet(family == corev1.IPv6Protocol)
	if err == nil {
		err = sets.Save()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errNoSets, err)
	}
	tables, err := iptables.NewWithProtocol(protocol)
	if err != nil {
		return err
	}
	all.tables[family], all.sets[family] = tables, sets
	all.services = append(all.services, services)
	return servicesLead(ctx, tables)
}

// enforcePolicies starts the firewall of this node's pods; a kernel without ip sets gets none, as on k3s.
func enforcePolicies(ctx context.Context, wg *sync.WaitGroup, networks families) error {
	all := firewall{
		tables: map[corev1.IPFamily]utils.IPTablesHandler{},
		sets:   map[corev1.IPFamily]utils.IPSetHandler{},
	}
	var err error
	if networks.v4 != "" {
		err = all.add(ctx, corev1.IPv4Protocol, iptables.ProtocolIPv4, "10.96.0.0/12")
	}
	if err == nil && networks.v6 != "" {
		err = all.add(ctx, corev1.IPv6Protocol, iptables.ProtocolIPv6, "fd00:10:96::/112")
	}
	if errors.Is(err, errNoSets) {
		fmt.Fprintln(os.Stderr, "cni: NetworkPolicies are not enforced:", err)
		return nil
	}
	if err != nil {
		return err
	}
	inCluster, err := rest.InClusterConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(inCluster)
	if err != nil {
		return err
	}

	factory := informers.NewSharedInformerFactory(client, 0)
	pods := factory.Core().V1().Pods().Informer()
	namespaces := factory.Core().V1().Namespaces().Informer()
	policies := factory.Networking().V1().NetworkPolicies().Informer()
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())

	settings := options.NewKubeRouterConfig()
	settings.EnableIPv4, settings.EnableIPv6 = networks.v4 != "", networks.v6 != ""
	settings.ClusterIPCIDRs = all.services
	settings.HostnameOverride = os.Getenv("NODE_NAME")
	controller, err := netpol.NewNetworkPolicyController(client, settings, pods, policies, namespaces, &sync.Mutex{},
		all.tables, all.sets)
	if err != nil {
		return err
	}
	for _, watched := range []struct {
		informer cache.SharedIndexInformer
		handler  cache.ResourceEventHandler
	}{
		{pods, controller.PodEventHandler},
		{namespaces, controller.NamespaceEventHandler},
		{policies, controller.NetworkPolicyEventHandler},
	} {
		if _, err := watched.informer.AddEventHandler(watched.handler); err != nil {
			return err
		}
	}

	// The controller waits for somebody to take its heartbeats.
	beats := make(chan *healthcheck.ControllerHeartbeat)
	go func() {
		for range beats {
		}
	}()
	wg.Add(1)
	go controller.Run(beats, ctx.Done(), wg)
	return nil
}

// servicesLead returns when kube-proxy has written its rules a first time. The firewall writes back the whole
// table that it read a moment before, and would take chains away that kube-proxy has just made and is about to
// lead to: kube-proxy then gives up, and tries again after half a minute only.
func servicesLead(ctx context.Context, tables *iptables.IPTables) error {
	for {
		// The first line is the chain itself; there is none before kube-proxy has begun.
		if rules, err := tables.List("nat", "KUBE-SERVICES"); err == nil && len(rules) > 1 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
