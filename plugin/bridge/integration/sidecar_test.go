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
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	err = cmd.Start()
	writer.Close() // the program's own copy is the last: its end is the end of its output
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

func startSidecar(t testing.TB, endpoint string, pod pod) *process {
	t.Helper()
	sidecar, _ := serve(t, endpoint, pod)
	return sidecar
}

// startTCPSidecar listens on TCP too, and gives that address with the port that was free.
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
