package remote

import (
	"context"
	"fmt"
	"net"
	"time"

	provider "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"
)

const (
	defaultDialErrorLimit = 10
	defaultPerDialTimeout = 15 // seconds
	unlimited             = -1

	firstPause  = 100 * time.Millisecond
	pauseGrowth = 1.5
	longestWait = 5 * time.Second
)

// hop is an endpoint that is ready to be dialled.
type hop struct {
	endpoint *Endpoint
	config   *ssh.ClientConfig
}

// Dial waits until the host answers, within the connection's limits and the context's.
// What it returns closes the client and everything below it.
func (c *Connection) Dial(ctx context.Context) (*ssh.Client, func(), error) {
	var closers []func()
	closeAll := func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	type part struct {
		where    string
		endpoint *Endpoint
	}
	parts := []part{}
	if c.Proxy != nil {
		parts = append(parts, part{"connection.proxy", &c.Proxy.Endpoint})
	}
	parts = append(parts, part{"connection", &c.Endpoint})
	reach := (&net.Dialer{}).DialContext
	var client *ssh.Client
	for _, each := range parts {
		config, done, err := each.endpoint.clientConfig(each.where)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		closers = append(closers, done)
		client, err = hop{each.endpoint, config}.wait(ctx, reach)
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		opened := client
		closers = append(closers, func() { _ = opened.Close() })
		reach = opened.DialContext
	}
	return client, closeAll, nil
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// wait dials again and again: a new server refuses, then times out, then lets nobody in, then works.
func (h hop) wait(ctx context.Context, reach dialer) (*ssh.Client, error) {
	limit := defaultDialErrorLimit
	if h.endpoint.DialErrorLimit != nil {
		limit = *h.endpoint.DialErrorLimit
	}
	address, started, pause, last := h.endpoint.address(), time.Now(), firstPause, "none"
	for failures := 0; ; {
		client, err := h.dial(ctx, reach)
		if err == nil {
			return client, nil
		}
		failures++
		waited := time.Since(started).Round(time.Second)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s: gave up waiting for SSH after %s (%w); the last answer: %s",
				address, waited, context.Cause(ctx), last)
		}
		if limit > unlimited && failures > limit {
			return nil, fmt.Errorf("%s: no SSH connection after %d attempts in %s: %w",
				address, failures, waited, err)
		}
		if answer := err.Error(); answer != last { // said once, not at every attempt
			last = answer
			provider.GetLogger(ctx).InfoStatusf("waiting for SSH at %s: %s", address, last)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(time.Duration(float64(pause)*pauseGrowth), longestWait)
	}
}

func (h hop) dial(ctx context.Context, reach dialer) (*ssh.Client, error) {
	seconds := defaultPerDialTimeout
	if h.endpoint.PerDialTimeout != nil {
		seconds = *h.endpoint.PerDialTimeout
	}
	if seconds > 0 {
		limited, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second)
		defer cancel()
		ctx = limited
	}
	address := h.endpoint.address()
	connection, err := reach(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	// The handshake knows no context; closing the connection below it ends it.
	stop := context.AfterFunc(ctx, func() { _ = connection.Close() })
	below, channels, requests, err := ssh.NewClientConn(connection, address, h.config)
	if !stop() && err == nil {
		_ = below.Close()
		err = ctx.Err()
	}
	if err != nil {
		_ = connection.Close()
		if ctx.Err() != nil {
			return nil, fmt.Errorf("the SSH handshake did not end within %d s", seconds)
		}
		return nil, err
	}
	return ssh.NewClient(below, channels, requests), nil
}
