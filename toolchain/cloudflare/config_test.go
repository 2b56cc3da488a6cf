package main

import (
	"strings"
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func look(t *testing.T, args map[string]property.Value) (property.Map, error) {
	t.Helper()
	_, plugin := start(t)
	answer, err := plugin.Invoke(provider.InvokeRequest{
		Token: getZoneToken, Args: property.NewMap(args)})
	return answer.Return, err
}

func filter(name string) map[string]property.Value {
	return map[string]property.Value{"filter": property.New(map[string]property.Value{
		"match": property.New("all"), "name": property.New(name)})}
}

func TestAZoneIsFoundByNameAndByID(t *testing.T) {
	for _, args := range []map[string]property.Value{
		filter("cloud.test"), {"zoneId": property.New(zoneID)}} {
		zone, err := look(t, args)
		if err != nil || zone.Get("id").AsString() != zoneID ||
			zone.Get("zoneId").AsString() != zoneID || zone.Get("name").AsString() != "cloud.test" ||
			zone.Get("nameServers").AsArray().Get(0).AsString() != "a.ns.test" {
			t.Fatal(err, zone)
		}
	}
}

func TestAZoneThatIsNotThereIsNamed(t *testing.T) {
	_, err := look(t, filter("other.test"))
	wanted := "getZone: no zone with name other.test, match all. " +
		"Does it exist, and may the API token read it?"
	if err == nil || err.Error() != wanted {
		t.Fatal(err)
	}
}

func TestATokenOfAnotherShapeIsRefusedWithoutRepeatingIt(t *testing.T) {
	for setting, wanted := range map[string]string{
		"apiToken": "cloudflare:apiToken: got 7 characters that are not an API token",
		"apiKey":   "cloudflare:apiKey: this plugin does not know it",
		"email":    "cloudflare:email: this plugin does not know it",
	} {
		err := unconfigured(t).Configure(provider.ConfigureRequest{Args: property.NewMap(
			map[string]property.Value{setting: property.New("hunter2")})})
		if err == nil || !strings.HasPrefix(err.Error(), wanted) ||
			strings.Contains(err.Error(), "hunter2") {
			t.Fatal(err)
		}
	}
}

func TestSettingsMayComeFromTheSurroundings(t *testing.T) {
	t.Setenv("CLOUDFLARE_API_TOKEN", token)
	if err := unconfigured(t).Configure(provider.ConfigureRequest{}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CLOUDFLARE_API_TOKEN", "")
	err := unconfigured(t).Configure(provider.ConfigureRequest{})
	if err == nil || !strings.HasPrefix(err.Error(), "cloudflare:apiToken: it is not set.") {
		t.Fatal(err)
	}
}

func TestANewTokenUpdatesTheProviderAndReplacesNothing(t *testing.T) {
	_, plugin := start(t)
	settings := func(value string) property.Map {
		return property.NewMap(map[string]property.Value{"apiToken": property.New(value)})
	}
	diff, err := plugin.DiffConfig(provider.DiffRequest{
		OldInputs: settings(token), State: settings(token), Inputs: settings(token + "e")})
	if err != nil || !diff.HasChanges || diff.DetailedDiff["apiToken"].Kind != provider.Update {
		t.Fatal(err, diff)
	}
}
