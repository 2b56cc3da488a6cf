package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"

	"github.com/cloudflare/cloudflare-go/v6/dns"
	"github.com/cloudflare/cloudflare-go/v6/option"
	"github.com/cloudflare/cloudflare-go/v6/zones"
	"github.com/pulumi/pulumi-go-provider/infer"
)

var tokenShape = regexp.MustCompile(`^[0-9A-Za-z\-_]{40,80}$`)

// Config is the provider's configuration. Only an API token opens the door; the older key and
// e-mail pair, and what else the official plugin takes, is refused by name.
type Config struct {
	APIToken                *string `pulumi:"apiToken,optional" provider:"secret"`
	BaseURL                 *string `pulumi:"baseUrl,optional"`
	APIKey                  *string `pulumi:"apiKey,optional" provider:"secret"`
	Email                   *string `pulumi:"email,optional"`
	APIUserServiceKey       *string `pulumi:"apiUserServiceKey,optional" provider:"secret"`
	UserAgentOperatorSuffix *string `pulumi:"userAgentOperatorSuffix,optional"`

	records *dns.RecordService
	zones   *zones.ZoneService
	names   *zoneNames
}

// Annotate describes the settings to editors.
func (c *Config) Annotate(a infer.Annotator) {
	a.Describe(&c.APIToken, "The API token. Or the variable CLOUDFLARE_API_TOKEN.")
	a.Describe(&c.BaseURL, "The API's address. Or the variable CLOUDFLARE_BASE_URL.")
}

// Configure prepares the client; nothing is called before the first resource.
func (c *Config) Configure(context.Context) error {
	refused := map[string]*string{
		"apiKey": c.APIKey, "email": c.Email, "apiUserServiceKey": c.APIUserServiceKey,
		"userAgentOperatorSuffix": c.UserAgentOperatorSuffix,
	}
	for _, name := range []string{"apiKey", "email", "apiUserServiceKey", "userAgentOperatorSuffix"} {
		if value := refused[name]; value != nil && *value != "" {
			return fmt.Errorf("cloudflare:%s: this plugin does not know it. Use an API token: "+
				"pulumi config set --secret cloudflare:apiToken <value>", name)
		}
	}
	token := orVariable(c.APIToken, "CLOUDFLARE_API_TOKEN")
	if token == "" {
		return errors.New("cloudflare:apiToken: it is not set. " +
			"Run: pulumi config set --secret cloudflare:apiToken <value>")
	}
	if !tokenShape.MatchString(token) {
		return fmt.Errorf("cloudflare:apiToken: got %d characters that are not an API token: "+
			"it has 40 to 80 letters, digits, '-' or '_'", len(token))
	}
	options := []option.RequestOption{option.WithEnvironmentProduction(), option.WithAPIToken(token)}
	if address := orVariable(c.BaseURL, "CLOUDFLARE_BASE_URL"); address != "" {
		options = append(options, option.WithBaseURL(strings.TrimSuffix(address, "/")+"/"))
	}
	c.records, c.zones = dns.NewRecordService(options...), zones.NewZoneService(options...)
	c.names = &zoneNames{known: map[string]string{}}
	return nil
}

func orVariable(value *string, variable string) string {
	if value != nil && *value != "" {
		return *value
	}
	return os.Getenv(variable)
}

// zoneNames remembers which zone has which name: records say only the zone's id.
type zoneNames struct {
	lock  sync.Mutex
	known map[string]string
}

// of answers "" where the token may not read the zone.
func (n *zoneNames) of(ctx context.Context, config Config, zoneID string) string {
	n.lock.Lock()
	defer n.lock.Unlock()
	name, ok := n.known[zoneID]
	if !ok {
		if zone, err := config.zone(ctx, zoneID); err == nil {
			name = zone.Name
		}
		n.known[zoneID] = name
	}
	return name
}
