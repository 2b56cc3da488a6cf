package main

import (
	"context"
	"strings"
)

// The kinds of record whose content the API puts together from data.
var madeOfData = map[string]bool{
	"CAA": true, "CERT": true, "DNSKEY": true, "DS": true, "HTTPS": true, "LOC": true, "NAPTR": true,
	"SMIMEA": true, "SRV": true, "SSHFP": true, "SVCB": true, "TLSA": true, "URI": true,
}

// written is how a user would have asked for this record.
func written(zoneID string, answer apiRecord) RecordInputs {
	inputs := RecordInputs{
		ZoneID: zoneID, Name: answer.Name, Type: answer.Type, TTL: answer.TTL,
		Priority: answer.Priority, Proxied: answer.Proxied, Comment: answer.Comment,
	}
	if len(answer.Tags) > 0 {
		inputs.Tags = answer.Tags
	}
	if madeOfData[strings.ToUpper(answer.Type)] && answer.Data != nil {
		inputs.Data = answer.Data
	} else {
		inputs.Content = &answer.Content
	}
	return inputs
}

// reconciled keeps the user's words where they still mean what the API says, so that a refresh
// shows only what really changed.
func (c Config) reconciled(
	ctx context.Context, inputs RecordInputs, answer apiRecord,
) RecordInputs {
	if !c.sameName(ctx, inputs.ZoneID, inputs.Name, answer.Name) {
		inputs.Name = answer.Name
	}
	if !strings.EqualFold(inputs.Type, answer.Type) {
		inputs.Type = answer.Type
	}
	inputs.TTL = answer.TTL
	if inputs.Content != nil && !sameContent(answer.Type, *inputs.Content, answer.Content) {
		inputs.Content = &answer.Content
	}
	if inputs.Data != nil && !sameParts(inputs.Data, answer.Data) {
		inputs.Data = answer.Data
	}
	if inputs.Settings != nil && !sameParts(inputs.Settings, answer.Settings) {
		inputs.Settings = answer.Settings
	}
	if valueOf(inputs.Proxied) != valueOf(answer.Proxied) {
		inputs.Proxied = answer.Proxied
	}
	if valueOf(inputs.PrivateRouting) != valueOf(answer.PrivateRouting) {
		inputs.PrivateRouting = answer.PrivateRouting
	}
	if valueOf(inputs.Comment) != valueOf(answer.Comment) {
		inputs.Comment = answer.Comment
	}
	if inputs.Priority != nil && valueOf(inputs.Priority) != valueOf(answer.Priority) {
		inputs.Priority = answer.Priority
	}
	if !sameTags(inputs.Tags, answer.Tags) {
		inputs.Tags = answer.Tags
	}
	return inputs
}
