// The hcloud plugin.
package main

import (
	"context"

	"estate/toolchain/hcloud"
	"estate/toolchain/hcloud/generated"

	pfbridge "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
)

func main() {
	pfbridge.MainWithMuxer(context.Background(), "hcloud", hcloud.Provider(), generated.Schema)
}
