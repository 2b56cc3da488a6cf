// The command plugin: runs commands and copies files, here or over SSH.
package main

import (
	"context"
	"fmt"
	"os"

	"estate/toolchain/command/local"
	"estate/toolchain/command/remote"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Version is set by the builder: what the plugin says of itself.
var Version = "0.0.0-dev"

func newProvider() (provider.Provider, error) {
	return infer.NewProviderBuilder().
		WithDisplayName("Command").
		WithDescription("Commands and file copies, local and over SSH.").
		WithLicense("Apache-2.0").
		WithResources(
			infer.Resource(&remote.Command{}),
			infer.Resource(&remote.CopyToRemote{}),
			infer.Resource(&local.Command{}),
		).
		Build()
}

func main() {
	plugin, err := newProvider()
	if err == nil {
		err = plugin.Run(context.Background(), "command", Version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
