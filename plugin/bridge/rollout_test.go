package main

import (
	"encoding/json"
	"testing"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"trafficrouter/bridge/pb"
)

func TestZerosThatGobDropsAreRestored(t *testing.T) {
	ten := int32(10)
	for _, test := range []struct {
		name   string
		change func(*argo.Rollout)
		wanted func(*pb.Rollout) bool
	}{
		{"replicas", func(*argo.Rollout) {}, func(r *pb.Rollout) bool { return r.Spec.Replicas != nil && *r.Spec.Replicas == 0 }},
		{
			"replicas that are set are kept", func(r *argo.Rollout) { r.Spec.Replicas = &ten },
			func(r *pb.Rollout) bool { return r.Spec.GetReplicas() == 10 },
		},
		{
			"no current step without steps", func(*argo.Rollout) {},
			func(r *pb.Rollout) bool { return r.Status.CurrentStepIndex == nil },
		},
		{
			"current step 0", func(r *argo.Rollout) { r.Spec.Strategy.Canary.Steps = []argo.CanaryStep{{SetWeight: &ten}} },
			func(r *pb.Rollout) bool { return r.Status.CurrentStepIndex != nil && *r.Status.CurrentStepIndex == 0 },
		},
		{
			"a current step that is set is kept",
			func(r *argo.Rollout) {
				r.Spec.Strategy.Canary.Steps, r.Status.CurrentStepIndex = []argo.CanaryStep{{SetWeight: &ten}}, &ten
			},
			func(r *pb.Rollout) bool { return r.Status.GetCurrentStepIndex() == 10 },
		},
		{
			"weight 0 of a step without other fields",
			func(r *argo.Rollout) {
				r.Spec.Strategy.Canary.Steps = []argo.CanaryStep{{}, {Pause: &argo.RolloutPause{}}, {SetWeight: &ten}}
			},
			func(r *pb.Rollout) bool {
				steps := r.Spec.Strategy.Canary.Steps
				return steps[0].SetWeight != nil && *steps[0].SetWeight == 0 &&
					steps[1].SetWeight == nil && steps[1].Pause != nil && *steps[2].SetWeight == 10
			},
		},
		{"no canary", func(r *argo.Rollout) { r.Spec.Strategy.Canary = nil }, func(r *pb.Rollout) bool { return r.Spec.Strategy.Canary == nil }},
	} {
		t.Run(test.name, func(t *testing.T) {
			rollout, request := newRollout("was"), &pb.SetWeightRequest{}
			test.change(rollout)
			if err := fill(request, rollout, fields{}); err != nil {
				t.Fatal(err)
			}
			if !test.wanted(request.Rollout) {
				t.Errorf("%v", request.Rollout)
			}
		})
	}
}

func TestTheSelectorOfAReferencedWorkloadIsKept(t *testing.T) {
	rollout, request := newRollout("was"), &pb.SetWeightRequest{}
	rollout.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "was"}}
	rollout.Spec.SelectorResolvedFromRef, rollout.Spec.TemplateResolvedFromRef = true, true
	if err := fill(request, rollout, fields{}); err != nil || request.Rollout.Spec.Selector.MatchLabels["app"] != "was" {
		t.Errorf("%v, %v", request.Rollout.GetSpec().GetSelector(), err)
	}
}

func TestARolloutThatCannotBeEncodedIsRefusedWithoutACall(t *testing.T) {
	bridge, fake, _ := newBridgeAndRouter(t)
	rollout := newRollout("was")
	rollout.Spec.Strategy.Canary.TrafficRouting = &argo.RolloutTrafficRouting{
		Plugins: map[string]json.RawMessage{"example/broken": json.RawMessage("{")},
	}
	failure := bridge.SetWeight(rollout, 10, nil).ErrorString
	if len(fake.Requests()) > 0 || len(failure) < 20 || failure[:17] != "INVALID_ARGUMENT:" {
		t.Errorf("%d calls: %s", len(fake.Requests()), failure)
	}
}
