// Package hcloud describes the upstream Hetzner provider to the bridge, with the official tokens.
package hcloud

import (
	"context"
	_ "embed"

	"github.com/hetznercloud/terraform-provider-hcloud/hcloud"
	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Version is set by the builder: what the plugin says of itself.
var Version = "0.0.0-dev"

//go:embed generated/bridge-metadata.json
var metadata []byte

// Provider maps every resource and data source of the upstream provider.
func Provider() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P: pfbridge.MuxShimWithPF(
			context.Background(), shimv2.NewProvider(hcloud.Provider()), hcloud.NewPluginProvider()),
		Name:             "hcloud",
		Version:          Version,
		DisplayName:      "Hetzner Cloud",
		Description:      "Hetzner Cloud, bridged from the upstream Terraform provider.",
		License:          "Apache-2.0",
		GitHubOrg:        "hetznercloud",
		ResourcePrefix:   "hcloud",
		MetadataInfo:     tfbridge.NewProviderMetadata(metadata),
		Resources: map[string]*tfbridge.ResourceInfo{
			"hcloud_server":                 {PreCheckCallback: withAliasIps},
			"hcloud_storage_box":            {Fields: textID()},
			"hcloud_storage_box_snapshot":   {Fields: textID()},
			"hcloud_storage_box_subaccount": {Fields: textID()},
			"hcloud_zone":                   {Fields: textID()},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("hcloud_", "index", tokens.MakeStandard("hcloud")))
	info.MustApplyAutoAliases()
	info.SetAutonaming(255, "-")
	return info
}

// Pulumi's ids are text; upstream's newer resources count them.
func textID() map[string]*tfbridge.SchemaInfo {
	return map[string]*tfbridge.SchemaInfo{"id": {Type: "string"}}
}

// withAliasIps fills in what the API answers: without it, a server's inline networks differ at
// every update. https://github.com/pulumi/pulumi-hcloud/issues/170
func withAliasIps(
	_ context.Context, inputs resource.PropertyMap, _ resource.PropertyMap,
) (resource.PropertyMap, error) {
	networks, ok := inputs["networks"]
	if !ok || !networks.IsArray() {
		return inputs, nil
	}
	filled := make([]resource.PropertyValue, 0, len(networks.ArrayValue()))
	for _, network := range networks.ArrayValue() {
		if network.IsObject() {
			copied := network.ObjectValue().Copy()
			if _, has := copied["aliasIps"]; !has {
				copied["aliasIps"] = resource.NewArrayProperty([]resource.PropertyValue{})
			}
			network = resource.NewObjectProperty(copied)
		}
		filled = append(filled, network)
	}
	changed := inputs.Copy()
	changed["networks"] = resource.NewArrayProperty(filled)
	return changed, nil
}
