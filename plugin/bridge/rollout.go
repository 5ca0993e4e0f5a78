package main

import (
	"cmp"
	"encoding/json"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"trafficrouter/bridge/pb"
)

// A request is any request of the contract that is about a Rollout.
type request interface {
	proto.Message
	GetRollout() *pb.Rollout
}

// fields are a request's, by their JSON names.
type fields map[string]any

// fill puts Rollout and fields into a request by the JSON names that the CRD and the contract share. What the
// contract does not have is dropped.
func fill(into request, rollout *argo.Rollout, others fields) error {
	// With these RolloutSpec writes no selector, to keep it out of the API server.
	rollout.Spec.SelectorResolvedFromRef, rollout.Spec.TemplateResolvedFromRef = false, false
	others["rollout"] = rollout
	raw, err := json.Marshal(others)
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "the Rollout can't be written as JSON: %v", err)
	}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, into); err != nil {
		return status.Errorf(codes.InvalidArgument, "the Rollout does not fit the contract: %v", err)
	}
	putZerosBack(into.GetRollout())
	return nil
}

// putZerosBack sets what gob dropped on the way from the controller: to gob a pointer to zero is nil.
func putZerosBack(rollout *pb.Rollout) {
	zero := new(int32)
	// It was not nil before: the controller writes its default of 1 into the Rollout.
	rollout.Spec.Replicas = cmp.Or(rollout.Spec.Replicas, zero)
	steps := rollout.GetSpec().GetStrategy().GetCanary().GetSteps()
	if len(steps) > 0 {
		rollout.Status.CurrentStepIndex = cmp.Or(rollout.Status.CurrentStepIndex, zero)
	}
	for _, step := range steps {
		if proto.Size(step) == 0 {
			step.SetWeight = zero
		}
	}
}
