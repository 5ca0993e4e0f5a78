package integration

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A process is one of the Python programs.
type process struct {
	t   testing.TB
	cmd *exec.Cmd
}

// start runs a program of the virtual environment until the test ends, and gives the first line that has the word.
func start(t testing.TB, word string, env []string, program string, args ...string) (*process, string) {
	t.Helper()
	cmd := exec.Command(built(t, ".venv/bin/"+program), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	running := &process{t, cmd}
	t.Cleanup(func() { running.signal(syscall.SIGCONT); running.kill() })
	lines := bufio.NewScanner(reader)
	var output []string
	for lines.Scan() {
		output = append(output, lines.Text())
		if strings.Contains(lines.Text(), word) {
			go io.Copy(io.Discard, reader)
			return running, lines.Text()
		}
		if strings.Contains(lines.Text(), "Error") {
			break
		}
	}
	t.Fatalf("%s did not say %q:\n%s", program, word, strings.Join(output, "\n"))
	return nil, ""
}

func (p *process) signal(number syscall.Signal) { _ = p.cmd.Process.Signal(number) }

// kill ends it without a chance to say goodbye.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
}

func startEmulator(t testing.TB) *petclinic {
	t.Helper()
	_, line := start(t, "listens on", nil, "elbv2-emulator", "--api", "127.0.0.1:0")
	return newPetclinic(t, line[strings.Index(line, "http"):])
}

func startSidecar(t testing.TB, endpoint, listen string, args ...string) *process {
	t.Helper()
	sidecar, _ := serve(t, endpoint, listen, args...)
	return sidecar
}

// startTCPSidecar gives the address with the port that was free.
func startTCPSidecar(t testing.TB, endpoint string, args ...string) string {
	t.Helper()
	_, line := serve(t, endpoint, "127.0.0.1:0", args...)
	var serving struct{ Listen []string }
	if err := json.Unmarshal([]byte(line), &serving); err != nil || len(serving.Listen) != 1 {
		t.Fatalf("%s %v", line, err)
	}
	return serving.Listen[0]
}

func serve(t testing.TB, endpoint, listen string, args ...string) (*process, string) {
	t.Helper()
	return start(t, `"serving"`, []string{
		"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2=" + endpoint,
	}, "elbv2-trafficrouter", append([]string{"serve", "--listen", listen}, args...)...)
}

// socket is a new path for a Unix socket, short enough for one.
func socket(t testing.TB) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "s-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	return "unix://" + directory + "/router.sock"
}
