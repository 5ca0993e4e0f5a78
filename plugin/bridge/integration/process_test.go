package integration

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/client"
	router "github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/rpc"
	goplugin "github.com/hashicorp/go-plugin"

	"trafficrouter/bridge/internal/fakerouter"
)

func TestTheClientRestartsAKilledBridge(t *testing.T) {
	aws, pod := startEmulator(t), newPod(t)
	startSidecar(t, aws.url, pod)
	controller := newController(t, pod)
	setWeight(controller.reconcile(t), aws.rollout(), 10)
	before := controller.processes(t)
	if len(before) != 1 {
		t.Fatalf("%d processes of the bridge are running", len(before))
	}
	if err := syscall.Kill(before[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "the weight is set by another bridge", func() bool {
		plugin, err := client.GetTrafficPlugin(controller.name)
		return err == nil && setWeight(plugin, aws.rollout(), 25).failure == ""
	})
	if after := controller.processes(t); len(after) != 1 || after[0] == before[0] {
		t.Errorf("before %v, after %v", before, after)
	}
	if got := aws.weights()[aws.canaryGroup]; got != 25 {
		t.Errorf("the weight is %d", got)
	}
}

func TestOnlyTheHandshakeIsWrittenToStdout(t *testing.T) {
	pod := newPod(t)
	var stdout, stderr bytes.Buffer
	args := slices.Concat(pod.Bridge, []string{"--log-level", "debug"})
	bridge := exec.Command(built(t, "build/trafficrouter-bridge"), args...)
	bridge.Env = append(os.Environ(), "ARGO_ROLLOUTS_RPC_PLUGIN=trafficrouter")
	bridge.Stderr = &stderr
	output, err := bridge.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := bridge.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bridge.Process.Kill() })
	reader := bufio.NewReader(output)
	line, err := reader.ReadString('\n')
	if took := time.Since(begun); err != nil || took > time.Second {
		t.Errorf("after %v: %v", took, err)
	}
	handshake := regexp.MustCompile(`^1\|1\|unix\|(/[^|]+)\|netrpc\|\n$`).FindStringSubmatch(line)
	if handshake == nil {
		t.Fatalf("the handshake is %q", line)
	}
	attached := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: 1, MagicCookieKey: "ARGO_ROLLOUTS_RPC_PLUGIN", MagicCookieValue: "trafficrouter",
		},
		Plugins: goplugin.PluginSet{"RpcTrafficRouterPlugin": &router.RpcTrafficRouterPlugin{}},
		Reattach: &goplugin.ReattachConfig{
			Protocol: goplugin.ProtocolNetRPC, Pid: bridge.Process.Pid, Addr: &net.UnixAddr{Name: handshake[1], Net: "unix"},
		},
	})
	protocol, err := attached.Client()
	if err != nil {
		t.Fatal(err)
	}
	dispensed, err := protocol.Dispense("RpcTrafficRouterPlugin")
	if err != nil {
		t.Fatal(err)
	}
	plugin := dispensed.(router.TrafficRouterPlugin)
	rollout := newRollout(t, "{}")
	if failure := plugin.InitPlugin(); failure.HasError() {
		t.Error(failure)
	}
	if kind := plugin.Type(); kind != "trafficrouter-bridge" {
		t.Errorf("the type is %q", kind)
	}
	if failure := plugin.UpdateHash(rollout, "new", "old", nil); failure.HasError() {
		t.Error(failure)
	}
	if failure := plugin.SetWeight(rollout, 10, nil); !failure.HasError() {
		t.Error("there is no sidecar, and SetWeight succeeds")
	}
	if children, err := os.ReadFile(childrenOf(bridge.Process.Pid)); err != nil || len(children) > 0 {
		t.Errorf("children: %s %v", children, err)
	}
	go attached.Kill()
	if _, err := stdout.ReadFrom(reader); err != nil || stdout.Len() > 0 {
		t.Errorf("after the handshake: %q %v", stdout.String(), err)
	}
	_ = bridge.Wait()
	for line := range strings.Lines(stderr.String()) {
		var entry map[string]string
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["@level"] == "" {
			t.Errorf("the controller can't read a level from %s", line)
		}
	}
}

func childrenOf(pid int) string { return fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", pid) }

// run runs the bridge without a controller.
func run(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errors bytes.Buffer
	bridge := exec.Command(built(t, "build/trafficrouter-bridge"), args...)
	bridge.Stdout, bridge.Stderr = &out, &errors
	_ = bridge.Run()
	return bridge.ProcessState.ExitCode(), out.String(), errors.String()
}

func TestHealthReportsTheHealthOfTheSidecar(t *testing.T) {
	pod := newPod(t)
	status, _, stderr := run(t, pod.Health...)
	if status != 1 || !strings.HasPrefix(stderr, "trafficrouter-bridge: the sidecar at "+pod.address+" can't be reached") {
		t.Errorf("without a sidecar: %d %s", status, stderr)
	}
	aws := startEmulator(t)
	sidecar := startSidecar(t, aws.url, pod)
	if status, stdout, stderr := run(t, pod.Health...); status != 0 || stdout+stderr != "" {
		t.Errorf("with a sidecar: %d %s %s", status, stdout, stderr)
	}
	sidecar.signal(syscall.SIGSTOP)
	status, _, stderr = run(t, slices.Concat(pod.Health, []string{"--timeout", "300ms"})...)
	if status != 1 || !strings.Contains(stderr, "did not answer within 300ms") {
		t.Errorf("with a stopped sidecar: %d %s", status, stderr)
	}
	draining := newPod(t)
	fakerouter.Serve(t, draining.address).Health.Shutdown()
	status, _, stderr = run(t, draining.Health...)
	if status != 1 || !strings.Contains(stderr, "reports NOT_SERVING") {
		t.Errorf("with a sidecar that drains: %d %s", status, stderr)
	}
}

func TestInstallReplacesTheExecutableAtomically(t *testing.T) {
	directory := t.TempDir()
	wanted, err := os.ReadFile(built(t, "build/trafficrouter-bridge"))
	if err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(directory, "trafficrouter-bridge")
	if err := os.WriteFile(target, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, stdout, stderr := run(t, "--install", directory); status != 0 || stdout+stderr != "" {
		t.Fatalf("%d %s %s", status, stdout, stderr)
	}
	info, err := os.Stat(target)
	if err != nil || info.Mode() != 0o755 {
		t.Errorf("%v %v", info, err)
	}
	if copied, err := os.ReadFile(target); err != nil || !bytes.Equal(copied, wanted) {
		t.Errorf("%d bytes of %d, %v", len(copied), len(wanted), err)
	}
	if names, err := os.ReadDir(directory); err != nil || len(names) != 1 {
		t.Errorf("files in the directory: %v %v", names, err)
	}
	taken := t.TempDir()
	if err := os.Mkdir(filepath.Join(taken, "trafficrouter-bridge"), 0o700); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := run(t, "--install", taken); status != 1 || !strings.Contains(stderr, "file exists") {
		t.Errorf("over a directory: %d %s", status, stderr)
	}
	if names, err := os.ReadDir(taken); err != nil || len(names) != 1 {
		t.Errorf("files in the directory: %v %v", names, err)
	}
	missing := filepath.Join(directory, "missing")
	if status, _, stderr := run(t, "--install", missing); status != 1 || !strings.Contains(stderr, "no such file or directory") {
		t.Errorf("into a missing directory: %d %s", status, stderr)
	}
}

func TestWrongFlagsAreReportedOnStderr(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		text string
	}{
		{"address", []string{"--address", "/run/router.sock"}, `or HOST:PORT, not "/run/router.sock"`},
		{"plaintext", []string{"--address", "router.example:50051"}, "is not a loopback address"},
		{"level", []string{"--log-level", "loud"}, `--log-level must be trace, debug, info, warn, error or off, not "loud"`},
		{"timeout", []string{"--timeout", "0s"}, "--timeout must be greater than 0, not 0s"},
		{"not a duration", []string{"--timeout", "ten"}, "invalid value"},
		{"argument", []string{"serve"}, `unexpected argument "serve"`},
		{"unknown flag", []string{"--adress", "x"}, "flag provided but not defined: -adress"},
		{"without a controller", nil, "This binary is a plugin"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, stdout, stderr := run(t, test.args...)
			if status == 0 || stdout != "" || !strings.Contains(stderr, test.text) {
				t.Errorf("%d %q %q", status, stdout, stderr)
			}
		})
	}
}
