// Package docker describes the upstream Docker provider to the bridge, with the official tokens.
package docker

import (
	_ "embed"
	"strings"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/shim"
)

// Version is set by the builder: what the plugin says of itself.
var Version = "0.0.0-dev"

//go:embed generated/bridge-metadata.json
var metadata []byte

// The official package's nouns where they are not simply the upstream name.
var renamed = map[string]string{"Config": "ServiceConfig", "Image": "RemoteImage"}

// Provider maps every resource and data source of the upstream provider.
func Provider() tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:              shimv2.NewProvider(shim.New(Version)),
		Name:           "docker",
		Version:        Version,
		DisplayName:    "Docker",
		Description:    "Docker, bridged from the upstream Terraform provider.",
		License:        "Apache-2.0",
		GitHubOrg:      "kreuzwerker",
		ResourcePrefix: "docker",
		MetadataInfo:   tfbridge.NewProviderMetadata(metadata),
		Config: map[string]*tfbridge.SchemaInfo{
			"host": {Default: &tfbridge.DefaultInfo{
				Value: "unix:///var/run/docker.sock", EnvVars: []string{"DOCKER_HOST"}}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"docker_container": {
				DeleteBeforeReplace: true, // two of them would want the same ports
				Fields: map[string]*tfbridge.SchemaInfo{
					"command":           {Name: "command"},
					"networks_advanced": {Name: "networksAdvanced"},
				},
			},
			"docker_image": {Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}}},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("docker_", "index", officialToken))
	info.MustApplyAutoAliases()
	info.SetAutonaming(255, "-")
	return info
}

func officialToken(module, name string) (string, error) {
	if official, ok := renamed[strings.TrimPrefix(name, "get")]; ok {
		prefix := ""
		if strings.HasPrefix(name, "get") {
			prefix = "get"
		}
		name = prefix + official
	}
	return tokens.MakeStandard("docker")(module, name)
}
