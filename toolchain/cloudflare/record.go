package main

import (
	"context"
	"fmt"
	"strings"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// DnsRecord is `cloudflare:index/dnsRecord:DnsRecord`.
type DnsRecord struct{}

// Annotate gives the official token.
func (r *DnsRecord) Annotate(a infer.Annotator) {
	a.Describe(&r, "A DNS record in a zone.")
	a.SetToken("index/dnsRecord", "DnsRecord")
}

// Check refuses what the API, or this plugin, would not take.
func (*DnsRecord) Check(
	ctx context.Context, request infer.CheckRequest,
) (infer.CheckResponse[RecordInputs], error) {
	inputs, failures, err := infer.DefaultCheck[RecordInputs](ctx, request.NewInputs)
	refuse := func(property, reason string) {
		failures = append(failures, provider.CheckFailure{Property: property, Reason: reason})
	}
	given := func(name string) (present, known bool) {
		value, ok := request.NewInputs.GetOk(name)
		return ok && !value.IsNull(), !value.HasComputed()
	}
	_, ttlKnown := given("ttl")
	if ttlKnown && valueOf(inputs.Proxied) && inputs.TTL != 1 {
		refuse("ttl", "ttl must be set to 1 when `proxied` is true")
	}
	content, _ := given("content")
	if data, _ := given("data"); !content && !data {
		refuse("content", "a record needs `content`, or `data`")
	}
	if valueOf(inputs.IncludeShadowMetadata) {
		refuse("includeShadowMetadata", "this plugin does not know it; the official plugin does")
	}
	return infer.CheckResponse[RecordInputs]{Inputs: inputs, Failures: failures}, err
}

// Diff lets names and contents differ that mean the same.
func (*DnsRecord) Diff(
	ctx context.Context, request infer.DiffRequest[RecordInputs, RecordState],
) (infer.DiffResponse, error) {
	config, old, wanted := infer.GetConfig[Config](ctx), request.State.RecordInputs, request.Inputs
	changed := map[string]provider.PropertyDiff{}
	differs := func(name string, same bool) {
		if !same {
			changed[name] = provider.PropertyDiff{Kind: provider.Update, InputDiff: true}
		}
	}
	if old.ZoneID != wanted.ZoneID {
		changed["zoneId"] = provider.PropertyDiff{Kind: provider.UpdateReplace, InputDiff: true}
	}
	differs("name", config.sameName(ctx, old.ZoneID, wanted.Name, old.Name))
	differs("type", strings.EqualFold(old.Type, wanted.Type))
	differs("ttl", old.TTL == wanted.TTL)
	differs("comment", valueOf(old.Comment) == valueOf(wanted.Comment))
	differs("proxied", valueOf(old.Proxied) == valueOf(wanted.Proxied))
	differs("privateRouting", valueOf(old.PrivateRouting) == valueOf(wanted.PrivateRouting))
	differs("tags", sameTags(old.Tags, wanted.Tags))
	// What the API fills in by itself counts only where the user says something.
	if wanted.Content != nil {
		differs("content", sameContent(wanted.Type, *wanted.Content, valueOf(old.Content)))
	}
	if wanted.Priority != nil {
		differs("priority", valueOf(old.Priority) == *wanted.Priority)
	}
	differs("data", sameParts(wanted.Data, old.Data))
	differs("settings", sameParts(wanted.Settings, old.Settings))
	return infer.DiffResponse{HasChanges: len(changed) > 0, DetailedDiff: changed}, nil
}

// Create posts the record.
func (*DnsRecord) Create(
	ctx context.Context, request infer.CreateRequest[RecordInputs],
) (infer.CreateResponse[RecordState], error) {
	if request.DryRun {
		return infer.CreateResponse[RecordState]{Output: RecordState{RecordInputs: request.Inputs}}, nil
	}
	answer, err := infer.GetConfig[Config](ctx).createRecord(ctx, request.Inputs)
	if err != nil {
		return infer.CreateResponse[RecordState]{}, err
	}
	return infer.CreateResponse[RecordState]{
		ID: answer.ID, Output: stateOf(request.Inputs, answer)}, nil
}

// Update puts the whole record, name and type included.
func (*DnsRecord) Update(
	ctx context.Context, request infer.UpdateRequest[RecordInputs, RecordState],
) (infer.UpdateResponse[RecordState], error) {
	if request.DryRun {
		state := request.State
		state.RecordInputs = request.Inputs
		return infer.UpdateResponse[RecordState]{Output: state}, nil
	}
	answer, err := infer.GetConfig[Config](ctx).replaceRecord(ctx, request.ID, request.Inputs)
	if err != nil {
		return infer.UpdateResponse[RecordState]{}, err
	}
	return infer.UpdateResponse[RecordState]{Output: stateOf(request.Inputs, answer)}, nil
}

// Read answers nothing for a record that is gone. `<zone>/<record>` is the id of an import.
func (*DnsRecord) Read(
	ctx context.Context, request infer.ReadRequest[RecordInputs, RecordState],
) (infer.ReadResponse[RecordInputs, RecordState], error) {
	none := infer.ReadResponse[RecordInputs, RecordState]{}
	config, inputs := infer.GetConfig[Config](ctx), request.Inputs
	zoneID, id := request.State.ZoneID, request.ID
	if zoneID == "" {
		zoneID = inputs.ZoneID
	}
	imported := inputs.Name == ""
	if zone, record, found := strings.Cut(id, "/"); found {
		zoneID, id = zone, record
	} else if zoneID == "" {
		return none, fmt.Errorf("import of the DNS record %q: the id must be <zone>/<record>", id)
	}
	answer, found, err := config.readRecord(ctx, zoneID, id)
	if err != nil || !found {
		return none, err
	}
	if imported {
		inputs = written(zoneID, answer)
	} else {
		inputs = config.reconciled(ctx, inputs, answer)
	}
	return infer.ReadResponse[RecordInputs, RecordState]{
		ID: answer.ID, Inputs: inputs, State: stateOf(inputs, answer)}, nil
}

// Delete fails on every error, as the upstream provider does, even if the record is gone.
func (*DnsRecord) Delete(
	ctx context.Context, request infer.DeleteRequest[RecordState],
) (infer.DeleteResponse, error) {
	state := request.State
	return infer.DeleteResponse{}, infer.GetConfig[Config](ctx).deleteRecord(
		ctx, state.ZoneID, request.ID, state.Type+" record", state.Name)
}
