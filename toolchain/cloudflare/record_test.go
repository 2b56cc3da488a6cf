package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/blang/semver"
	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

const (
	zoneID    = "023e105f4ecef8ad9ca31a8372d0c353"
	recordURN = resource.URN("urn:pulumi:dev::test::cloudflare:index/dnsRecord:DnsRecord::one")
	token     = "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd"
)

// api is Cloudflare with one zone, cloud.test.
type api struct {
	lock    sync.Mutex
	records map[string]map[string]any
	calls   []string
}

func (a *api) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	a.lock.Lock()
	defer a.lock.Unlock()
	path := strings.TrimPrefix(request.URL.Path, "/client/v4/zones")
	a.calls = append(a.calls, request.Method+" "+path)
	body := map[string]any{}
	_ = json.NewDecoder(request.Body).Decode(&body)
	id := path[strings.LastIndex(path, "/")+1:]
	zone := map[string]any{"id": zoneID, "name": "cloud.test", "status": "active",
		"name_servers": []string{"a.ns.test"}}
	switch {
	case request.Header.Get("Authorization") != "Bearer "+token:
		answer(response, http.StatusForbidden, nil, 10000, "Authentication error")
	case path == "" && request.URL.Query().Get("name") == "cloud.test":
		answer(response, http.StatusOK, []any{zone}, 0, "")
	case path == "":
		answer(response, http.StatusOK, []any{}, 0, "")
	case path == "/"+zoneID:
		answer(response, http.StatusOK, zone, 0, "")
	case request.Method == http.MethodPost:
		a.records["r1"] = stored("r1", body)
		answer(response, http.StatusOK, a.records["r1"], 0, "")
	case a.records[id] == nil:
		answer(response, http.StatusNotFound, nil, 81044, "Record does not exist.")
	case request.Method == http.MethodPut:
		a.records[id] = stored(id, body)
		answer(response, http.StatusOK, a.records[id], 0, "")
	case request.Method == http.MethodDelete:
		delete(a.records, id)
		answer(response, http.StatusOK, map[string]any{"id": id}, 0, "")
	default:
		answer(response, http.StatusOK, a.records[id], 0, "")
	}
}

func stored(id string, body map[string]any) map[string]any {
	record := map[string]any{"id": id, "proxiable": true, "proxied": false, "comment": nil,
		"tags": []string{}, "settings": map[string]any{}, "meta": map[string]any{},
		"created_on": "2025-08-27T20:36:24.9667Z", "modified_on": "2025-08-27T20:36:24.9667Z"}
	for name, value := range body {
		record[name] = value
	}
	record["name"] = wholeName(plainName(body["name"].(string)), "cloud.test")
	return record
}

func answer(response http.ResponseWriter, status int, result any, code int, message string) {
	problems := []any{}
	if code != 0 {
		problems = append(problems, map[string]any{"code": code, "message": message})
	}
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(status)
	_ = json.NewEncoder(response).Encode(map[string]any{
		"result": result, "success": code == 0, "errors": problems, "messages": []any{}})
}

func start(t *testing.T) (*api, integration.Server) {
	t.Helper()
	cloud := &api{records: map[string]map[string]any{}}
	served := httptest.NewServer(cloud)
	t.Cleanup(served.Close)
	plugin := unconfigured(t)
	err := plugin.Configure(provider.ConfigureRequest{Args: property.NewMap(map[string]property.Value{
		"baseUrl": property.New(served.URL + "/client/v4"), "apiToken": property.New(token)})})
	if err != nil {
		t.Fatal(err)
	}
	return cloud, plugin
}

func unconfigured(t *testing.T) integration.Server {
	t.Helper()
	plugin, err := newProvider()
	if err != nil {
		t.Fatal(err)
	}
	server, err := integration.NewServer(context.Background(), "cloudflare",
		semver.MustParse("6.23.1"), integration.WithProvider(plugin))
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func record(extra ...any) property.Map {
	found := map[string]property.Value{
		"zoneId": property.New(zoneID), "name": property.New("www"), "type": property.New("A"),
		"content": property.New("192.0.2.1"), "ttl": property.New(300.0)}
	for i := 0; i < len(extra); i += 2 {
		value, err := property.Any(extra[i+1])
		if err != nil {
			panic(err)
		}
		found[extra[i].(string)] = value
	}
	return property.NewMap(found)
}

func created(t *testing.T, plugin integration.Server, inputs property.Map) provider.CreateResponse {
	t.Helper()
	answer, err := plugin.Create(provider.CreateRequest{Urn: recordURN, Properties: inputs})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestARecordIsCreatedReadUpdatedAndDeletedAndItsNameStaysAsWritten(t *testing.T) {
	cloud, plugin := start(t)
	made := created(t, plugin, record())
	if made.ID != "r1" || made.Properties.Get("name").AsString() != "www" {
		t.Fatal(made)
	}
	read, err := plugin.Read(provider.ReadRequest{
		ID: made.ID, Urn: recordURN, Properties: made.Properties, Inputs: record()})
	if err != nil || !property.New(read.Properties).Equals(property.New(made.Properties)) ||
		!property.New(read.Inputs).Equals(property.New(record())) {
		t.Fatal(err, read, made)
	}
	updated, err := plugin.Update(provider.UpdateRequest{ID: made.ID, Urn: recordURN,
		State: made.Properties, OldInputs: record(), Inputs: record("type", "CNAME", "content", "x.y")})
	if err != nil || updated.Properties.Get("type").AsString() != "CNAME" {
		t.Fatal(err, updated)
	}
	err = plugin.Delete(provider.DeleteRequest{
		ID: made.ID, Urn: recordURN, Properties: updated.Properties})
	if err != nil {
		t.Fatal(err)
	}
	wanted := "POST /Z/dns_records,GET /Z/dns_records/r1,GET /Z,PUT /Z/dns_records/r1," +
		"DELETE /Z/dns_records/r1"
	if got := strings.ReplaceAll(strings.Join(cloud.calls, ","), zoneID, "Z"); got != wanted {
		t.Fatal(got)
	}
}

func TestOnlyWhatTheUserSetIsSent(t *testing.T) {
	cloud, plugin := start(t)
	created(t, plugin, record("priority", 0.0, "comment", "why"))
	sent := cloud.records["r1"]
	for name, wanted := range map[string]any{
		"ttl": 300.0, "priority": 0.0, "comment": "why", "data": nil, "private_routing": nil} {
		if sent[name] != wanted {
			t.Fatal(name, sent[name])
		}
	}
}

func TestARecordThatIsGoneLeavesTheStateButFailsToBeDeleted(t *testing.T) {
	cloud, plugin := start(t)
	made := created(t, plugin, record())
	delete(cloud.records, "r1")
	read, err := plugin.Read(provider.ReadRequest{
		ID: made.ID, Urn: recordURN, Properties: made.Properties, Inputs: record()})
	if err != nil || read.ID != "" {
		t.Fatal(err, read)
	}
	err = plugin.Delete(provider.DeleteRequest{
		ID: made.ID, Urn: recordURN, Properties: made.Properties})
	wanted := `deleting the A record "www": Cloudflare answered 404: Record does not exist. (81044)`
	if err == nil || err.Error() != wanted {
		t.Fatal(err)
	}
}

func TestAnImportTakesZoneAndRecordFromItsID(t *testing.T) {
	_, plugin := start(t)
	created(t, plugin, record())
	read, err := plugin.Read(provider.ReadRequest{ID: zoneID + "/r1", Urn: recordURN})
	if err != nil || read.ID != "r1" || read.Inputs.Get("name").AsString() != "www.cloud.test" ||
		read.Inputs.Get("content").AsString() != "192.0.2.1" {
		t.Fatal(err, read)
	}
	if _, err = plugin.Read(provider.ReadRequest{ID: "r1", Urn: recordURN}); err == nil {
		t.Fatal("an id without a zone was taken")
	}
}

func TestADiffKnowsWhatMeansTheSame(t *testing.T) {
	_, plugin := start(t)
	cases := []struct {
		name, kind, old, new string
		same                 bool
	}{
		{"name", "A", "@", "cloud.test", true},
		{"name", "A", "www", "WWW.cloud.test.", true},
		{"name", "A", "www", "www.www.cloud.test", false},
		{"name", "A", "www", "mail", false},
		{"content", "AAAA", "2001:db8::1", "2001:DB8:0::1", true},
		{"content", "A", "192.0.2.1", "192.0.2.2", false},
		{"content", "CNAME", "Cloud.test.", "cloud.test", true},
		{"content", "TXT", `"a" "b"`, "ab", true},
		{"content", "TXT", "ab", "aB", false},
		{"zoneId", "A", zoneID, "f" + zoneID[1:], false},
	}
	for _, each := range cases {
		old := record("type", each.kind, each.name, each.old)
		state := old.Set("proxiable", property.New(true)).Set("createdOn", property.New("")).
			Set("modifiedOn", property.New("")).Set("meta", property.New("{}"))
		diff, err := plugin.Diff(provider.DiffRequest{ID: "r1", Urn: recordURN, State: state,
			OldInputs: old, Inputs: record("type", each.kind, each.name, each.new)})
		if err != nil || diff.HasChanges == each.same {
			t.Fatal(each, err, diff)
		}
		replaces := diff.DetailedDiff[each.name].Kind == provider.UpdateReplace
		if replaces != (each.name == "zoneId") {
			t.Fatal(each, diff)
		}
	}
}

func TestWhatTheAPIWouldRefuseIsRefusedBefore(t *testing.T) {
	_, plugin := start(t)
	for property, inputs := range map[string]property.Map{
		"ttl":                   record("proxied", true),
		"includeShadowMetadata": record("includeShadowMetadata", true),
		"content":               record().Delete("content"),
		"colour":                record("colour", "blue"),
	} {
		checked, err := plugin.Check(provider.CheckRequest{Urn: recordURN, Inputs: inputs})
		if err != nil || len(checked.Failures) != 1 || checked.Failures[0].Property != property {
			t.Fatal(property, err, checked.Failures)
		}
	}
}

func TestAnUnknownAddressPassesTheCheckAndItsPreviewCallsNobody(t *testing.T) {
	cloud, plugin := start(t)
	inputs := record().Set("content", property.New(property.Computed)).
		Set("ttl", property.New(property.Computed)).Set("proxied", property.New(true))
	checked, err := plugin.Check(provider.CheckRequest{Urn: recordURN, Inputs: inputs})
	if err != nil || len(checked.Failures) > 0 {
		t.Fatal(err, checked.Failures)
	}
	made, err := plugin.Create(provider.CreateRequest{
		Urn: recordURN, Properties: checked.Inputs, DryRun: true})
	if err != nil || !made.Properties.Get("content").IsComputed() || len(cloud.calls) != 0 {
		t.Fatal(err, made, cloud.calls)
	}
}
