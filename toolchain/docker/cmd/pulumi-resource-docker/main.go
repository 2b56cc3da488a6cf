// The docker plugin.
package main

import (
	"estate/toolchain/docker"
	"estate/toolchain/docker/generated"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

func main() {
	tfbridge.Main("docker", docker.Version, docker.Provider(), generated.Schema)
}
