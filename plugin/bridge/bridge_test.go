package main

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/hashicorp/go-hclog"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"trafficrouter/bridge/internal/fakerouter"
)

// A clock advances only when the test says so.
type clock struct {
	mutex sync.Mutex
	at    time.Time
}

func newClock() *clock { return &clock{at: time.Unix(1_800_000_000, 0)} }

func (c *clock) now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.at
}

func (c *clock) pass(duration time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.at = c.at.Add(duration)
}

func newPendingErrors(time *clock) *pendingErrors {
	return &pendingErrors{now: time.now, rollouts: map[rolloutKey]troubles{}}
}

// newBridge returns a bridge to the sidecar at the address, which need not be running.
func newBridge(t *testing.T, address string, timeout time.Duration, files ...tlsFiles) (*plugin, *clock) {
	t.Helper()
	sidecar, err := newSidecar(address, append(files, tlsFiles{})[0], timeout)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sidecar.conn.Close() })
	time := newClock()
	return &plugin{sidecar, newPendingErrors(time), hclog.NewNullLogger()}, time
}

func newBridgeAndRouter(t *testing.T) (*plugin, *fakerouter.Router, *clock) {
	t.Helper()
	address := socket(t)
	router := fakerouter.Serve(t, address)
	bridge, time := newBridge(t, address, 5*time.Second)
	return bridge, router, time
}

// socket returns an address whose path is short enough for a Unix socket.
func socket(t *testing.T) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "bridge-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	return "unix://" + filepath.Join(directory, "router.sock")
}

func newRollout(name string) *argo.Rollout {
	return &argo.Rollout{
		ObjectMeta: metav1.ObjectMeta{Namespace: "petclinic", Name: name, UID: types.UID("uid-" + name)},
		Spec: argo.RolloutSpec{Strategy: argo.RolloutStrategy{Canary: &argo.CanaryStrategy{
			StableService: "was-stable", CanaryService: "was-canary",
		}}},
	}
}

// eventually waits until the condition holds.
func eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}
