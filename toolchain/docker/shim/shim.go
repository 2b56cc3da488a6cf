// Package shim hands out the upstream provider's constructor, which lies in an internal package.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// New makes the upstream provider; the version is what it says of itself to registries.
func New(version string) *schema.Provider {
	return provider.New(version)()
}
