package integration

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A process is a Python program that a test started.
type process struct {
	t   testing.TB
	cmd *exec.Cmd
}

// start runs a program of the virtual environment until the test ends. It returns the first line with the word.
func start(t testing.TB, word string, env []string, program string, args ...string) (*process, string) {
	t.Helper()
	cmd := exec.Command(built(t, ".venv/bin/"+program), args...)
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}, env...)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	err = cmd.Start()
	writer.Close() // only the program holds the pipe now, so that reading ends when the program does
	if err != nil {
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
	}
	t.Fatalf("%s did not print %q:\n%s", program, word, strings.Join(output, "\n"))
	return nil, ""
}

func (p *process) signal(number syscall.Signal) { _ = p.cmd.Process.Signal(number) }

// kill ends the process at once and waits for it.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	_ = p.cmd.Wait()
}

func startEmulator(t testing.TB) *petclinic {
	t.Helper()
	_, line := start(t, "listens on", nil, "elbv2-emulator", "--api", "127.0.0.1:0")
	return newPetclinic(t, line[strings.Index(line, "http"):])
}

func startSidecar(t testing.TB, endpoint string, pod pod) *process {
	t.Helper()
	sidecar, _ := serve(t, endpoint, pod)
	return sidecar
}

// startTCPSidecar starts a sidecar that listens on TCP too, and returns that address with its port.
func startTCPSidecar(t testing.TB, endpoint string, pod pod, flags ...string) string {
	t.Helper()
	_, line := serve(t, endpoint, pod, slices.Concat([]string{"--listen", "127.0.0.1:0"}, flags)...)
	var serving struct{ Listen []string }
	if err := json.Unmarshal([]byte(line), &serving); err != nil || len(serving.Listen) != 2 {
		t.Fatalf("%s %v", line, err)
	}
	return serving.Listen[1]
}

func serve(t testing.TB, endpoint string, pod pod, flags ...string) (*process, string) {
	t.Helper()
	return start(t, `"serving"`, []string{
		"AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=example", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ENDPOINT_URL_ELASTIC_LOAD_BALANCING_V2=" + endpoint,
	}, "elbv2-trafficrouter", slices.Concat(pod.Sidecar, flags)...)
}
