package remote

import (
	"estate/toolchain/command/shell"

	"github.com/pulumi/pulumi-go-provider/infer"
)

// Logging says which streams are shown while a command runs.
type Logging string

// Values are the official ones.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "Stdout", Value: shell.LogStdout, Description: "Show stdout only"},
		{Name: "Stderr", Value: shell.LogStderr, Description: "Show stderr only"},
		{Name: "StdoutAndStderr", Value: shell.LogBoth, Description: "Show both"},
		{Name: "None", Value: shell.LogNone, Description: "Show neither"},
	}
}
