// Package shell holds what local and remote commands share: their output and what is said of it.
package shell

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"

	provider "github.com/pulumi/pulumi-go-provider"
)

// How the previous run's output reaches the next one.
const (
	PreviousStdout = "PULUMI_COMMAND_STDOUT"
	PreviousStderr = "PULUMI_COMMAND_STDERR"
)

// What the property `logging` may say.
const (
	LogStdout = "stdout"
	LogStderr = "stderr"
	LogBoth   = "stdoutAndStderr"
	LogNone   = "none"
)

// How much of stderr a failure repeats when logging keeps it off the screen.
const failureLines = 20

// Output keeps a command's output, and shows its lines as they come if logging says so.
type Output struct {
	ctx     context.Context
	logging string
	lock    sync.Mutex
	stdout  bytes.Buffer
	stderr  bytes.Buffer
	shown   bytes.Buffer
}

// NewOutput takes the property `logging`; empty means both streams.
func NewOutput(ctx context.Context, logging string) *Output {
	if logging == "" {
		logging = LogBoth
	}
	return &Output{ctx: ctx, logging: logging}
}

// Stdout is where the command writes.
func (o *Output) Stdout() io.WriteCloser {
	return &stream{output: o, kept: &o.stdout, shown: o.logging == LogBoth || o.logging == LogStdout}
}

// Stderr is where the command complains.
func (o *Output) Stderr() io.WriteCloser {
	return &stream{output: o, kept: &o.stderr, shown: o.logging == LogBoth || o.logging == LogStderr}
}

// Texts are both streams without their last line break, as the properties carry them.
func (o *Output) Texts() (stdout, stderr string) {
	o.lock.Lock()
	defer o.lock.Unlock()
	return strings.TrimSuffix(o.stdout.String(), "\n"), strings.TrimSuffix(o.stderr.String(), "\n")
}

// Failure says how the command ended, and what it wrote. The command itself stays out of the
// sentence: it may carry secrets, and so may output that logging keeps off the screen.
func (o *Output) Failure(which string, err error) error {
	o.lock.Lock()
	defer o.lock.Unlock()
	text := strings.TrimRight(o.shown.String(), "\n")
	if o.logging == LogNone || o.logging == LogStdout {
		lines := strings.Split(strings.TrimRight(o.stderr.String(), "\n"), "\n")
		if len(lines) > failureLines {
			lines = lines[len(lines)-failureLines:]
		}
		text = strings.TrimSpace(text + "\n" + strings.Join(lines, "\n"))
	}
	if text == "" {
		return fmt.Errorf("the %s command failed: %w (it wrote nothing that may be shown)", which, err)
	}
	return fmt.Errorf("the %s command failed: %w\n%s", which, err, text)
}

type stream struct {
	output *Output
	kept   *bytes.Buffer
	shown  bool
	line   []byte
}

func (s *stream) Write(data []byte) (int, error) {
	s.output.lock.Lock()
	defer s.output.lock.Unlock()
	s.kept.Write(data)
	if !s.shown {
		return len(data), nil
	}
	s.output.shown.Write(data)
	s.line = append(s.line, data...)
	for {
		before, after, found := bytes.Cut(s.line, []byte("\n"))
		if !found {
			return len(data), nil
		}
		provider.GetLogger(s.output.ctx).Info(string(before))
		s.line = append([]byte(nil), after...)
	}
}

// Close shows a last line that has no line break.
func (s *stream) Close() error {
	s.output.lock.Lock()
	defer s.output.lock.Unlock()
	if len(s.line) > 0 {
		provider.GetLogger(s.output.ctx).Info(string(s.line))
		s.line = nil
	}
	return nil
}

// Text reads an optional property.
func Text[T ~string](value *T) string {
	if value == nil {
		return ""
	}
	return string(*value)
}

// PassesOutputOn reads addPreviousOutputInEnv: true unless it is turned off.
func PassesOutputOn(value *bool) bool {
	return value == nil || *value
}
