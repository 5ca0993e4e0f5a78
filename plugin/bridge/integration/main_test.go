// Package integration tests the built bridge with Argo Rollouts' own plugin client, as the controller uses it, and with
// the real sidecar and emulator. A test fails when make bridge or make .venv/installed was not run.
package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	goplugin "github.com/hashicorp/go-plugin"
)

// repository is the root of the repository, under which the programs are built.
var repository string

func TestMain(m *testing.M) {
	code, err := inNewDirectory(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// inNewDirectory runs the tests in a new directory, where the plugin client makes plugin-bin/. Its path is short enough
// for Unix sockets.
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
