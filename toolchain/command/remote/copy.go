package remote

import (
	"context"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CopyToRemote is `command:remote:CopyToRemote`.
type CopyToRemote struct{}

// CopyInputs are the official properties.
type CopyInputs struct {
	Connection *Connection          `pulumi:"connection" provider:"secret"`
	Source     types.AssetOrArchive `pulumi:"source"`
	RemotePath string               `pulumi:"remotePath"`
	Triggers   *[]any               `pulumi:"triggers,optional" provider:"replaceOnChanges"`
}

// CopyOutputs are the inputs: a copy leaves nothing else to say.
type CopyOutputs struct {
	CopyInputs
}

// Annotate describes the resource to editors.
func (c *CopyToRemote) Annotate(a infer.Annotator) {
	a.Describe(&c, "A file or folder that is copied to a remote host over SFTP.")
}

// Check refuses the sources that have no path and no text.
func (*CopyToRemote) Check(
	ctx context.Context, request infer.CheckRequest,
) (infer.CheckResponse[CopyInputs], error) {
	inputs, failures, err := infer.DefaultCheck[CopyInputs](ctx, request.NewInputs)
	source := inputs.Source
	switch unknown := request.NewInputs.Get("source").HasComputed(); {
	case err != nil || unknown:
	case source.Asset != nil && !source.Asset.IsPath() && !source.Asset.IsText():
		failures = append(failures, refusal("this asset has neither a path nor a text. "+
			"Use a FileAsset or a StringAsset"))
	case source.Archive != nil && !source.Archive.IsPath():
		failures = append(failures, refusal("this archive has no path. Use a FileArchive"))
	}
	return infer.CheckResponse[CopyInputs]{Inputs: inputs, Failures: failures}, err
}

func refusal(reason string) provider.CheckFailure {
	return provider.CheckFailure{Property: "source", Reason: reason}
}

// Create copies.
func (*CopyToRemote) Create(
	ctx context.Context, request infer.CreateRequest[CopyInputs],
) (infer.CreateResponse[CopyOutputs], error) {
	state := CopyOutputs{request.Inputs}
	id, err := resource.NewUniqueHex("", 8, 0)
	if err == nil && !request.DryRun {
		err = state.copy(ctx)
	}
	return infer.CreateResponse[CopyOutputs]{ID: id, Output: state}, err
}

// Update copies again if the content or the place is another one.
func (*CopyToRemote) Update(
	ctx context.Context, request infer.UpdateRequest[CopyInputs, CopyOutputs],
) (infer.UpdateResponse[CopyOutputs], error) {
	state := CopyOutputs{request.Inputs}
	changed := state.hash() != request.State.hash() || state.RemotePath != request.State.RemotePath
	var err error
	if changed && !request.DryRun {
		err = state.copy(ctx)
	}
	return infer.UpdateResponse[CopyOutputs]{Output: state}, err
}

func (i CopyInputs) hash() string {
	switch source := i.Source; {
	case source.Asset != nil:
		return source.Asset.Hash
	case source.Archive != nil:
		return source.Archive.Hash
	default:
		return ""
	}
}
