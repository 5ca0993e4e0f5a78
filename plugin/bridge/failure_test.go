package main

import (
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestAStatusIsReportedAsASentence(t *testing.T) {
	bridge, fake, _ := newBridgeAndRouter(t)
	detailed, err := status.New(codes.Unavailable, "AWS does not answer.").WithDetails(&errdetails.ErrorInfo{Reason: "X"})
	if err != nil {
		t.Fatal(err)
	}
	unreachable := "the sidecar at " + bridge.sidecar.address + " can't be reached: "
	for _, test := range []struct {
		name   string
		status error
		wanted string
	}{
		{"invalid", status.Error(codes.InvalidArgument, "no rules."), "INVALID_ARGUMENT: no rules."},
		{"not found", status.Error(codes.NotFound, "no rule."), "NOT_FOUND: no rule."},
		{"precondition", status.Error(codes.FailedPrecondition, "on hold."), "FAILED_PRECONDITION: on hold."},
		{"denied", status.Error(codes.PermissionDenied, "allow it."), "PERMISSION_DENIED: allow it."},
		{"unauthenticated", status.Error(codes.Unauthenticated, "no role."), "UNAUTHENTICATED: no role."},
		{"exhausted", status.Error(codes.ResourceExhausted, "slower."), "RESOURCE_EXHAUSTED: slower."},
		{"aborted", status.Error(codes.Aborted, "newer."), "ABORTED: newer."},
		{"cancelled", status.Error(codes.Canceled, "gone."), "CANCELLED: gone."},
		{"internal", status.Error(codes.Internal, "a bug."), "INTERNAL: a bug."},
		{"unimplemented", status.Error(codes.Unimplemented, "no."), "UNIMPLEMENTED: no."},
		{"unknown", status.Error(codes.Unknown, "what?"), "UNKNOWN: what?"},
		{"an unknown code", status.Error(codes.Code(77), "what?"), "77: what?"},
		{"the sidecar's own error", detailed.Err(), "UNAVAILABLE: AWS does not answer."},
		{"an error without details", status.Error(codes.Unavailable, "drained"), "UNAVAILABLE: " + unreachable + "drained. Check that it is running."},
		{"no message", status.Error(codes.Internal, ""), "INTERNAL: the sidecar gave no reason"},
		{"a percent sign", status.Error(codes.Internal, "100%d"), `INTERNAL: 100\x25d`},
		{"a local port", status.Error(codes.Internal, "read tcp 127.0.0.1:4711->127.0.0.1:50051: reset"),
			"INTERNAL: read tcp 127.0.0.1:50051: reset"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake.Fail("SetWeight", test.status)
			if got := bridge.SetWeight(newRollout("was"), 25, nil).ErrorString; got != test.wanted {
				t.Errorf("got %q, want %q", got, test.wanted)
			}
		})
	}
}
