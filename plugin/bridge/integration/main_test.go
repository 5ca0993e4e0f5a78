// Package integration drives the built bridge by Argo Rollouts' own plugin client, as the controller does, and behind
// it the real sidecar and emulator. What is missing (make bridge, .venv) fails a test.
package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	goplugin "github.com/hashicorp/go-plugin"
)

// repository is where everything that was built lies.
var repository string

func TestMain(m *testing.M) {
	code, err := inNewDirectory(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// inNewDirectory runs where the controller's plugin-bin/ may be made, with paths short enough for Unix sockets.
func inNewDirectory(run func() int) (int, error) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		return 0, err
	}
	repository = root
	directory, err := os.MkdirTemp("", "bridge-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(directory)
	if err := os.Chdir(directory); err != nil {
		return 0, err
	}
	defer goplugin.CleanupClients()
	return run(), nil
}

func built(t testing.TB, path string) string {
	t.Helper()
	whole := filepath.Join(repository, path)
	if _, err := os.Stat(whole); err != nil {
		t.Fatalf("%s is missing: run make bridge and make .venv/installed", path)
	}
	return whole
}
