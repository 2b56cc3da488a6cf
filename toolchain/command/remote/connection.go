// Package remote runs commands and copies files over SSH.
package remote

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/pulumi/pulumi-go-provider/infer"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

const agentVariable = "SSH_AUTH_SOCK"

// Endpoint is one host that SSH speaks to: the target, or the proxy before it.
type Endpoint struct {
	Host               string   `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional" provider:"secret"`
	PrivateKey         *string  `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	HostKey            *string  `pulumi:"hostKey,optional"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
}

// Connection is the property `connection`.
type Connection struct {
	Endpoint
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

// ProxyConnection is the property `connection.proxy`.
type ProxyConnection struct {
	Endpoint
}

// Annotate gives both kinds of connection the official defaults.
func (e *Endpoint) Annotate(a infer.Annotator) {
	a.Describe(&e.Host, "The address of the host to connect to.")
	a.Describe(&e.HostKey, "The expected host key. Without it the host key is not checked.")
	a.Describe(&e.DialErrorLimit, "How many failed dials are borne. -1 means any number.")
	a.Describe(&e.PerDialTimeout, "Seconds for one dial. 0 means any time.")
	a.SetDefault(&e.Port, 22.0)
	a.SetDefault(&e.User, "root")
	a.SetDefault(&e.DialErrorLimit, defaultDialErrorLimit)
	a.SetDefault(&e.PerDialTimeout, defaultPerDialTimeout)
}

func (e *Endpoint) address() string {
	port := 22
	if e.Port != nil {
		port = int(*e.Port)
	}
	return net.JoinHostPort(e.Host, strconv.Itoa(port))
}

// clientConfig also returns what ends the talk with the agent. `where` names the property, so that
// an error leads to it without repeating its value.
func (e *Endpoint) clientConfig(where string) (*ssh.ClientConfig, func(), error) {
	config := &ssh.ClientConfig{User: "root", HostKeyCallback: ssh.InsecureIgnoreHostKey()}
	if e.User != nil {
		config.User = *e.User
	}
	if e.HostKey != nil && *e.HostKey != "" {
		expected, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*e.HostKey))
		if err != nil {
			return nil, nil, fmt.Errorf("%s.hostKey: not a public key in OpenSSH's format", where)
		}
		config.HostKeyCallback = ssh.FixedHostKey(expected)
		// A server has several keys: ask for the one that can be compared.
		config.HostKeyAlgorithms = algorithmsOf(expected)
	}
	signers, done, err := e.signers(where)
	if err != nil {
		return nil, nil, err
	}
	// One method for all keys: the protocol tries each kind of method only once.
	config.Auth = append(config.Auth, ssh.PublicKeysCallback(signers))
	if e.Password != nil {
		password := *e.Password
		config.Auth = append(config.Auth, ssh.Password(password), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, _ []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range answers {
					answers[i] = password
				}
				return answers, nil
			}))
	}
	return config, done, nil
}

func (e *Endpoint) signers(where string) (func() ([]ssh.Signer, error), func(), error) {
	var own []ssh.Signer
	if e.PrivateKey != nil {
		signer, err := e.parsePrivateKey(where)
		if err != nil {
			return nil, nil, err
		}
		own = append(own, signer)
	}
	socket, named := os.Getenv(agentVariable), false
	if e.AgentSocketPath != nil && *e.AgentSocketPath != "" {
		socket, named = *e.AgentSocketPath, true
	}
	if socket == "" {
		return func() ([]ssh.Signer, error) { return own, nil }, func() {}, nil
	}
	talk, err := net.Dial("unix", socket)
	if err != nil {
		if named {
			return nil, nil, fmt.Errorf("%s.agentSocketPath: %w", where, err)
		}
		// A stale variable of the surroundings is nobody's wish.
		return func() ([]ssh.Signer, error) { return own, nil }, func() {}, nil
	}
	keys := agent.NewClient(talk)
	all := func() ([]ssh.Signer, error) {
		held, err := keys.Signers()
		if err != nil && len(own) == 0 {
			return nil, fmt.Errorf("%s: the SSH agent did not list its keys: %w", where, err)
		}
		return append(append([]ssh.Signer{}, own...), held...), nil
	}
	return all, func() { _ = talk.Close() }, nil
}

func (e *Endpoint) parsePrivateKey(where string) (ssh.Signer, error) {
	key := []byte(*e.PrivateKey)
	if e.PrivateKeyPassword != nil && *e.PrivateKeyPassword != "" {
		signer, err := ssh.ParsePrivateKeyWithPassphrase(key, []byte(*e.PrivateKeyPassword))
		if err != nil {
			return nil, fmt.Errorf("%s.privateKey: it could not be opened with privateKeyPassword", where)
		}
		return signer, nil
	}
	signer, err := ssh.ParsePrivateKey(key)
	var locked *ssh.PassphraseMissingError
	if errors.As(err, &locked) {
		return nil, fmt.Errorf("%s.privateKey: it has a passphrase. Set privateKeyPassword", where)
	}
	if err != nil {
		return nil, fmt.Errorf("%s.privateKey: not a private key in PEM or OpenSSH format", where)
	}
	return signer, nil
}

func algorithmsOf(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA}
	}
	return []string{key.Type()}
}
