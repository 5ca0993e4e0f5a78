package integration

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A pod has the arguments of its programs from the rendered manifest, and volumes of its own.
type pod struct {
	Volumes, Sidecar, Bridge, Health []string
	address                          string // of the sidecar, as the bridge dials it
}

const anyVolumes = "/volumes"

// rendered reads the manifest with the same code as the Python tests.
var rendered = sync.OnceValues(func() (string, error) {
	reader := exec.Command(filepath.Join(repository, ".venv/bin/python"), "-m", "support.manifest", anyVolumes)
	reader.Dir = filepath.Join(repository, "tests")
	reader.Stderr = os.Stderr
	output, err := reader.Output()
	return string(output), err
})

func newPod(t testing.TB) pod {
	t.Helper()
	text, err := rendered()
	if err != nil {
		t.Fatalf("render the manifest: %v", err)
	}
	directory, err := os.MkdirTemp("", "p-") // the path of t.TempDir() is too long for a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	var p pod
	if err := json.Unmarshal([]byte(strings.ReplaceAll(text, anyVolumes, directory)), &p); err != nil {
		t.Fatal(err)
	}
	for _, volume := range p.Volumes {
		if err := os.Mkdir(volume, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	socket := slices.IndexFunc(p.Bridge, func(word string) bool { return strings.HasPrefix(word, "unix://") })
	if socket < 0 {
		t.Fatalf("there is no socket in %q", p.Bridge)
	}
	p.address = p.Bridge[socket]
	return p
}
