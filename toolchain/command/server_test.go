package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// sshServer runs what it is told in a shell of this machine, as a host would.
type sshServer struct {
	listener  net.Listener
	hostKey   ssh.PublicKey
	clientKey string
	accepts   map[string]bool // variables that AcceptEnv names
	lock      sync.Mutex
	ran       []string
	dialled   int
}

func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "test")
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block))
}

func startServer(t *testing.T, address string) *sshServer {
	t.Helper()
	host, _ := newKey(t)
	client, clientText := newKey(t)
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) == string(client.PublicKey().Marshal()) {
				return nil, nil
			}
			return nil, io.EOF
		},
		PasswordCallback: func(_ ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if string(password) == "open sesame" {
				return nil, nil
			}
			return nil, io.EOF
		},
	}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &sshServer{listener: listener, hostKey: host.PublicKey(), clientKey: clientText,
		accepts: map[string]bool{}}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go server.serve(connection, config)
		}
	}()
	return server
}

func (s *sshServer) serve(connection net.Conn, config *ssh.ServerConfig) {
	s.lock.Lock()
	s.dialled++
	s.lock.Unlock()
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for each := range channels {
		switch each.ChannelType() {
		case "session":
			channel, asked, err := each.Accept()
			if err == nil {
				go s.session(channel, asked)
			}
		case "direct-tcpip":
			go forward(each)
		default:
			_ = each.Reject(ssh.UnknownChannelType, "no")
		}
	}
}

func forward(asked ssh.NewChannel) {
	var to struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(asked.ExtraData(), &to)
	target, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.ParseIP(to.Host), Port: int(to.Port)})
	if err != nil {
		_ = asked.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := asked.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(target, channel); _ = target.Close() }()
	_, _ = io.Copy(channel, target)
	_ = channel.Close()
}

func (s *sshServer) session(channel ssh.Channel, requests <-chan *ssh.Request) {
	defer func() { _ = channel.Close() }()
	environment := []string{"PATH=/usr/bin:/bin"}
	for request := range requests {
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			_ = ssh.Unmarshal(request.Payload, &variable)
			if s.accepts[variable.Name] {
				environment = append(environment, variable.Name+"="+variable.Value)
			}
			_ = request.Reply(s.accepts[variable.Name], nil)
		case "exec":
			var command struct{ Text string }
			_ = ssh.Unmarshal(request.Payload, &command)
			_ = request.Reply(true, nil)
			s.lock.Lock()
			s.ran = append(s.ran, command.Text)
			s.lock.Unlock()
			process := exec.Command("/bin/sh", "-c", command.Text)
			process.Env, process.Stdin = environment, channel
			process.Stdout, process.Stderr = channel, channel.Stderr()
			status := struct{ Code uint32 }{}
			if err := process.Run(); err != nil {
				status.Code = 1
				if exit, ok := err.(*exec.ExitError); ok {
					status.Code = uint32(exit.ExitCode())
				}
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(&status))
			return
		case "subsystem":
			_ = request.Reply(strings.HasSuffix(string(request.Payload), "sftp"), nil)
			files, err := sftp.NewServer(channel)
			if err == nil {
				_ = files.Serve()
			}
			return
		default:
			_ = request.Reply(false, nil)
		}
	}
}
