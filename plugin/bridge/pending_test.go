package main

import (
	"testing"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/plugin/types"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"trafficrouter/bridge/pb"
)

func TestAStepWhoseMirrorRouteFailsReportsWhyEachTime(t *testing.T) {
	bridge, fake, _ := newBridgeAndRouter(t)
	rollout, route := newRollout("was"), &argo.SetMirrorRoute{Name: "m"}
	fake.Fail("SetMirrorRoute", status.Error(codes.Unimplemented, "Leave the step out."))
	for range 3 { // within a minute, in which other errors are reported once
		bridge.SetMirrorRoute(rollout, route)
		if got := bridge.SetWeight(rollout, 10, nil).ErrorString; got != "UNIMPLEMENTED: Leave the step out." {
			t.Errorf("SetWeight returns %q", got)
		}
	}
	if got := bridge.SetWeight(rollout, 10, nil).ErrorString; got != "" {
		t.Errorf("SetWeight returns %q without a SetMirrorRoute before it", got)
	}
	bridge.SetMirrorRoute(rollout, route)
	fake.Fail("SetMirrorRoute", nil)
	bridge.SetMirrorRoute(rollout, route)
	if got := bridge.SetWeight(rollout, 10, nil).ErrorString; got != "" {
		t.Errorf("SetWeight returns %q although the route was set since", got)
	}
}

func TestAWeightWhoseVerificationIsNotImplementedIsNotReported(t *testing.T) {
	bridge, fake, time := newBridgeAndRouter(t)
	rollout := newRollout("was")
	fake.Verify(pb.Verification_VERIFICATION_NOT_IMPLEMENTED, "This sidecar does not verify.")
	for range 4 {
		verified, failure := bridge.VerifyWeight(rollout, 25, nil)
		if verified != types.NotImplemented || failure.HasError() {
			t.Errorf("VerifyWeight returns %v %q", verified, failure.ErrorString)
		}
		time.pass(reportReasonAfter)
		if got := bridge.SetWeight(rollout, 25, nil).ErrorString; got != "" {
			t.Errorf("SetWeight returns %q", got)
		}
	}
}
