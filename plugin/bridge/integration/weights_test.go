package integration

import (
	"maps"
	"testing"

	"github.com/argoproj/argo-rollouts/utils/plugin/types"
)

func TestEachWeightIsWrittenToTheRule(t *testing.T) {
	aws, pod := startEmulator(t), newPod(t)
	startSidecar(t, aws.url, pod)
	router := newController(t, pod).reconcile(t)
	for _, weight := range []int32{10, 25, 50, 75, 100, 0} {
		if failure := router.SetWeight(aws.rollout(), weight, nil); failure.HasError() {
			t.Fatalf("SetWeight(%d): %s", weight, failure)
		}
		wanted := map[string]int{aws.stableGroup: 100 - int(weight), aws.canaryGroup: int(weight)}
		if seen := aws.weights(); !maps.Equal(seen, wanted) {
			t.Errorf("at %d the rule has %v, want %v", weight, seen, wanted)
		}
		if verified, failure := router.VerifyWeight(aws.rollout(), weight, nil); verified != types.Verified {
			t.Errorf("VerifyWeight(%d): %v %s", weight, verified, failure)
		}
	}
}
