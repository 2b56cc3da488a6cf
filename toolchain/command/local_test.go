package main

import (
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func TestALocalCommandTakesFolderInterpreterAndEnvironment(t *testing.T) {
	folder := t.TempDir()
	inputs := texts("create", `echo "$PWD $COLOUR"; cat`, "dir", folder, "stdin", "more")
	inputs["environment"] = property.New(texts("COLOUR", "blue"))
	inputs["interpreter"] = property.New([]property.Value{
		property.New("/bin/sh"), property.New("-e"), property.New("-c")})
	state := create(t, localCommand, inputs).Properties
	expect(t, state.Get("stdout").AsString(), folder+" blue\nmore")
}

func TestLoggingNoneKeepsStdoutOutOfAFailure(t *testing.T) {
	inputs := texts("create", "echo hunter2; echo reason >&2; exit 1", "logging", "none")
	expect(t, failure(t, localCommand, inputs),
		"the create command failed: exit status 1\nreason")
}

func TestCollectingFilesIsRefusedByName(t *testing.T) {
	inputs := texts("create", "true")
	inputs["assetPaths"] = property.New([]property.Value{property.New("*.txt")})
	answer, err := startPlugin(t).Check(provider.CheckRequest{
		Urn: urn(localCommand), Inputs: property.NewMap(inputs)})
	if err != nil || len(answer.Failures) != 1 || answer.Failures[0].Property != "assetPaths" {
		t.Fatal(err, answer.Failures)
	}
}

func TestAChangedTriggerReplacesAndAnythingElseUpdates(t *testing.T) {
	old := texts("create", "true")
	old["triggers"] = property.New([]property.Value{property.New("a")})
	for name, wanted := range map[string]provider.DiffKind{
		"triggers": provider.DeleteReplace, "create": provider.Update} {
		inputs := texts("create", "true")
		inputs["triggers"] = old["triggers"]
		if name == "triggers" {
			delete(inputs, name)
		} else {
			inputs[name] = property.New("false")
		}
		state := property.NewMap(old).Set("stdout", property.New("")).Set("stderr", property.New(""))
		answer, err := startPlugin(t).Diff(provider.DiffRequest{ID: "x", Urn: urn(localCommand),
			State: state, OldInputs: property.NewMap(old), Inputs: property.NewMap(inputs)})
		if err != nil || answer.DetailedDiff[name].Kind != wanted {
			t.Fatal(name, err, answer.DetailedDiff)
		}
	}
}
