package integration

import (
	"path/filepath"
	"strings"
	"testing"

	"trafficrouter/bridge/internal/certificates"
)

func TestTCPRequiresCertificatesOfBothSides(t *testing.T) {
	aws, directory, authority := startEmulator(t), t.TempDir(), certificates.NewAuthority(t)
	file := func(name string) string { return filepath.Join(directory, name) }
	authority.Issue(t, "sidecar", file("ca"), file("server-cert"), file("server-key"))
	authority.Issue(t, "bridge", file("ca"), file("cert"), file("key"))
	certificates.NewAuthority(t).Issue(t, "stranger", file("stranger-ca"), file("stranger-cert"), file("stranger-key"))
	pod := newPod(t)
	address := startTCPSidecar(t, aws.url, pod,
		"--tls-cert", file("server-cert"), "--tls-key", file("server-key"), "--tls-client-ca", file("ca"))
	for _, test := range []struct{ name, ca, cert, key, failure string }{
		{"both trusted", "ca", "cert", "key", ""},
		{"untrusted bridge", "ca", "stranger-cert", "stranger-key", "UNAVAILABLE: "},
		{"untrusted sidecar", "stranger-ca", "cert", "key", "UNAVAILABLE: "},
		{"missing certificate", "ca", "missing", "key", "UNAVAILABLE: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			plugin := newController(t, pod, "--address", address,
				"--tls-ca", file(test.ca), "--tls-cert", file(test.cert), "--tls-key", file(test.key)).reconcile(t)
			got := setWeight(plugin, aws.rollout(), 25).failure
			if (test.failure == "") != (got == "") || !strings.HasPrefix(got, test.failure) {
				t.Error(got)
			}
		})
	}
	plugin := newController(t, pod, "--address", address).reconcile(t)
	if got := setWeight(plugin, aws.rollout(), 25).failure; !strings.HasPrefix(got, "UNAVAILABLE: ") {
		t.Errorf("without TLS: %s", got)
	}
}
