// Writes generated/: run it when the upstream version changes (docs/toolchain.md says how).
package main

import (
	"estate/toolchain/docker"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
)

func main() {
	tfgen.Main("docker", docker.Version, docker.Provider())
}
