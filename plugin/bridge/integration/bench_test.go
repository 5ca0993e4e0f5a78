package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"trafficrouter/bridge/pb"
)

// BenchmarkSetWeight compares the time of a SetWeight through the bridge with that of a direct gRPC call, in turns.
func BenchmarkSetWeight(b *testing.B) {
	aws, pod := startEmulator(b), newPod(b)
	startSidecar(b, aws.url, pod)
	controller := newController(b, pod)
	plugin, rollout := controller.reconcile(b), aws.rollout()
	connection, err := grpc.NewClient(pod.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { connection.Close() })
	direct, request := pb.NewTrafficRouterClient(connection), &pb.SetWeightRequest{DesiredWeight: proto.Int32(25)}
	raw, err := json.Marshal(map[string]any{"rollout": rollout, "desiredWeight": 25})
	if err != nil {
		b.Fatal(err)
	}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, request); err != nil {
		b.Fatal(err)
	}
	setWeight(plugin, rollout, 25)

	var bridged, directly []time.Duration
	for b.Loop() {
		got := setWeight(plugin, rollout, 25)
		begun := time.Now()
		_, err := direct.SetWeight(b.Context(), request)
		bridged, directly = append(bridged, got.took), append(directly, time.Since(begun))
		if got.failure != "" || err != nil {
			b.Fatal(got.failure, err)
		}
	}
	b.ReportMetric(0, "ns/op")
	for name, durations := range map[string][]time.Duration{"bridge": bridged, "direct": directly} {
		slices.Sort(durations)
		for _, percent := range []int{50, 99} {
			milliseconds := durations[(len(durations)-1)*percent/100].Seconds() * 1000
			b.ReportMetric(milliseconds, fmt.Sprintf("%s-p%d-ms", name, percent))
		}
	}
	b.ReportMetric(residentMiB(b, controller.processes(b)[0]), "bridge-resident-MiB")
	executable, err := os.Stat(built(b, "build/trafficrouter-bridge"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(executable.Size())/(1<<20), "bridge-file-MiB")
}

func residentMiB(b *testing.B, pid int) float64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	var kibibytes float64
	if _, err := fmt.Sscan(after, &kibibytes); err != nil {
		b.Fatal(err)
	}
	return kibibytes / 1024
}

// BenchmarkStart measures the time until a bridge that the controller starts is ready.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		controller := newController(b, newPod(b))
		b.StartTimer()
		controller.reconcile(b)
	}
}
