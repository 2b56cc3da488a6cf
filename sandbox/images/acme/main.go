// Runs step-ca, the ACME server of the local cloud, without its cloud key stores, behind a front
// that has the certificate of the cloud's own root and the short path /directory.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/smallstep/certificates/authority/config"
	"github.com/smallstep/certificates/ca"
)

const (
	folder    = "/etc/step-ca/"
	directory = "/acme/acme/directory" // where step-ca has it
)

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

func newFront(address, name string) (*http.Server, error) {
	root, err := os.ReadFile(folder + "root.pem")
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(root)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(&url.URL{Scheme: "https", Host: address})
			request.Out.Host = request.In.Host // step-ca makes its links from it
			if request.In.URL.Path == "/directory" {
				request.Out.URL.Path = directory
			}
		},
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: trusted, ServerName: name, MinVersion: tls.VersionTLS12},
		},
	}
	return &http.Server{Addr: ":443", Handler: proxy, ReadHeaderTimeout: 10 * time.Second}, nil
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
