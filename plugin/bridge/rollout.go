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

// A rolloutRequest is any request of the contract that carries a Rollout.
type rolloutRequest interface {
	proto.Message
	GetRollout() *pb.Rollout
}

// fields are the fields of a request by their JSON names.
type fields map[string]any

// fill copies a Rollout and further parameters into a request, by the JSON names that the CRD and the contract share.
// Fields that the contract does not have are dropped.
func fill(request rolloutRequest, rollout *argo.Rollout, params fields) error {
	// When these are true, RolloutSpec omits the selector from its JSON, to keep it out of the API server.
	rollout.Spec.SelectorResolvedFromRef, rollout.Spec.TemplateResolvedFromRef = false, false
	params["rollout"] = rollout
	raw, err := json.Marshal(params)
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "the Rollout can't be encoded as JSON: %v", err)
	}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, request); err != nil {
		return status.Errorf(codes.InvalidArgument, "the Rollout does not match the gRPC contract: %v", err)
	}
	restoreZeros(request.GetRollout())
	return nil
}

// restoreZeros sets the zeros that were lost on the way from the controller: gob sends no zero values, so that a
// pointer to zero arrives as nil.
func restoreZeros(rollout *pb.Rollout) {
	zero := new(int32)
	// The controller always sets replicas, by default to 1, so that nil can only mean 0.
	rollout.Spec.Replicas = cmp.Or(rollout.Spec.Replicas, zero)
	steps := rollout.GetSpec().GetStrategy().GetCanary().GetSteps()
	if len(steps) > 0 {
		rollout.Status.CurrentStepIndex = cmp.Or(rollout.Status.CurrentStepIndex, zero)
	}
	for _, step := range steps {
		if proto.Size(step) == 0 { // any other kind of step has a field
			step.SetWeight = zero
		}
	}
}
