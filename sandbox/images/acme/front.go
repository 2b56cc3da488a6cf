package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const directory = "/acme/acme/directory" // where step-ca has it

// newFront makes the server that others see: it has a certificate of the cloud's own root, the
// short path /directory, and says of a failed validation that it failed.
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
			request.Out.Header.Del("Accept-Encoding")
			if request.In.URL.Path == "/directory" {
				request.Out.URL.Path = directory
			}
		},
		ModifyResponse: failAtOnce,
		Transport: &http.Transport{
			DisableCompression: true,
			TLSClientConfig:    &tls.Config{RootCAs: trusted, ServerName: name, MinVersion: tls.VersionTLS12},
		},
	}
	return &http.Server{Addr: ":443", Handler: proxy, ReadHeaderTimeout: 10 * time.Second}, nil
}

// failAtOnce turns a challenge that met an error into an invalid one. step-ca leaves it pending for
// another try, and clients then wait for minutes; Let's Encrypt says invalid, and they stop.
func failAtOnce(response *http.Response) error {
	path := response.Request.URL.Path
	if response.StatusCode != http.StatusOK ||
		!(strings.Contains(path, "/challenge/") || strings.Contains(path, "/authz/")) {
		return nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	var object map[string]any
	if json.Unmarshal(body, &object) == nil && markFailed(object) {
		if body, err = json.Marshal(object); err != nil {
			return err
		}
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.ContentLength = int64(len(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// markFailed marks a challenge, or an authorization with such a challenge; it tells whether it did.
func markFailed(object map[string]any) bool {
	failed := object["error"] != nil
	challenges, _ := object["challenges"].([]any)
	for _, each := range challenges {
		if challenge, ok := each.(map[string]any); ok && markFailed(challenge) {
			failed = true
		}
	}
	if failed && object["status"] == "pending" {
		object["status"] = "invalid"
		return true
	}
	return false
}
