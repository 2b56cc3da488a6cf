package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/blang/semver"
	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/archive"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"golang.org/x/crypto/ssh"
)

const (
	remoteCommand = "command:remote:Command"
	copyToRemote  = "command:remote:CopyToRemote"
	localCommand  = "command:local:Command"
)

func startPlugin(t *testing.T) integration.Server {
	t.Helper()
	plugin, err := newProvider()
	if err != nil {
		t.Fatal(err)
	}
	server, err := integration.NewServer(
		context.Background(), "command", semver.MustParse("1.2.1"), integration.WithProvider(plugin))
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func urn(kind string) resource.URN {
	return resource.URN("urn:pulumi:dev::test::" + kind + "::one")
}

func (s *sshServer) connection(extra map[string]property.Value) property.Value {
	address := s.listener.Addr().(*net.TCPAddr)
	found := map[string]property.Value{
		"host":           property.New("127.0.0.1"),
		"port":           property.New(float64(address.Port)),
		"user":           property.New("root"),
		"dialErrorLimit": property.New(0.0),
		"privateKey":     property.New(s.clientKey).WithSecret(true),
	}
	for name, value := range extra {
		found[name] = value
	}
	return property.New(found).WithSecret(true)
}

func texts(pairs ...string) map[string]property.Value {
	found := map[string]property.Value{}
	for i := 0; i < len(pairs); i += 2 {
		found[pairs[i]] = property.New(pairs[i+1])
	}
	return found
}

func create(t *testing.T, kind string, inputs map[string]property.Value) provider.CreateResponse {
	t.Helper()
	answer, err := startPlugin(t).Create(provider.CreateRequest{
		Urn: urn(kind), Properties: property.NewMap(inputs)})
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func failure(t *testing.T, kind string, inputs map[string]property.Value) string {
	t.Helper()
	_, err := startPlugin(t).Create(provider.CreateRequest{
		Urn: urn(kind), Properties: property.NewMap(inputs)})
	if err == nil {
		t.Fatal("it was created")
	}
	return err.Error()
}

func expect(t *testing.T, got, wanted string) {
	t.Helper()
	if got != wanted {
		t.Fatalf("got %q, wanted %q", got, wanted)
	}
}

func TestARemoteCommandKeepsBothOutputsAndTakesStdinAndItsEnvironment(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	server.accepts["COLOUR"] = true
	inputs := texts("create", `cat; echo "$COLOUR" >&2`, "stdin", "from stdin")
	inputs["connection"] = server.connection(nil)
	inputs["environment"] = property.New(texts("COLOUR", "blue"))
	state := create(t, remoteCommand, inputs).Properties
	expect(t, state.Get("stdout").AsString(), "from stdin")
	expect(t, state.Get("stderr").AsString(), "blue")
	if !state.Get("connection").Secret() {
		t.Fatal("the connection is not secret")
	}
}

func TestOutputIsAsSecretAsTheCommand(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	inputs := map[string]property.Value{
		"create": property.New("echo pass").WithSecret(true), "connection": server.connection(nil)}
	if !create(t, remoteCommand, inputs).Properties.Get("stdout").Secret() {
		t.Fatal("stdout of a secret command is not secret")
	}
}

func TestAFailedCommandSaysItsCodeAndOutputButNotItsText(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	inputs := texts("create", "echo wrong >&2; exit 3 # hunter2")
	inputs["connection"] = server.connection(nil)
	expect(t, failure(t, remoteCommand, inputs),
		"the create command failed: Process exited with status 3\nwrong")
}

func TestUpdateRunsUpdateAndElseCreateAndPassesTheOldOutputOn(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	server.accepts["PULUMI_COMMAND_STDOUT"] = true
	old := texts("create", "echo one", "stdout", "before", "stderr", "")
	old["connection"] = server.connection(nil)
	for command, wanted := range map[string]string{"update": "was before", "create": "was before"} {
		inputs := texts(command, `echo "was $PULUMI_COMMAND_STDOUT"`)
		inputs["connection"] = server.connection(nil)
		answer, err := startPlugin(t).Update(provider.UpdateRequest{ID: "x", Urn: urn(remoteCommand),
			State: property.NewMap(old), Inputs: property.NewMap(inputs)})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, answer.Properties.Get("stdout").AsString(), wanted)
	}
}

func TestAPreviewDialsNobodyEvenIfTheHostIsUnknown(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	inputs := texts("create", "echo hi")
	inputs["connection"] = server.connection(map[string]property.Value{
		"host": property.New(property.Computed)})
	checked, err := startPlugin(t).Check(provider.CheckRequest{
		Urn: urn(remoteCommand), Inputs: property.NewMap(inputs)})
	if err != nil || len(checked.Failures) > 0 {
		t.Fatal(err, checked.Failures)
	}
	answer, err := startPlugin(t).Create(provider.CreateRequest{
		Urn: urn(remoteCommand), Properties: checked.Inputs, DryRun: true})
	if err != nil {
		t.Fatal(err)
	}
	if !answer.Properties.Get("stdout").IsComputed() || server.dialled != 0 {
		t.Fatal("it ran", answer.Properties.Get("stdout"), server.dialled)
	}
}

func TestDeleteWithoutADeleteCommandDialsNobody(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	state := texts("create", "echo hi", "stdout", "hi", "stderr", "")
	state["connection"] = server.connection(nil)
	for _, command := range []string{"", "echo bye"} {
		if command != "" {
			state["delete"] = property.New(command)
		}
		err := startPlugin(t).Delete(provider.DeleteRequest{
			ID: "x", Urn: urn(remoteCommand), Properties: property.NewMap(state)})
		if err != nil {
			t.Fatal(err)
		}
		expect(t, strings.Join(server.ran, ","), command)
	}
}

func TestAHostKeyIsComparedIfItIsGiven(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	other, _ := newKey(t)
	right := string(ssh.MarshalAuthorizedKey(server.hostKey))
	wrong := string(ssh.MarshalAuthorizedKey(other.PublicKey()))
	for key, fails := range map[string]bool{right: false, wrong: true} {
		inputs := texts("create", "echo hi")
		inputs["connection"] = server.connection(texts("hostKey", key))
		if fails {
			if message := failure(t, remoteCommand, inputs); !strings.Contains(message, "host key mismatch") {
				t.Fatal(message)
			}
		} else {
			create(t, remoteCommand, inputs)
		}
	}
}

func TestAKeyThatCannotBeReadIsNotRepeated(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	inputs := texts("create", "echo hi")
	inputs["connection"] = server.connection(texts("privateKey", "hunter2"))
	expect(t, failure(t, remoteCommand, inputs),
		"connection.privateKey: not a private key in PEM or OpenSSH format")
}

func TestAPasswordAndAProxyLeadToTheHost(t *testing.T) {
	target, proxy := startServer(t, "127.0.0.1:0"), startServer(t, "127.0.0.1:0")
	inputs := texts("create", "echo there")
	inputs["connection"] = target.connection(map[string]property.Value{
		"privateKey": property.New(property.Null), "password": property.New("open sesame"),
		"proxy": proxy.connection(nil)})
	expect(t, create(t, remoteCommand, inputs).Properties.Get("stdout").AsString(), "there")
	if proxy.dialled != 1 || target.dialled != 1 {
		t.Fatal("the way was another one", proxy.dialled, target.dialled)
	}
}

func TestAHostThatOpensLaterIsWaitedForAndTheLimitEndsTheWait(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	_ = closed.Close()
	server := &sshServer{listener: closed}
	_, server.clientKey = newKey(t)
	inputs := texts("create", "echo hi")
	inputs["connection"] = server.connection(map[string]property.Value{"dialErrorLimit": property.New(2.0)})
	if message := failure(t, remoteCommand, inputs); !strings.HasPrefix(
		message, address+": no SSH connection after 3 attempts in ") {
		t.Fatal(message)
	}
	opened := make(chan *sshServer)
	go func() {
		time.Sleep(300 * time.Millisecond)
		opened <- startServer(t, address)
	}()
	inputs["connection"] = server.connection(map[string]property.Value{
		"dialErrorLimit": property.New(-1.0), "privateKey": property.New(property.Null),
		"password": property.New("open sesame")})
	expect(t, create(t, remoteCommand, inputs).Properties.Get("stdout").AsString(), "hi")
	<-opened
}

func TestATimeoutEndsAnUnlimitedWaitAndARunningCommand(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	running := texts("create", "sleep 60")
	running["connection"] = server.connection(nil)
	waiting := texts("create", "echo hi")
	waiting["connection"] = server.connection(map[string]property.Value{
		"port": property.New(1.0), "dialErrorLimit": property.New(-1.0)})
	for wanted, inputs := range map[string]map[string]property.Value{
		"the create command failed: it was stopped before it ended": running,
		"127.0.0.1:1: gave up waiting for SSH after ":               waiting,
	} {
		_, err := startPlugin(t).Create(provider.CreateRequest{
			Urn: urn(remoteCommand), Properties: property.NewMap(inputs), Timeout: 1})
		if err == nil || !strings.HasPrefix(err.Error(), wanted) {
			t.Fatal(err)
		}
		if strings.Contains(wanted, "waiting") &&
			!strings.HasSuffix(err.Error(), "connection refused") {
			t.Fatal(err)
		}
	}
}

func TestAnUnknownPropertyIsRefusedByName(t *testing.T) {
	inputs := texts("create", "echo hi", "shell", "zsh")
	answer, err := startPlugin(t).Check(provider.CheckRequest{
		Urn: urn(localCommand), Inputs: property.NewMap(inputs)})
	if err != nil || len(answer.Failures) != 1 || answer.Failures[0].Property != "shell" {
		t.Fatal(err, answer.Failures)
	}
}

func TestFilesTextsAndFoldersAreCopied(t *testing.T) {
	server := startServer(t, "127.0.0.1:0")
	source, target := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(source, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "below", "a.txt"), []byte("alpha"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, _ := asset.FromPath(filepath.Join(source, "below", "a.txt"))
	text, _ := asset.FromText("beta")
	folder, _ := archive.FromPath(source + "/")
	for destination, each := range map[string]struct {
		source property.Value
		lands  string
		holds  string
	}{
		"":       {property.New(file), "a.txt", "alpha"},
		"/b.txt": {property.New(text), "b.txt", "beta"},
		"/whole": {property.New(folder), "whole/below/a.txt", "alpha"},
	} {
		create(t, copyToRemote, map[string]property.Value{"connection": server.connection(nil),
			"source": each.source, "remotePath": property.New(target + destination)})
		content, err := os.ReadFile(filepath.Join(target, each.lands))
		if err != nil {
			t.Fatal(err)
		}
		expect(t, string(content), each.holds)
	}
}
