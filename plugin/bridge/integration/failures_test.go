package integration

import (
	"strings"
	"syscall"
	"testing"
	"time"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	router "github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/rpc"
	"github.com/argoproj/argo-rollouts/utils/plugin/types"
)

// eventually waits until the condition holds.
func eventually(t testing.TB, within time.Duration, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(within); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
	}
}

// A result is the error and the duration of a call.
type result struct {
	failure string
	took    time.Duration
}

func setWeight(plugin router.TrafficRouterPlugin, rollout *argo.Rollout, weight int32) result {
	begun := time.Now()
	failure := plugin.SetWeight(rollout, weight, nil).ErrorString
	return result{failure, time.Since(begun)}
}

func begin(plugin router.TrafficRouterPlugin, rollout *argo.Rollout, weight int32) <-chan result {
	ended := make(chan result, 1)
	go func() { ended <- setWeight(plugin, rollout, weight) }()
	return ended
}

func TestErrorsOfTheSidecarAreReported(t *testing.T) {
	aws, pod := startEmulator(t), newPod(t)
	startSidecar(t, aws.url, pod)
	plugin := newController(t, pod).reconcile(t)
	for _, test := range []struct {
		name, config, code, text string
	}{
		{"unknown key", `{"rulez": []}`, "INVALID_ARGUMENT", "rulez"},
		{"percent sign", `{"100%d": []}`, "INVALID_ARGUMENT", "100"},
		{"no such rule", `{"rules": [{"arn": "` + aws.rule[:len(aws.rule)-4] + `0000"}], "targetGroups": {"was-stable": "` +
			aws.stableGroup + `", "was-canary": "` + aws.canaryGroup + `"}}`, "NOT_FOUND", "listener-rule"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := setWeight(plugin, newRollout(t, test.config), 25).failure
			if !strings.HasPrefix(got, test.code+": ") || !strings.Contains(got, test.text) || strings.Contains(got, "%") {
				t.Error(got)
			}
			if verified, failure := plugin.VerifyWeight(newRollout(t, test.config), 25, nil); verified != types.NotVerified ||
				failure.HasError() {
				t.Errorf("VerifyWeight: %v %s", verified, failure)
			}
		})
	}
}

func TestAMirrorRouteIsReportedAsUnimplementedBySetWeight(t *testing.T) {
	aws, pod := startEmulator(t), newPod(t)
	startSidecar(t, aws.url, pod)
	plugin := newController(t, pod).reconcile(t)
	mirror := &argo.SetMirrorRoute{Name: "m", Match: []argo.RouteMatch{{Method: &argo.StringMatch{Exact: "GET"}}}}
	if failure := plugin.SetMirrorRoute(aws.rollout(), mirror); failure.HasError() {
		t.Error(failure)
	}
	if got := setWeight(plugin, aws.rollout(), 25).failure; !strings.HasPrefix(got, "UNIMPLEMENTED: ") {
		t.Error(got)
	}
	if got := aws.weights()[aws.canaryGroup]; got != 25 {
		t.Errorf("the weight is %d", got)
	}
}

func TestASidecarThatStartsLateIsUsed(t *testing.T) {
	aws, pod := startEmulator(t), newPod(t)
	plugin := newController(t, pod).reconcile(t)
	if got := setWeight(plugin, aws.rollout(), 25); !strings.Contains(got.failure, "no such file or directory") ||
		!strings.HasPrefix(got.failure, "UNAVAILABLE: the sidecar at "+pod.address+" can't be reached: ") {
		t.Errorf("after %v: %s", got.took, got.failure)
	}
	startSidecar(t, aws.url, pod)
	eventually(t, 2*time.Second, "the weight is set", func() bool {
		return setWeight(plugin, aws.rollout(), 25).failure == ""
	})
	if got := aws.weights()[aws.canaryGroup]; got != 25 {
		t.Errorf("the weight is %d", got)
	}
}

func TestAKilledSidecarFailsTheCallInFlightAndIsUsedAgainAfterARestart(t *testing.T) {
	aws, pod := startEmulator(t), newPod(t)
	sidecar := startSidecar(t, aws.url, pod)
	plugin := newController(t, pod).reconcile(t)
	setWeight(plugin, aws.rollout(), 10)
	atAWS := aws.slow("ModifyRule", 1)
	inFlight := begin(plugin, aws.rollout(), 25)
	eventually(t, 5*time.Second, "the call is at AWS", atAWS)
	sidecar.kill()
	got := <-inFlight
	if !strings.HasPrefix(got.failure, "UNAVAILABLE: the sidecar at ") || got.took > 5*time.Second {
		t.Errorf("after %v: %s", got.took, got.failure)
	}
	startSidecar(t, aws.url, pod)
	eventually(t, 2*time.Second, "the weight is set", func() bool {
		return setWeight(plugin, aws.rollout(), 25).failure == ""
	})
}

func TestAStoppedSidecarFailsCallsAtTheirDeadlineAndThenAtOnce(t *testing.T) {
	aws, pod := startEmulator(t), newPod(t)
	sidecar := startSidecar(t, aws.url, pod)
	timeout := 5 * time.Second
	plugin := newController(t, pod, "--timeout", timeout.String()).reconcile(t)
	setWeight(plugin, aws.rollout(), 10)
	atAWS := aws.slow("ModifyRule", 1)
	inFlight := begin(plugin, aws.rollout(), 25)
	eventually(t, 5*time.Second, "the call is at AWS", atAWS)
	sidecar.signal(syscall.SIGSTOP)
	stopped := time.Now()
	fast := make(chan string, 1)
	eventually(t, 4*time.Second, "new calls end within 100 ms", func() bool {
		go func() {
			if got := setWeight(plugin, aws.rollout(), 25); got.failure != "" && got.took < 100*time.Millisecond {
				select {
				case fast <- got.failure:
				default:
				}
			}
		}()
		return len(fast) > 0
	})
	if since := time.Since(stopped); since < 1900*time.Millisecond {
		t.Errorf("calls failed at once only %v after the stop", since)
	}
	if failure := <-fast; failure != "UNAVAILABLE: the sidecar at "+pod.address+" does not answer health checks. Check its log." {
		t.Error(failure)
	}
	if got := <-inFlight; !strings.HasPrefix(got.failure, "DEADLINE_EXCEEDED: ") ||
		got.took < timeout || got.took > timeout+time.Second {
		t.Errorf("the call in flight ended after %v: %s", got.took, got.failure)
	}
	sidecar.signal(syscall.SIGCONT)
	eventually(t, 2*time.Second, "the weight is set", func() bool {
		return setWeight(plugin, aws.rollout(), 25).failure == ""
	})
	if got := aws.weights()[aws.canaryGroup]; got != 25 {
		t.Errorf("the weight is %d", got)
	}
}

func TestTwelveConcurrentCallsSetTheWeight(t *testing.T) {
	aws, pod := startEmulator(t), newPod(t)
	startSidecar(t, aws.url, pod)
	plugin := newController(t, pod).reconcile(t)
	var calls []<-chan result
	for range 12 {
		calls = append(calls, begin(plugin, aws.rollout(), 25))
	}
	for _, call := range calls {
		if got := <-call; got.failure != "" && !strings.HasPrefix(got.failure, "ABORTED: ") {
			t.Error(got.failure)
		}
	}
	if got := aws.weights()[aws.canaryGroup]; got != 25 {
		t.Errorf("the weight is %d", got)
	}
}
