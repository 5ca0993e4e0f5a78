package main

import (
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"trafficrouter/bridge/pb"
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
		{"a line break and an escape sequence", status.Error(codes.Internal, "no\n{\"level\":\"error\"}\r\x1b[2J\u2028\u202e"),
			`INTERNAL: no\x0a{"level":"error"}\x0d\x1b[2J\xe280a8\xe280ae`},
		{"500,000 digits", status.Error(codes.Internal, "It has "+strings.Repeat("7", 500_000)+" digits. Use fewer."),
			"INTERNAL: It has " + strings.Repeat("7", 593) + "…" + strings.Repeat("7", 397-len(" digits. Use fewer.")) + " digits. Use fewer."},
		{"letters that the cut would split", status.Error(codes.Internal, "é"+strings.Repeat("€", 1000)),
			"INTERNAL: é" + strings.Repeat("€", 199) + "…" + strings.Repeat("€", 132)},
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

func TestAReasonForNotVerifiedIsHarmless(t *testing.T) {
	bridge, fake, time := newBridgeAndRouter(t)
	fake.Verify(pb.Verification_VERIFICATION_NOT_VERIFIED, "It has\n"+strings.Repeat("7", 500_000))
	bridge.VerifyWeight(newRollout("was"), 25, nil)
	time.pass(reportReasonAfter)
	wanted := `NOT_VERIFIED: It has\x0a` + strings.Repeat("7", 590) + "…" + strings.Repeat("7", 397)
	if got := bridge.SetWeight(newRollout("was"), 25, nil).ErrorString; got != wanted {
		t.Errorf("got %q, want %q", got, wanted)
	}
}
