package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/cloudflare/cloudflare-go/v6"
	"github.com/cloudflare/cloudflare-go/v6/dns"
	"github.com/cloudflare/cloudflare-go/v6/option"
	"github.com/cloudflare/cloudflare-go/v6/zones"
)

// apiRecord is a record as the API answers it.
type apiRecord struct {
	ID                string          `json:"id"`
	Name              string          `json:"name"`
	Type              string          `json:"type"`
	Content           string          `json:"content"`
	TTL               float64         `json:"ttl"`
	Priority          *float64        `json:"priority"`
	Proxiable         bool            `json:"proxiable"`
	Proxied           *bool           `json:"proxied"`
	PrivateRouting    *bool           `json:"private_routing"`
	Comment           *string         `json:"comment"`
	Tags              []string        `json:"tags"`
	Settings          *Settings       `json:"settings"`
	Data              *Data           `json:"data"`
	Meta              json.RawMessage `json:"meta"`
	CreatedOn         string          `json:"created_on"`
	ModifiedOn        string          `json:"modified_on"`
	CommentModifiedOn *string         `json:"comment_modified_on"`
	TagsModifiedOn    *string         `json:"tags_modified_on"`
}

type recordEnvelope struct {
	Result apiRecord `json:"result"`
}

func (c Config) createRecord(ctx context.Context, inputs RecordInputs) (apiRecord, error) {
	var answer recordEnvelope
	body, err := sent(inputs, &answer)
	if err != nil {
		return apiRecord{}, err
	}
	_, err = c.records.New(ctx, dns.RecordNewParams{ZoneID: cloudflare.F(inputs.ZoneID)}, body...)
	return answer.Result, explain(err, "creating", inputs.Type, inputs.Name)
}

func (c Config) replaceRecord(
	ctx context.Context, id string, inputs RecordInputs,
) (apiRecord, error) {
	var answer recordEnvelope
	body, err := sent(inputs, &answer)
	if err != nil {
		return apiRecord{}, err
	}
	_, err = c.records.Update(
		ctx, id, dns.RecordUpdateParams{ZoneID: cloudflare.F(inputs.ZoneID)}, body...)
	return answer.Result, explain(err, "updating", inputs.Type, inputs.Name)
}

// readRecord answers false for a record that is not there.
func (c Config) readRecord(ctx context.Context, zoneID, id string) (apiRecord, bool, error) {
	var answer recordEnvelope
	_, err := c.records.Get(ctx, id, dns.RecordGetParams{ZoneID: cloudflare.F(zoneID)},
		option.WithResponseBodyInto(&answer))
	var refused *cloudflare.Error
	if errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound {
		return apiRecord{}, false, nil
	}
	return answer.Result, err == nil, explain(err, "reading", "record", id)
}

func (c Config) deleteRecord(ctx context.Context, zoneID, id, kind, name string) error {
	_, err := c.records.Delete(ctx, id, dns.RecordDeleteParams{ZoneID: cloudflare.F(zoneID)})
	return explain(err, "deleting", kind, name)
}

func (c Config) zone(ctx context.Context, id string) (Zone, error) {
	var answer struct {
		Result Zone `json:"result"`
	}
	_, err := c.zones.Get(ctx, zones.ZoneGetParams{ZoneID: cloudflare.F(id)},
		option.WithResponseBodyInto(&answer))
	return answer.Result, explain(err, "looking up", "zone", id)
}

func sent(inputs RecordInputs, answer *recordEnvelope) ([]option.RequestOption, error) {
	body, err := json.Marshal(inputs.body())
	if err != nil {
		return nil, err
	}
	return []option.RequestOption{
		option.WithRequestBody("application/json", body), option.WithResponseBodyInto(answer),
	}, nil
}

// explain keeps the API's own words and leaves the request, which repeats the address, out.
func explain(err error, doing, kind, name string) error {
	var refused *cloudflare.Error
	if !errors.As(err, &refused) {
		if err != nil {
			return fmt.Errorf("%s the %s %q: %w", doing, kind, name, err)
		}
		return nil
	}
	words := make([]string, 0, len(refused.Errors))
	for _, each := range refused.Errors {
		words = append(words, fmt.Sprintf("%s (%d)", each.Message, each.Code))
	}
	if len(words) == 0 {
		words = append(words, http.StatusText(refused.StatusCode))
	}
	return fmt.Errorf("%s the %s %q: Cloudflare answered %d: %s",
		doing, kind, name, refused.StatusCode, strings.Join(words, "; "))
}
