// Runs step-ca, the ACME server of the local cloud, without its cloud key stores, behind a front.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/ca"
)

const folder = "/etc/step-ca/"

func main() {
	settings, err := config.LoadConfiguration(folder + "ca.json")
	if err != nil {
		fail(err)
	}
	server, err := ca.New(settings, ca.WithConfigFile(folder+"ca.json"), ca.WithQuiet(true))
	if err != nil {
		fail(err)
	}
	front, err := newFront(settings.Address, settings.DNSNames[0])
	if err != nil {
		fail(err)
	}
	go func() { fail(front.ListenAndServeTLS(folder+"front.pem", folder+"front.key")) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		_ = server.Stop()
	}()
	if err := server.Run(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
