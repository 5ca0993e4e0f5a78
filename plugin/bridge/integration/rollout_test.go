package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"trafficrouter/bridge/internal/fakerouter"
	"trafficrouter/bridge/pb"
)

// open has samples for fields that the CRD defines and the contract leaves open.
var open = map[protoreflect.FullName]string{
	"trafficrouter.v1.CanaryStep.pause":                         `{"duration": "30s"}`,
	"trafficrouter.v1.CanaryStep.experiment":                    `{"templates": [{"name": "a", "specRef": "canary", "weight": 5, "metadata": {}}], "analysisRunMetadata": {}}`,
	"trafficrouter.v1.CanaryStep.analysis":                      `{"templates": [{"templateName": "errors"}]}`,
	"trafficrouter.v1.CanaryStep.plugin":                        `{"name": "example/step", "config": {"deep": [1, null, "x"]}}`,
	"trafficrouter.v1.RolloutTrafficRouting.PluginsEntry.value": `{"text": "x", "number": 1.5, "list": [true, null]}`,
}

// A filler fills messages with values that all differ.
type filler struct{ count int }

func (f *filler) message(d protoreflect.MessageDescriptor) map[string]any {
	filled := map[string]any{}
	for i := range d.Fields().Len() {
		field := d.Fields().Get(i)
		switch {
		case field.IsMap():
			filled[field.JSONName()] = map[string]any{f.text(): f.value(field.MapValue()), f.text(): f.value(field.MapValue())}
		case field.IsList():
			filled[field.JSONName()] = []any{f.value(field), f.value(field)}
		default:
			filled[field.JSONName()] = f.value(field)
		}
	}
	return filled
}

func (f *filler) value(field protoreflect.FieldDescriptor) any {
	if sample, isOpen := open[field.FullName()]; isOpen {
		return json.RawMessage(sample)
	}
	switch field.Kind() {
	case protoreflect.MessageKind:
		return f.message(field.Message())
	case protoreflect.StringKind:
		return f.text()
	case protoreflect.BoolKind:
		return true
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		f.count++
		return f.count
	default:
		panic("the filler has no value for " + string(field.FullName()))
	}
}

func (f *filler) text() string {
	f.count++
	return fmt.Sprintf("text-%d", f.count)
}

// read decodes the same JSON into the CRD's type and the contract's, and fails when one of them lacks a field.
func read(t *testing.T, filled any, crd any, contract proto.Message) {
	t.Helper()
	raw, err := json.Marshal(filled)
	if err != nil {
		t.Fatal(err)
	}
	strict := json.NewDecoder(bytes.NewReader(raw))
	strict.DisallowUnknownFields()
	if err := strict.Decode(crd); err != nil {
		t.Fatalf("the contract has a field that the CRD does not have: %v", err)
	}
	if err := protojson.Unmarshal(raw, contract); err != nil {
		t.Fatal(err)
	}
}

func TestEveryFieldOfTheContractReachesTheSidecar(t *testing.T) {
	pod := newPod(t)
	fake := fakerouter.Serve(t, pod.address)
	router := newController(t, pod).reconcile(t)
	fill := &filler{}
	filled := func(message proto.Message, crd any) {
		read(t, fill.message(message.ProtoReflect().Descriptor()), crd, message)
	}
	rollout, wanted := &argo.Rollout{}, &pb.Rollout{}
	filled(wanted, rollout)
	destination, wantedDestination := argo.WeightDestination{}, &pb.WeightDestination{}
	filled(wantedDestination, &destination)
	header, wantedHeader := &argo.SetHeaderRoute{}, &pb.SetHeaderRoute{}
	filled(wantedHeader, header)
	mirror, wantedMirror := &argo.SetMirrorRoute{}, &pb.SetMirrorRoute{}
	filled(wantedMirror, mirror)

	destinations, wantedDestinations := []argo.WeightDestination{destination}, []*pb.WeightDestination{wantedDestination}
	router.RemoveManagedRoutes(rollout)
	router.SetHeaderRoute(rollout, header)
	router.SetMirrorRoute(rollout, mirror)
	router.UpdateHash(rollout, "new", "old", destinations)
	router.SetWeight(rollout, 25, destinations)
	router.VerifyWeight(rollout, 25, destinations)

	requests := fake.Requests()
	for i, request := range []proto.Message{
		&pb.RemoveManagedRoutesRequest{Rollout: wanted},
		&pb.SetHeaderRouteRequest{Rollout: wanted, SetHeaderRoute: wantedHeader},
		&pb.SetMirrorRouteRequest{Rollout: wanted, SetMirrorRoute: wantedMirror},
		&pb.UpdateHashRequest{
			Rollout: wanted, CanaryHash: "new", StableHash: "old", AdditionalDestinations: wantedDestinations,
		},
		&pb.SetWeightRequest{
			Rollout: wanted, DesiredWeight: proto.Int32(25), AdditionalDestinations: wantedDestinations,
		},
		&pb.VerifyWeightRequest{
			Rollout: wanted, DesiredWeight: proto.Int32(25), AdditionalDestinations: wantedDestinations,
		},
	} {
		if len(requests) <= i || !proto.Equal(requests[i], request) {
			t.Errorf("sent:\n%s\nreceived:\n%s", protojson.Format(request), protojson.Format(requests[i]))
		}
	}
	if len(requests) != 6 {
		t.Errorf("%d calls, want 6", len(requests))
	}
}

func TestZerosReachTheSidecar(t *testing.T) {
	pod := newPod(t)
	fake := fakerouter.Serve(t, pod.address)
	router := newController(t, pod).reconcile(t)
	rollout := &argo.Rollout{}
	if err := json.Unmarshal([]byte(`{
		"spec": {"replicas": 0, "strategy": {"canary": {"steps": [{"setWeight": 0}, {"pause": {}}]}}},
		"status": {"currentStepIndex": 0}
	}`), rollout); err != nil {
		t.Fatal(err)
	}
	if failure := router.SetWeight(rollout, 0, nil); failure.HasError() {
		t.Fatal(failure)
	}
	request := fake.Requests()[0].(*pb.SetWeightRequest)
	spec, status := request.Rollout.Spec, request.Rollout.Status
	for name, field := range map[string]*int32{
		"desired_weight": request.DesiredWeight, "replicas": spec.Replicas, "current_step_index": status.CurrentStepIndex,
		"set_weight": spec.Strategy.Canary.Steps[0].SetWeight,
	} {
		if field == nil || *field != 0 {
			t.Errorf("%s is not 0", name)
		}
	}
	if pause := spec.Strategy.Canary.Steps[1]; pause.Pause == nil || pause.SetWeight != nil {
		t.Errorf("the pause arrives as %v", pause)
	}
}
