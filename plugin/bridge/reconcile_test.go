package main

import (
	"testing"
	"time"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	router "github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/rpc"
	"github.com/argoproj/argo-rollouts/utils/plugin/types"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"trafficrouter/bridge/pb"
)

// A reconcile makes the calls of one reconcile of Argo Rollouts 1.10, as far as its outcome depends on the plugin.
type reconcile struct {
	weight       int32
	aborted      bool
	atHeaderStep bool
}

type outcome string

const (
	endsSilently outcome = "ends without an event"
	passes       outcome = "passes the step, or promotes"
	asksAgain    outcome = "asks again after a while"
	isStuck      outcome = "is stuck"
)

func (r reconcile) run(plugin router.TrafficRouterPlugin, rollout *argo.Rollout) outcome {
	if r.aborted && plugin.RemoveManagedRoutes(rollout).HasError() {
		return endsSilently
	}
	if r.atHeaderStep && plugin.SetHeaderRoute(rollout, &argo.SetHeaderRoute{Name: "beta"}).HasError() {
		return endsSilently
	}
	if plugin.UpdateHash(rollout, "new", "old", nil).HasError() {
		return endsSilently
	}
	if failure := plugin.SetWeight(rollout, r.weight, nil); failure.HasError() {
		return event(failure.ErrorString)
	}
	verified, failure := plugin.VerifyWeight(rollout, r.weight, nil)
	switch {
	case failure.HasError() && r.weight < 100:
		return isStuck
	case verified == types.NotVerified && !failure.HasError():
		return asksAgain
	}
	return passes
}

// event is the outcome when SetWeight returns an error: an event with its text, and a retry.
func event(text string) outcome { return outcome("event: " + text) }

// Each type is the bridge with one protection removed.
type (
	updateHashFails         struct{ *plugin }
	removalFails            struct{ *plugin }
	verificationFails       struct{ *plugin }
	routeFails              struct{ *plugin }
	routeErrorIgnored       struct{ *plugin }
	removalReportedEachTime struct{ *plugin }
	reasonNeverReported     struct{ *plugin }
	reasonReportedEachTime  struct{ *plugin }
)

func (p updateHashFails) UpdateHash(rollout *argo.Rollout, canary, stable string, _ []argo.WeightDestination) types.RpcError {
	_, failure := call(p.plugin, p.sidecar.UpdateHash, &pb.UpdateHashRequest{}, rollout, fields{})
	return types.RpcError{ErrorString: failure}
}

func (p removalFails) RemoveManagedRoutes(rollout *argo.Rollout) types.RpcError {
	_, failure := call(p.plugin, p.sidecar.RemoveManagedRoutes, &pb.RemoveManagedRoutesRequest{}, rollout, fields{})
	return types.RpcError{ErrorString: failure}
}

func (p verificationFails) VerifyWeight(
	rollout *argo.Rollout, weight int32, _ []argo.WeightDestination,
) (types.RpcVerified, types.RpcError) {
	request, params := &pb.VerifyWeightRequest{}, fields{"desiredWeight": weight}
	_, failure := call(p.plugin, p.sidecar.VerifyWeight, request, rollout, params)
	return types.NotVerified, types.RpcError{ErrorString: failure}
}

func (p routeFails) SetHeaderRoute(rollout *argo.Rollout, route *argo.SetHeaderRoute) types.RpcError {
	_, failure := call(p.plugin, p.sidecar.SetHeaderRoute, &pb.SetHeaderRouteRequest{}, rollout, fields{})
	return types.RpcError{ErrorString: failure}
}

func (p routeErrorIgnored) SetHeaderRoute(*argo.Rollout, *argo.SetHeaderRoute) types.RpcError {
	return success
}

func (p removalReportedEachTime) SetWeight(rollout *argo.Rollout, weight int32, extra []argo.WeightDestination) types.RpcError {
	p.pending.update(rollout, func(t *troubles) { t.removalReported = time.Time{} })
	return p.plugin.SetWeight(rollout, weight, extra)
}

func (p reasonNeverReported) SetWeight(rollout *argo.Rollout, weight int32, extra []argo.WeightDestination) types.RpcError {
	p.pending.update(rollout, func(t *troubles) { t.reason = "" })
	return p.plugin.SetWeight(rollout, weight, extra)
}

func (p reasonReportedEachTime) SetWeight(rollout *argo.Rollout, weight int32, extra []argo.WeightDestination) types.RpcError {
	p.pending.update(rollout, func(t *troubles) { t.reasonReported = time.Time{} })
	return p.plugin.SetWeight(rollout, weight, extra)
}

var down = status.Error(codes.Unavailable, "AWS fails. Try again.")

func TestAFailedVerificationHoldsTheRolloutUntilAnotherOneSucceeds(t *testing.T) {
	bridge, fake, _ := newBridgeAndRouter(t)
	fake.Fail("VerifyWeight", down)
	for _, test := range []struct {
		name   string
		plugin router.TrafficRouterPlugin
		weight int32
		wanted outcome
	}{
		{"at the maximum", bridge, 100, asksAgain},
		{"in between", bridge, 50, asksAgain},
		{"at the maximum without the protection, an unverified weight is promoted", verificationFails{bridge}, 100, passes},
		{"in between without the protection, the Rollout is stuck", verificationFails{bridge}, 50, isStuck},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := (reconcile{weight: test.weight}).run(test.plugin, newRollout(test.name)); got != test.wanted {
				t.Errorf("the reconcile %s", got)
			}
		})
	}
}

func TestEachVerificationIsForwarded(t *testing.T) {
	bridge, fake, _ := newBridgeAndRouter(t)
	for verification, wanted := range map[pb.Verification]types.RpcVerified{
		pb.Verification_VERIFICATION_UNSPECIFIED:     types.NotVerified,
		pb.Verification_VERIFICATION_NOT_VERIFIED:    types.NotVerified,
		pb.Verification_VERIFICATION_VERIFIED:        types.Verified,
		pb.Verification_VERIFICATION_NOT_IMPLEMENTED: types.NotImplemented,
		pb.Verification(77):                          types.NotVerified,
	} {
		fake.Verify(verification, "")
		if got, failure := bridge.VerifyWeight(newRollout("was"), 50, nil); got != wanted || failure.HasError() {
			t.Errorf("%v becomes %v %v, want %v", verification, got, failure, wanted)
		}
	}
}

func TestAFailedUpdateHashDoesNotPreventSetWeight(t *testing.T) {
	bridge, fake, _ := newBridgeAndRouter(t)
	fake.Fail("UpdateHash", down)
	if got := (reconcile{weight: 25}).run(bridge, newRollout("was")); got != passes || fake.Weight("was") != 25 {
		t.Errorf("the reconcile %s, at weight %d", got, fake.Weight("was"))
	}
	without := reconcile{weight: 25}.run(updateHashFails{bridge}, newRollout("harmed"))
	if without != endsSilently || fake.Weight("harmed") != -1 {
		t.Errorf("without the protection the reconcile %s, at weight %d", without, fake.Weight("harmed"))
	}
}

func TestAFailedRemovalDoesNotDelayAnAbort(t *testing.T) {
	bridge, fake, time := newBridgeAndRouter(t)
	fake.Fail("RemoveManagedRoutes", status.Error(codes.PermissionDenied, "Allow it."))
	abort, denied := reconcile{aborted: true}, event("PERMISSION_DENIED: Allow it.")
	bridge.SetWeight(newRollout("was"), 50, nil)
	if got := abort.run(bridge, newRollout("was")); got != denied || fake.Weight("was") != 0 {
		t.Errorf("at first the reconcile %s, at weight %d", got, fake.Weight("was"))
	}
	if got := abort.run(bridge, newRollout("was")); got != passes {
		t.Errorf("then the reconcile %s", got)
	}
	time.pass(reportEvery)
	if got := abort.run(bridge, newRollout("was")); got != denied {
		t.Errorf("a minute later the reconcile %s", got)
	}

	bridge.SetWeight(newRollout("harmed"), 50, nil)
	without := abort.run(removalFails{bridge}, newRollout("harmed"))
	if without != endsSilently || fake.Weight("harmed") != 50 {
		t.Errorf("without the protection the reconcile %s, at weight %d", without, fake.Weight("harmed"))
	}
	for range 100 {
		if got := abort.run(removalReportedEachTime{bridge}, newRollout("held")); got != denied {
			t.Fatalf("without the limit the reconcile %s", got)
		}
	}
}

func TestTheReasonOfAnUnverifiedWeightIsReported(t *testing.T) {
	shown := event("NOT_VERIFIED: was-canary has 1 of 3 healthy targets.")
	for _, test := range []struct {
		name   string
		plugin func(*plugin) router.TrafficRouterPlugin
		wanted map[outcome]int
	}{
		{"once a minute", func(p *plugin) router.TrafficRouterPlugin { return p }, map[outcome]int{shown: 2, asksAgain: 11}},
		{
			"never without the protection",
			func(p *plugin) router.TrafficRouterPlugin { return reasonNeverReported{p} }, map[outcome]int{asksAgain: 13},
		},
		{
			"each time without the limit, so that VerifyWeight is no longer called",
			func(p *plugin) router.TrafficRouterPlugin { return reasonReportedEachTime{p} }, map[outcome]int{shown: 10, asksAgain: 3},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			bridge, fake, time := newBridgeAndRouter(t)
			fake.Verify(pb.Verification_VERIFICATION_NOT_VERIFIED, "was-canary has 1 of 3 healthy targets.")
			seen := map[outcome]int{}
			for range 13 {
				seen[reconcile{weight: 50}.run(test.plugin(bridge), newRollout("was"))]++
				time.pass(seconds(10))
			}
			for what, times := range test.wanted {
				if seen[what] != times {
					t.Errorf("in two minutes the reconcile %d times %s, want %d times", seen[what], what, times)
				}
			}
			if fake.Weight("was") != 50 {
				t.Errorf("the weight is %d", fake.Weight("was"))
			}
		})
	}
}

func TestAStepWhoseHeaderRouteFailsReportsWhyAndDoesNotPass(t *testing.T) {
	bridge, fake, _ := newBridgeAndRouter(t)
	fake.Fail("SetHeaderRoute", status.Error(codes.Unimplemented, "Leave the step out."))
	step := reconcile{weight: 10, atHeaderStep: true}
	for range 3 {
		got := step.run(bridge, newRollout("was"))
		if got != event("UNIMPLEMENTED: Leave the step out.") || fake.Weight("was") != 10 {
			t.Errorf("the reconcile %s, at weight %d", got, fake.Weight("was"))
		}
	}
	without := step.run(routeFails{bridge}, newRollout("harmed"))
	if without != endsSilently || fake.Weight("harmed") != -1 {
		t.Errorf("without the protection the reconcile %s, at weight %d", without, fake.Weight("harmed"))
	}
	if got := step.run(routeErrorIgnored{bridge}, newRollout("forgotten")); got != passes {
		t.Errorf("without the error in SetWeight the reconcile %s", got)
	}
	fake.Fail("SetHeaderRoute", nil)
	if got := step.run(bridge, newRollout("was")); got != passes {
		t.Errorf("with the route set the reconcile %s", got)
	}
}

func TestAFailedMirrorRouteIsReportedBySetWeight(t *testing.T) {
	bridge, fake, _ := newBridgeAndRouter(t)
	fake.Fail("SetMirrorRoute", status.Error(codes.Unimplemented, "Leave the step out."))
	if failure := bridge.SetMirrorRoute(newRollout("was"), &argo.SetMirrorRoute{Name: "m"}); failure.HasError() {
		t.Errorf("SetMirrorRoute returns %s", failure)
	}
	if failure := bridge.SetWeight(newRollout("was"), 10, nil); failure.ErrorString != "UNIMPLEMENTED: Leave the step out." {
		t.Errorf("SetWeight returns %q", failure)
	}
}
