// Package local runs commands on this machine.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"estate/toolchain/command/shell"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// How long a stopped command may take to leave.
const patience = 5 * time.Second

// Command is `command:local:Command`.
type Command struct{}

// CommandInputs are the official properties.
type CommandInputs struct {
	Create                 *string           `pulumi:"create,optional"`
	Update                 *string           `pulumi:"update,optional"`
	Delete                 *string           `pulumi:"delete,optional"`
	Dir                    *string           `pulumi:"dir,optional"`
	Interpreter            []string          `pulumi:"interpreter,optional"`
	Stdin                  *string           `pulumi:"stdin,optional"`
	Environment            map[string]string `pulumi:"environment,optional"`
	Triggers               *[]any            `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Logging                *Logging          `pulumi:"logging,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
	AssetPaths             []string          `pulumi:"assetPaths,optional"`
	ArchivePaths           []string          `pulumi:"archivePaths,optional"`
}

// CommandOutputs are the inputs and what the last run wrote.
type CommandOutputs struct {
	CommandInputs
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Annotate describes the resource to editors.
func (c *Command) Annotate(a infer.Annotator) {
	a.Describe(&c, "A command that runs on this machine.")
}

// WireDependencies: output may repeat what went in, so it is as secret as that.
func (*Command) WireDependencies(
	f infer.FieldSelector, args *CommandInputs, state *CommandOutputs,
) {
	create, update := f.InputField(&args.Create).Secret(), f.InputField(&args.Update).Secret()
	stdin, environment := f.InputField(&args.Stdin).Secret(), f.InputField(&args.Environment).Secret()
	f.OutputField(&state.Stdout).DependsOn(create, update, stdin, environment)
	f.OutputField(&state.Stderr).DependsOn(create, update, stdin, environment)
	f.OutputField(&state.Create).DependsOn(create)
	f.OutputField(&state.Update).DependsOn(update)
	f.OutputField(&state.Stdin).DependsOn(stdin)
	f.OutputField(&state.Environment).DependsOn(environment)
	f.OutputField(&state.Delete).DependsOn(f.InputField(&args.Delete).Secret())
	f.OutputField(&state.Triggers).DependsOn(f.InputField(&args.Triggers).Secret())
}

// Check refuses by name what this plugin does not do.
func (*Command) Check(
	ctx context.Context, request infer.CheckRequest,
) (infer.CheckResponse[CommandInputs], error) {
	inputs, failures, err := infer.DefaultCheck[CommandInputs](ctx, request.NewInputs)
	for _, name := range []string{"assetPaths", "archivePaths"} {
		if _, given := request.NewInputs.GetOk(name); given {
			failures = append(failures, provider.CheckFailure{Property: name,
				Reason: "this plugin does not collect files after a command; the official plugin does"})
		}
	}
	return infer.CheckResponse[CommandInputs]{Inputs: inputs, Failures: failures}, err
}

// Create runs `create`, if there is one.
func (*Command) Create(
	ctx context.Context, request infer.CreateRequest[CommandInputs],
) (infer.CreateResponse[CommandOutputs], error) {
	state := CommandOutputs{CommandInputs: request.Inputs}
	id, err := resource.NewUniqueHex(request.Name, 8, 0)
	if err == nil && !request.DryRun && state.Create != nil {
		err = state.run(ctx, "create", *state.Create)
	}
	return infer.CreateResponse[CommandOutputs]{ID: id, Output: state}, err
}

// Update runs `update`, or else `create` again.
func (*Command) Update(
	ctx context.Context, request infer.UpdateRequest[CommandInputs, CommandOutputs],
) (infer.UpdateResponse[CommandOutputs], error) {
	state := CommandOutputs{
		CommandInputs: request.Inputs, Stdout: request.State.Stdout, Stderr: request.State.Stderr}
	var err error
	switch inputs := request.Inputs; {
	case request.DryRun:
	case inputs.Update != nil:
		err = state.run(ctx, "update", *inputs.Update)
	case inputs.Create != nil:
		err = state.run(ctx, "create", *inputs.Create)
	}
	return infer.UpdateResponse[CommandOutputs]{Output: state}, err
}

// Delete runs `delete`, if there is one.
func (*Command) Delete(
	ctx context.Context, request infer.DeleteRequest[CommandOutputs],
) (infer.DeleteResponse, error) {
	state := request.State
	if state.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	return infer.DeleteResponse{}, state.run(ctx, "delete", *state.Delete)
}

func (s *CommandOutputs) run(ctx context.Context, which, command string) error {
	words := append(append([]string{}, s.Interpreter...), command)
	if len(s.Interpreter) == 0 {
		words = []string{"/bin/sh", "-c", command}
	}
	process := exec.CommandContext(ctx, words[0], words[1:]...)
	process.Dir = shell.Text(s.Dir)
	process.Env = os.Environ()
	for name, value := range s.Environment {
		process.Env = append(process.Env, name+"="+value)
	}
	if shell.PassesOutputOn(s.AddPreviousOutputInEnv) {
		process.Env = append(process.Env,
			shell.PreviousStdout+"="+s.Stdout, shell.PreviousStderr+"="+s.Stderr)
	}
	process.Stdin = strings.NewReader(shell.Text(s.Stdin))
	output := shell.NewOutput(ctx, shell.Text(s.Logging))
	stdout, stderr := output.Stdout(), output.Stderr()
	process.Stdout, process.Stderr = stdout, stderr
	// A shell's children must not outlive it: they are one group, and all of it is told.
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Cancel = func() error { return syscall.Kill(-process.Process.Pid, syscall.SIGTERM) }
	process.WaitDelay = patience
	err := process.Run()
	_, _ = stdout.Close(), stderr.Close()
	if process.Process != nil && ctx.Err() != nil {
		_ = syscall.Kill(-process.Process.Pid, syscall.SIGKILL)
		err = fmt.Errorf("it was stopped before it ended: %w", context.Cause(ctx))
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well; something it left behind still holds its output open
	}
	if err != nil {
		return output.Failure(which, err)
	}
	s.Stdout, s.Stderr = output.Texts()
	return nil
}
