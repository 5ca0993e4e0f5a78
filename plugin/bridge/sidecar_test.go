package main

import (
	"context"
	"io"
	"math"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"

	"trafficrouter/bridge/internal/fakerouter"
	"trafficrouter/bridge/pb"
)

// atOnce is the longest time that a call may take when it does not wait for anything.
const atOnce = 100 * time.Millisecond

// timed calls SetWeight, and returns its error and its duration.
func timed(bridge *plugin, rollout string) (string, time.Duration) {
	begun := time.Now()
	failure := bridge.SetWeight(newRollout(rollout), 25, nil).ErrorString
	return failure, time.Since(begun)
}

// failsFast waits until new calls fail at once with an error that contains the text. Slower calls are ignored.
func failsFast(t *testing.T, bridge *plugin, within time.Duration, text string) {
	t.Helper()
	var fast atomic.Bool
	eventually(t, within, "calls fail fast with "+text, func() bool {
		go func() {
			failure, took := timed(bridge, "probe")
			if took < atOnce && strings.Contains(failure, text) {
				fast.Store(true)
			}
		}()
		return fast.Load()
	})
}

// hanging blocks SetWeight for the Rollout "slow" until its deadline.
func hanging(ctx context.Context, request proto.Message) {
	if set, isSet := request.(*pb.SetWeightRequest); isSet && set.Rollout.Metadata.Name == "slow" {
		<-ctx.Done()
	}
}

func TestACallEndsAtItsDeadlineWhichTheSidecarSees(t *testing.T) {
	address := socket(t)
	bridge, _ := newBridge(t, address, 300*time.Millisecond)
	var left atomic.Int64
	router, over := fakerouter.Serve(t, address), make(chan struct{})
	t.Cleanup(func() { close(over) })
	router.Wait(func(ctx context.Context, _ proto.Message) {
		deadline, _ := ctx.Deadline()
		left.Store(int64(time.Until(deadline)))
		<-over // its own deadline may pass just before the bridge's, and its answer would still arrive
	})
	failure, took := timed(bridge, "was")
	wanted := "DEADLINE_EXCEEDED: the sidecar at " + address + " did not answer within 300ms. Check its log."
	if failure != wanted || took < 290*time.Millisecond || took > time.Second {
		t.Errorf("after %v: %s", took, failure)
	}
	if seen := time.Duration(left.Load()); seen < 200*time.Millisecond || seen > 300*time.Millisecond {
		t.Errorf("the sidecar saw a deadline in %v", seen)
	}
}

func TestASlowCallDoesNotFailOtherCalls(t *testing.T) {
	t.Parallel()
	address := socket(t)
	fakerouter.Serve(t, address).Wait(hanging)
	bridge, _ := newBridge(t, address, 4*checkEvery)
	ended := make(chan struct{})
	go func() { defer close(ended); timed(bridge, "slow") }()
	for calls := 0; ; calls++ {
		select {
		case <-ended:
			if calls == 0 {
				t.Error("the slow call was not slow")
			}
			return
		case <-time.After(50 * time.Millisecond):
			if failure, _ := timed(bridge, "was"); failure != "" {
				t.Fatal(failure)
			}
		}
	}
}

func TestAnyAnswerToAHealthCheckKeepsTheSidecarInUse(t *testing.T) {
	t.Parallel()
	drained, bare := socket(t), socket(t)
	fakerouter.Serve(t, drained).Health.SetServingStatus("", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	listener, err := net.Listen("unix", strings.TrimPrefix(bare, "unix://"))
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterTrafficRouterServer(server, pb.UnimplementedTrafficRouterServer{})
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	for address, wanted := range map[string]string{drained: "", bare: "UNIMPLEMENTED: method SetWeight not implemented"} {
		bridge, _ := newBridge(t, address, time.Second)
		for begun := time.Now(); time.Since(begun) < (maxFailedChecks+1)*checkEvery; time.Sleep(checkEvery / 4) {
			if failure, _ := timed(bridge, "was"); failure != wanted {
				t.Fatalf("got %q, want %q", failure, wanted)
			}
		}
	}
}

func TestAMissingSidecarIsReportedAtOnceAndUsedWithinASecondOfItsStart(t *testing.T) {
	t.Parallel()
	address := socket(t)
	bridge, _ := newBridge(t, address, 5*time.Second)
	missing := "UNAVAILABLE: the sidecar at " + address + " can't be reached: "
	for begun := time.Now(); time.Since(begun) < 3*time.Second; time.Sleep(checkEvery / 4) { // until the backoff is longest
		if failure, took := timed(bridge, "was"); !strings.HasPrefix(failure, missing) || took > atOnce ||
			!strings.Contains(failure, "no such file or directory") {
			t.Fatalf("after %v: %s", took, failure)
		}
	}
	router := fakerouter.Serve(t, address)
	works := func() bool { failure, _ := timed(bridge, "was"); return failure == "" }
	isFound := func() {
		t.Helper()
		eventually(t, 1200*time.Millisecond, "there is a connection", func() bool {
			return bridge.sidecar.conn.GetState() == connectivity.Ready
		})
		eventually(t, atOnce, "calls succeed as soon as there is a connection", works)
	}
	isFound()
	router.Stop()
	for begun := time.Now(); time.Since(begun) < 3*time.Second; time.Sleep(checkEvery / 4) {
		if works() {
			t.Fatal("a stopped sidecar answers")
		}
	}
	fakerouter.Serve(t, address)
	isFound()
}

// A relay forwards TCP connections to a Unix socket. It accepts but does not forward the first `lost` of them.
type relay struct {
	net.Listener
	made, lost atomic.Int64
}

// breakDown stops forwarding all connections, including new ones.
func (r *relay) breakDown() { r.lost.Store(math.MaxInt64) }

// recover forwards new connections again.
func (r *relay) recover() { r.lost.Store(r.made.Load()) }

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{Listener: listener}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("unix", strings.TrimPrefix(target, "unix://"))
			if err != nil {
				near.Close()
				continue
			}
			t.Cleanup(func() { near.Close(); far.Close() })
			number := r.made.Add(1)
			go r.carry(number, near, far)
			go r.carry(number, far, near)
		}
	}()
	return r
}

func (r *relay) carry(number int64, from io.Reader, to io.WriteCloser) {
	defer to.Close()
	for buffer := make([]byte, 1<<16); ; {
		count, err := from.Read(buffer)
		if err != nil {
			return
		}
		if number <= r.lost.Load() {
			continue
		}
		if _, err := to.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func TestCallsFailFastWhenTheConnectionBecomesABlackHole(t *testing.T) {
	t.Parallel()
	target := socket(t)
	fakerouter.Serve(t, target)
	network := newRelay(t, target)
	timeout := 4 * checkEvery
	bridge, _ := newBridge(t, network.Addr().String(), timeout)
	if failure, _ := timed(bridge, "was"); failure != "" {
		t.Fatal(failure)
	}
	network.breakDown()
	begun, ended := time.Now(), make(chan string, 2)
	go func() { failure, _ := timed(bridge, "was"); ended <- failure }()
	eventually(t, 3*checkEvery, "a health check is not answered", func() bool { return bridge.sidecar.failedChecks.Load() == 1 })
	go func() { failure, _ := timed(bridge, "was"); ended <- failure }()
	select {
	case failure := <-ended:
		t.Fatalf("a call failed after one failed health check: %s", failure)
	case <-time.After(atOnce):
	}
	failsFast(t, bridge, 2*checkEvery, "does not answer health checks")
	for range 2 {
		if failure := <-ended; !strings.HasPrefix(failure, "DEADLINE_EXCEEDED: ") || time.Since(begun) < timeout-atOnce {
			t.Errorf("a call in flight ended after %v: %s", time.Since(begun), failure)
		}
	}
	// Only keepalive detects that this connection is dead for good.
	network.recover()
	eventually(t, 15*time.Second, "another connection is made", func() bool {
		failure, took := timed(bridge, "was")
		if took > timeout/2 {
			t.Errorf("after %v: %s", took, failure)
		}
		return failure == ""
	})
}

func TestCallsFailFastWhenTheAddressIsABlackHole(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{"accepts connections": silentListener(t), "drops connections": fullListener(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bridge, _ := newBridge(t, address, 6*time.Second)
			if failure, took := timed(bridge, "was"); !strings.HasPrefix(failure, "UNAVAILABLE: ") || took > 3*time.Second {
				t.Errorf("the first call ended after %v: %s", took, failure)
			}
			for begun := time.Now(); time.Since(begun) < 3*time.Second; time.Sleep(checkEvery / 10) {
				if failure, took := timed(bridge, "was"); !strings.HasPrefix(failure, "UNAVAILABLE: ") || took > atOnce {
					t.Fatalf("after %v: %s", took, failure)
				}
			}
		})
	}
}

func silentListener(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

// fullListener has a full queue of connections, so that the kernel silently drops new ones.
func fullListener(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }); err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	for {
		connection, err := net.DialTimeout("tcp", address, atOnce)
		if err != nil {
			return address
		}
		t.Cleanup(func() { connection.Close() })
	}
}

func TestTwelveCallsRunConcurrently(t *testing.T) {
	address := socket(t)
	all, in := make(chan struct{}), atomic.Int32{}
	fakerouter.Serve(t, address).Wait(func(ctx context.Context, _ proto.Message) {
		if in.Add(1) == 12 {
			close(all)
		}
		select {
		case <-all:
		case <-ctx.Done():
		}
	})
	bridge, _ := newBridge(t, address, 5*time.Second)
	failures := make(chan string)
	for range 12 {
		go func() { failure, _ := timed(bridge, "was"); failures <- failure }()
	}
	for range 12 {
		if failure := <-failures; failure != "" {
			t.Error(failure)
		}
	}
}

func TestNoGoroutineIsLeftRunning(t *testing.T) {
	address, before := socket(t), runtime.NumGoroutine()
	router := fakerouter.Serve(t, address)
	bridge, _ := newBridge(t, address, time.Second)
	for range 100 {
		timed(bridge, "was")
	}
	bridge.sidecar.conn.Close()
	router.Stop()
	eventually(t, 3*time.Second, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
}
