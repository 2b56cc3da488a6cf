package main

import (
	"bytes"
	"encoding/json"
)

// RecordInputs are the official properties.
type RecordInputs struct {
	ZoneID                string    `pulumi:"zoneId" provider:"replaceOnChanges"`
	Name                  string    `pulumi:"name"`
	Type                  string    `pulumi:"type"`
	TTL                   float64   `pulumi:"ttl"`
	Content               *string   `pulumi:"content,optional"`
	Data                  *Data     `pulumi:"data,optional"`
	Priority              *float64  `pulumi:"priority,optional"`
	Proxied               *bool     `pulumi:"proxied,optional"`
	PrivateRouting        *bool     `pulumi:"privateRouting,optional"`
	Comment               *string   `pulumi:"comment,optional"`
	Tags                  []string  `pulumi:"tags,optional"`
	Settings              *Settings `pulumi:"settings,optional"`
	IncludeShadowMetadata *bool     `pulumi:"includeShadowMetadata,optional"`
}

// RecordState is what was asked for and what the API adds.
type RecordState struct {
	RecordInputs
	Proxiable         bool    `pulumi:"proxiable"`
	CreatedOn         string  `pulumi:"createdOn"`
	ModifiedOn        string  `pulumi:"modifiedOn"`
	CommentModifiedOn *string `pulumi:"commentModifiedOn,optional"`
	TagsModifiedOn    *string `pulumi:"tagsModifiedOn,optional"`
	Meta              string  `pulumi:"meta"`
}

// Settings are a record's switches.
type Settings struct {
	FlattenCname *bool `pulumi:"flattenCname,optional" json:"flatten_cname,omitempty"`
	Ipv4Only     *bool `pulumi:"ipv4Only,optional" json:"ipv4_only,omitempty"`
	Ipv6Only     *bool `pulumi:"ipv6Only,optional" json:"ipv6_only,omitempty"`
}

// Data are the parts of a record whose content is not one text.
type Data struct {
	Algorithm     *float64 `pulumi:"algorithm,optional" json:"algorithm,omitempty"`
	Altitude      *float64 `pulumi:"altitude,optional" json:"altitude,omitempty"`
	Certificate   *string  `pulumi:"certificate,optional" json:"certificate,omitempty"`
	Digest        *string  `pulumi:"digest,optional" json:"digest,omitempty"`
	DigestType    *float64 `pulumi:"digestType,optional" json:"digest_type,omitempty"`
	Fingerprint   *string  `pulumi:"fingerprint,optional" json:"fingerprint,omitempty"`
	Flags         *any     `pulumi:"flags,optional" json:"flags,omitempty"`
	KeyTag        *float64 `pulumi:"keyTag,optional" json:"key_tag,omitempty"`
	LatDegrees    *float64 `pulumi:"latDegrees,optional" json:"lat_degrees,omitempty"`
	LatDirection  *string  `pulumi:"latDirection,optional" json:"lat_direction,omitempty"`
	LatMinutes    *float64 `pulumi:"latMinutes,optional" json:"lat_minutes,omitempty"`
	LatSeconds    *float64 `pulumi:"latSeconds,optional" json:"lat_seconds,omitempty"`
	LongDegrees   *float64 `pulumi:"longDegrees,optional" json:"long_degrees,omitempty"`
	LongDirection *string  `pulumi:"longDirection,optional" json:"long_direction,omitempty"`
	LongMinutes   *float64 `pulumi:"longMinutes,optional" json:"long_minutes,omitempty"`
	LongSeconds   *float64 `pulumi:"longSeconds,optional" json:"long_seconds,omitempty"`
	MatchingType  *float64 `pulumi:"matchingType,optional" json:"matching_type,omitempty"`
	Order         *float64 `pulumi:"order,optional" json:"order,omitempty"`
	Port          *float64 `pulumi:"port,optional" json:"port,omitempty"`
	PrecisionHorz *float64 `pulumi:"precisionHorz,optional" json:"precision_horz,omitempty"`
	PrecisionVert *float64 `pulumi:"precisionVert,optional" json:"precision_vert,omitempty"`
	Preference    *float64 `pulumi:"preference,optional" json:"preference,omitempty"`
	Priority      *float64 `pulumi:"priority,optional" json:"priority,omitempty"`
	Protocol      *float64 `pulumi:"protocol,optional" json:"protocol,omitempty"`
	PublicKey     *string  `pulumi:"publicKey,optional" json:"public_key,omitempty"`
	Regex         *string  `pulumi:"regex,optional" json:"regex,omitempty"`
	Replacement   *string  `pulumi:"replacement,optional" json:"replacement,omitempty"`
	Selector      *float64 `pulumi:"selector,optional" json:"selector,omitempty"`
	Service       *string  `pulumi:"service,optional" json:"service,omitempty"`
	Size          *float64 `pulumi:"size,optional" json:"size,omitempty"`
	Tag           *string  `pulumi:"tag,optional" json:"tag,omitempty"`
	Target        *string  `pulumi:"target,optional" json:"target,omitempty"`
	Type          *float64 `pulumi:"type,optional" json:"type,omitempty"`
	Usage         *float64 `pulumi:"usage,optional" json:"usage,omitempty"`
	Value         *string  `pulumi:"value,optional" json:"value,omitempty"`
	Weight        *float64 `pulumi:"weight,optional" json:"weight,omitempty"`
}

// body is what POST and PUT carry: only what the user set, so that the API's own defaults hold.
func (i RecordInputs) body() map[string]any {
	body := map[string]any{"name": i.Name, "type": i.Type, "ttl": i.TTL}
	optional := map[string]any{
		"content": i.Content, "data": i.Data, "priority": i.Priority, "proxied": i.Proxied,
		"private_routing": i.PrivateRouting, "comment": i.Comment, "settings": i.Settings,
	}
	for name, value := range optional {
		if text, err := json.Marshal(value); err == nil && string(text) != "null" {
			body[name] = value
		}
	}
	if i.Tags != nil {
		body["tags"] = i.Tags
	}
	return body
}

// stateOf keeps what the user wrote and takes the rest from the API's answer.
func stateOf(inputs RecordInputs, answer apiRecord) RecordState {
	state := RecordState{
		RecordInputs:      inputs,
		Proxiable:         answer.Proxiable,
		CreatedOn:         answer.CreatedOn,
		ModifiedOn:        answer.ModifiedOn,
		CommentModifiedOn: answer.CommentModifiedOn,
		TagsModifiedOn:    answer.TagsModifiedOn,
		Meta:              compact(answer.Meta),
	}
	if state.Content == nil {
		state.Content = &answer.Content
	}
	if state.Proxied == nil {
		state.Proxied = answer.Proxied
	}
	if state.Priority == nil {
		state.Priority = answer.Priority
	}
	if state.Tags == nil {
		state.Tags = answer.Tags
	}
	if state.Settings == nil {
		state.Settings = answer.Settings
	}
	return state
}

// compact also puts the names in order, so that the same thing is the same text.
func compact(raw json.RawMessage) string {
	var value any
	if len(raw) == 0 || json.Unmarshal(raw, &value) != nil || value == nil {
		return "{}"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "{}"
	}
	return string(bytes.TrimSpace(text))
}
