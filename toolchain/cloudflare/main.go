// The cloudflare plugin: DNS records and zone look-ups, under the official tokens.
package main

import (
	"context"
	"fmt"
	"os"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Version is set by the builder: what the plugin says of itself.
var Version = "0.0.0-dev"

func newProvider() (provider.Provider, error) {
	plugin, err := infer.NewProviderBuilder().
		WithDisplayName("Cloudflare").
		WithDescription("Cloudflare DNS records and zone look-ups.").
		WithLicense("Apache-2.0").
		WithConfig(infer.Config(&Config{})).
		WithResources(infer.Resource(&DnsRecord{})).
		WithFunctions(infer.Function(&GetZone{})).
		Build()
	// The library would replace the provider for a new token, and with it every record.
	plugin.DiffConfig = diffConfig
	plugin.Invoke = withZoneID(plugin.Invoke)
	return plugin, err
}

func diffConfig(_ context.Context, request provider.DiffRequest) (provider.DiffResponse, error) {
	changed := map[string]provider.PropertyDiff{}
	for name, value := range request.Inputs.All {
		old, had := request.OldInputs.GetOk(name)
		if name != "version" && (!had || !old.Equals(value)) {
			changed[name] = provider.PropertyDiff{Kind: provider.Update, InputDiff: true}
		}
	}
	for name := range request.OldInputs.All {
		if _, has := request.Inputs.GetOk(name); !has && name != "version" {
			changed[name] = provider.PropertyDiff{Kind: provider.Delete, InputDiff: true}
		}
	}
	return provider.DiffResponse{HasChanges: len(changed) > 0, DetailedDiff: changed}, nil
}

func main() {
	plugin, err := newProvider()
	if err == nil {
		err = plugin.Run(context.Background(), "cloudflare", Version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
