// Writes generated/: run it when the upstream version changes (docs/toolchain.md says how).
package main

import (
	"estate/toolchain/hcloud"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfgen"
)

func main() {
	tfgen.MainWithMuxer("hcloud", hcloud.Provider())
}
