package main

import (
	"crypto/tls"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"trafficrouter/bridge/internal/certificates"
	"trafficrouter/bridge/internal/fakerouter"
)

func TestCertificatesThatAppearOrChangeAreRead(t *testing.T) {
	directory := t.TempDir()
	authority := certificates.NewAuthority(t)
	files := tlsFiles{
		filepath.Join(directory, "ca.pem"), filepath.Join(directory, "cert.pem"), filepath.Join(directory, "key.pem"),
	}
	address := serveTLS(t, authority)
	bridge, _ := newBridge(t, address, 5*time.Second, files)
	if failure, _ := timed(bridge, "was"); !strings.Contains(failure, "read --tls-cert and --tls-key: open "+files.cert) {
		t.Errorf("without the files: %s", failure)
	}

	bridge, _ = newBridge(t, address, 5*time.Second, files)
	certificates.NewAuthority(t).Issue(t, "stranger", files.ca, files.cert, files.key)
	if failure, _ := timed(bridge, "was"); !strings.Contains(failure, "certificate signed by unknown authority") {
		t.Errorf("with certificates of another authority: %s", failure)
	}
	authority.Issue(t, "bridge", files.ca, files.cert, files.key)
	eventually(t, 3*time.Second, "the renewed certificates are used", func() bool {
		failure, _ := timed(bridge, "was")
		return failure == ""
	})
}

func serveTLS(t *testing.T, authority certificates.Authority) string {
	t.Helper()
	directory := t.TempDir()
	ca, cert, key := filepath.Join(directory, "ca"), filepath.Join(directory, "cert"), filepath.Join(directory, "key")
	authority.Issue(t, "sidecar", ca, cert, key)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	return fakerouter.Serve(t, "127.0.0.1:0", grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: authority.Pool(), ClientAuth: tls.RequireAndVerifyClientCert,
	}))).Address
}

func TestAddressesBecomeGRPCTargets(t *testing.T) {
	all := tlsFiles{"ca", "cert", "key"}
	for _, test := range []struct {
		name, address string
		files         tlsFiles
		target, text  string
	}{
		{"socket", "unix:///run/router.sock", tlsFiles{}, "unix:///run/router.sock", ""},
		{"loopback", "127.0.0.1:50051", tlsFiles{}, "passthrough:///127.0.0.1:50051", ""},
		{"loopback by IPv6", "[::1]:50051", tlsFiles{}, "passthrough:///[::1]:50051", ""},
		{"loopback by name", "localhost:50051", tlsFiles{}, "passthrough:///localhost:50051", ""},
		{"loopback with TLS", "127.0.0.1:50051", all, "passthrough:///127.0.0.1:50051", ""},
		{"remote with TLS", "router.example:50051", all, "passthrough:///router.example:50051", ""},
		{"remote without TLS", "router.example:50051", tlsFiles{}, "", "is not a loopback address"},
		{"all addresses", ":50051", tlsFiles{}, "", "is not a loopback address"},
		{"socket with TLS", "unix:///run/router.sock", all, "", "must be unix:///PATH without --tls flags, or HOST:PORT"},
		{"relative socket", "unix:router.sock", tlsFiles{}, "", "must be unix:///PATH"},
		{"relative socket with slashes", "unix://router.sock", tlsFiles{}, "", "must be unix:///PATH"},
		{"a path without scheme", "/run/router.sock", tlsFiles{}, "", "must be unix:///PATH"},
		{"empty", "", tlsFiles{}, "", "must be unix:///PATH"},
		{"no key", "router.example:50051", tlsFiles{ca: "ca", cert: "cert"}, "", "must be set together"},
		{"no CA", "router.example:50051", tlsFiles{cert: "cert", key: "key"}, "", "must be set together"},
	} {
		t.Run(test.name, func(t *testing.T) {
			target, err := dialTarget(test.address, test.files)
			if target != test.target || (test.text != "" && (err == nil || !strings.Contains(err.Error(), test.text))) {
				t.Errorf("%q, %v", target, err)
			}
		})
	}
}
