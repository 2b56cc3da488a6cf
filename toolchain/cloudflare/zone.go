package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cloudflare/cloudflare-go/v6"
	"github.com/cloudflare/cloudflare-go/v6/option"
	"github.com/cloudflare/cloudflare-go/v6/zones"
	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
)

// GetZone is `cloudflare:index/getZone:getZone`.
type GetZone struct{}

// ZoneArgs say which zone: by its id, or by a filter.
type ZoneArgs struct {
	ZoneID *string     `pulumi:"zoneId,optional"`
	Filter *ZoneFilter `pulumi:"filter,optional"`
}

// ZoneFilter is the official filter.
type ZoneFilter struct {
	Account   *ZoneFilterAccount `pulumi:"account,optional"`
	Direction *string            `pulumi:"direction,optional"`
	Match     *string            `pulumi:"match,optional"`
	Name      *string            `pulumi:"name,optional"`
	Order     *string            `pulumi:"order,optional"`
	Status    *string            `pulumi:"status,optional"`
	Types     []string           `pulumi:"types,optional"`
}

// ZoneFilterAccount narrows a filter to an account.
type ZoneFilterAccount struct {
	ID   *string `pulumi:"id,optional"`
	Name *string `pulumi:"name,optional"`
}

// ZoneAccount owns a zone.
type ZoneAccount struct {
	ID   string `pulumi:"id" json:"id"`
	Name string `pulumi:"name" json:"name"`
}

// Zone is a zone as the API answers it.
type Zone struct {
	// The library reserves the name `id`; withZoneID adds it.
	ID                  string      `json:"id"`
	Name                string      `pulumi:"name" json:"name"`
	Status              string      `pulumi:"status" json:"status"`
	Type                string      `pulumi:"type" json:"type"`
	Paused              bool        `pulumi:"paused" json:"paused"`
	NameServers         []string    `pulumi:"nameServers" json:"name_servers"`
	OriginalNameServers []string    `pulumi:"originalNameServers" json:"original_name_servers"`
	OriginalRegistrar   string      `pulumi:"originalRegistrar" json:"original_registrar"`
	OriginalDnshost     string      `pulumi:"originalDnshost" json:"original_dnshost"`
	VanityNameServers   []string    `pulumi:"vanityNameServers" json:"vanity_name_servers"`
	DevelopmentMode     float64     `pulumi:"developmentMode" json:"development_mode"`
	Permissions         []string    `pulumi:"permissions" json:"permissions"`
	CreatedOn           string      `pulumi:"createdOn" json:"created_on"`
	ModifiedOn          string      `pulumi:"modifiedOn" json:"modified_on"`
	ActivatedOn         string      `pulumi:"activatedOn" json:"activated_on"`
	Account             ZoneAccount `pulumi:"account" json:"account"`
}

// ZoneResult is the zone, and what was asked for.
type ZoneResult struct {
	Zone
	ZoneID string      `pulumi:"zoneId"`
	Filter *ZoneFilter `pulumi:"filter,optional"`
}

// Annotate gives the official token.
func (g *GetZone) Annotate(a infer.Annotator) {
	a.Describe(&g, "A zone, by its id or by a filter that only one zone passes.")
	a.SetToken("index/getZone", "getZone")
}

// Invoke looks the zone up.
func (*GetZone) Invoke(
	ctx context.Context, request infer.FunctionRequest[ZoneArgs],
) (infer.FunctionResponse[ZoneResult], error) {
	config, args := infer.GetConfig[Config](ctx), request.Input
	var zone Zone
	var err error
	switch {
	case args.ZoneID != nil && *args.ZoneID != "" && args.Filter != nil:
		err = errors.New("getZone: give either zoneId or filter")
	case args.ZoneID != nil && *args.ZoneID != "":
		zone, err = config.zone(ctx, *args.ZoneID)
	case args.Filter != nil:
		zone, err = config.findZone(ctx, *args.Filter)
	default:
		err = errors.New("getZone: give a zoneId or a filter")
	}
	return infer.FunctionResponse[ZoneResult]{
		Output: ZoneResult{Zone: zone, ZoneID: zone.ID, Filter: args.Filter}}, err
}

func (c Config) findZone(ctx context.Context, filter ZoneFilter) (Zone, error) {
	var answer struct {
		Result []Zone `json:"result"`
	}
	options := []option.RequestOption{option.WithResponseBodyInto(&answer)}
	account := valueOf(filter.Account)
	asked := []string{}
	for _, each := range []struct{ name, value string }{
		{"name", valueOf(filter.Name)}, {"status", valueOf(filter.Status)},
		{"match", valueOf(filter.Match)}, {"order", valueOf(filter.Order)},
		{"direction", valueOf(filter.Direction)}, {"type", strings.Join(filter.Types, ",")},
		{"account.id", valueOf(account.ID)}, {"account.name", valueOf(account.Name)},
	} {
		if each.value != "" {
			options = append(options, option.WithQuery(each.name, each.value))
			asked = append(asked, each.name+" "+each.value)
		}
	}
	what := strings.Join(asked, ", ")
	_, err := c.zones.List(ctx, zones.ZoneListParams{PerPage: cloudflare.F(5.0)}, options...)
	if err != nil {
		return Zone{}, explain(err, "looking up", "zone", what)
	}
	switch len(answer.Result) {
	case 1:
		return answer.Result[0], nil
	case 0:
		return Zone{}, fmt.Errorf("getZone: no zone with %s. "+
			"Does it exist, and may the API token read it?", what)
	default:
		return Zone{}, fmt.Errorf("getZone: several zones with %s: %s and %s", what,
			answer.Result[0].Name, answer.Result[1].Name)
	}
}

const getZoneToken = "cloudflare:index/getZone:getZone"

type invoke = func(context.Context, provider.InvokeRequest) (provider.InvokeResponse, error)

// withZoneID gives a zone the output `id`, which the official function has.
func withZoneID(inner invoke) invoke {
	return func(
		ctx context.Context, request provider.InvokeRequest,
	) (provider.InvokeResponse, error) {
		answer, err := inner(ctx, request)
		if id, ok := answer.Return.GetOk("zoneId"); ok && request.Token == getZoneToken {
			answer.Return = answer.Return.Set("id", id)
		}
		return answer, err
	}
}
