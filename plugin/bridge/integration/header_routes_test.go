package integration

import (
	"testing"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
)

func TestAHeaderRouteIsCreatedAndRemoved(t *testing.T) {
	aws, pod := startEmulator(t), newPod(t)
	startSidecar(t, aws.url, pod)
	router := newController(t, pod).reconcile(t)
	vets := &argo.SetHeaderRoute{Name: "vets", Match: []argo.HeaderRoutingMatch{
		{HeaderName: "X-Role", HeaderValue: &argo.StringMatch{Prefix: "vet"}},
	}}
	if failure := router.SetHeaderRoute(aws.rollout(), vets); failure.HasError() {
		t.Fatal(failure)
	}
	if seen := aws.priorities()[aws.canaryGroup]; seen != "99" {
		t.Errorf("the header route's rule has priority %q, want 99", seen)
	}
	if failure := setWeight(router, aws.rollout(), 25).failure; failure != "" {
		t.Error(failure)
	}
	if failure := router.SetHeaderRoute(aws.rollout(), &argo.SetHeaderRoute{Name: "vets"}); failure.HasError() {
		t.Fatal(failure)
	}
	if seen, found := aws.priorities()[aws.canaryGroup]; found {
		t.Errorf("without a match the rule is still there, with priority %s", seen)
	}
	router.SetHeaderRoute(aws.rollout(), vets)
	if failure := router.RemoveManagedRoutes(aws.rollout()); failure.HasError() {
		t.Fatal(failure)
	}
	if seen, found := aws.priorities()[aws.canaryGroup]; found {
		t.Errorf("RemoveManagedRoutes left the rule with priority %s", seen)
	}
}
