package remote

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"estate/toolchain/command/shell"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Command is `command:remote:Command`.
type Command struct{}

// CommandInputs are the official properties.
type CommandInputs struct {
	Connection             *Connection       `pulumi:"connection" provider:"secret"`
	Create                 *string           `pulumi:"create,optional"`
	Update                 *string           `pulumi:"update,optional"`
	Delete                 *string           `pulumi:"delete,optional"`
	Stdin                  *string           `pulumi:"stdin,optional"`
	Environment            map[string]string `pulumi:"environment,optional"`
	Triggers               *[]any            `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	Logging                *Logging          `pulumi:"logging,optional"`
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
}

// CommandOutputs are the inputs and what the last run wrote.
type CommandOutputs struct {
	CommandInputs
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// Annotate describes the resource to editors.
func (c *Command) Annotate(a infer.Annotator) {
	a.Describe(&c, "A command that runs on a remote host over SSH.")
}

// WireDependencies: output may repeat what went in, so it is as secret as that.
func (*Command) WireDependencies(
	f infer.FieldSelector, args *CommandInputs, state *CommandOutputs,
) {
	create, update := f.InputField(&args.Create).Secret(), f.InputField(&args.Update).Secret()
	stdin, environment := f.InputField(&args.Stdin).Secret(), f.InputField(&args.Environment).Secret()
	f.OutputField(&state.Stdout).DependsOn(create, update, stdin, environment)
	f.OutputField(&state.Stderr).DependsOn(create, update, stdin, environment)
	f.OutputField(&state.Connection).AlwaysSecret()
	f.OutputField(&state.Create).DependsOn(create)
	f.OutputField(&state.Update).DependsOn(update)
	f.OutputField(&state.Stdin).DependsOn(stdin)
	f.OutputField(&state.Environment).DependsOn(environment)
	f.OutputField(&state.Delete).DependsOn(f.InputField(&args.Delete).Secret())
	f.OutputField(&state.Triggers).DependsOn(f.InputField(&args.Triggers).Secret())
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

// Delete runs `delete`, if there is one; else nobody is called.
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
	client, done, err := s.Connection.Dial(ctx)
	if err != nil {
		return err
	}
	defer done()
	session, err := client.NewSession()
	if err != nil {
		return fmt.Errorf("%s: no SSH session: %w", s.Connection.address(), err)
	}
	defer func() { _ = session.Close() }()
	for _, name := range sortedNames(s.Environment) {
		if err := session.Setenv(name, s.Environment[name]); err != nil {
			return fmt.Errorf("environment > %s: %s does not take it. Name it in AcceptEnv of its "+
				"sshd_config, or write it before the command: VAR=value command", name, s.Connection.address())
		}
	}
	if shell.PassesOutputOn(s.AddPreviousOutputInEnv) {
		previous := map[string]string{shell.PreviousStdout: s.Stdout, shell.PreviousStderr: s.Stderr}
		for _, name := range sortedNames(previous) {
			if previous[name] != "" && session.Setenv(name, previous[name]) != nil {
				provider.GetLogger(ctx).Warningf("%s does not take the variable %s. Name it in AcceptEnv "+
					"of its sshd_config, or set addPreviousOutputInEnv to false.", s.Connection.address(), name)
			}
		}
	}
	if s.Stdin != nil && *s.Stdin != "" {
		session.Stdin = strings.NewReader(*s.Stdin)
	}
	output := shell.NewOutput(ctx, shell.Text(s.Logging))
	stdout, stderr := output.Stdout(), output.Stderr()
	session.Stdout, session.Stderr = stdout, stderr
	// A running command knows no context: closing the client ends it.
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	err = session.Run(command)
	stop()
	_, _ = stdout.Close(), stderr.Close()
	if ctx.Err() != nil {
		err = fmt.Errorf("it was stopped before it ended: %w", context.Cause(ctx))
	}
	if err != nil {
		return output.Failure(which, err)
	}
	s.Stdout, s.Stderr = output.Texts()
	return nil
}

func sortedNames(variables map[string]string) []string {
	names := make([]string, 0, len(variables))
	for name := range variables {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
