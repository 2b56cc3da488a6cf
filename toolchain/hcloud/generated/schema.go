// Package generated holds what pulumi-tfgen-hcloud wrote.
package generated

import _ "embed"

// Schema is the package's schema, as the engine asks for it.
//
//go:embed schema.json
var Schema []byte
