package main

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/plugin/types"
	"github.com/hashicorp/go-hclog"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"

	"trafficrouter/bridge/pb"
)

// A plugin is what the controller calls. Each method calls the RPC of the same name, and returns what makes the
// controller handle a failure well.
type plugin struct {
	sidecar *sidecar
	pending *pendingErrors
	log     hclog.Logger
}

var success types.RpcError // an error without text

// InitPlugin always succeeds, because the controller would not retry it.
func (p *plugin) InitPlugin() types.RpcError { return success }

// Type returns the name of the bridge, because the sidecar may not be running yet.
func (p *plugin) Type() string { return name }

// UpdateHash always succeeds. An error would end the reconcile without an event; SetWeight reports the same with one.
func (p *plugin) UpdateHash(rollout *argo.Rollout, canary, stable string, extra []argo.WeightDestination) types.RpcError {
	params := fields{"canaryHash": canary, "stableHash": stable, "additionalDestinations": extra}
	call(p, p.sidecar.UpdateHash, &pb.UpdateHashRequest{}, rollout, params)
	return success
}

// SetWeight returns its own error, or once the weight is set one that other methods left for it.
func (p *plugin) SetWeight(rollout *argo.Rollout, weight int32, extra []argo.WeightDestination) types.RpcError {
	params := fields{"desiredWeight": weight, "additionalDestinations": extra}
	_, failure := call(p, p.sidecar.SetWeight, &pb.SetWeightRequest{}, rollout, params)
	return types.RpcError{ErrorString: p.pending.report(rollout, weight, failure)}
}

// SetHeaderRoute leaves its error to SetWeight. Returning it would end the reconcile without an event.
func (p *plugin) SetHeaderRoute(rollout *argo.Rollout, route *argo.SetHeaderRoute) types.RpcError {
	_, failure := call(p, p.sidecar.SetHeaderRoute, &pb.SetHeaderRouteRequest{}, rollout, fields{"setHeaderRoute": route})
	p.pending.update(rollout, func(t *troubles) { t.route = failure })
	return success
}

// SetMirrorRoute leaves its error to SetWeight. Returning it would end the reconcile without an event.
func (p *plugin) SetMirrorRoute(rollout *argo.Rollout, route *argo.SetMirrorRoute) types.RpcError {
	_, failure := call(p, p.sidecar.SetMirrorRoute, &pb.SetMirrorRouteRequest{}, rollout, fields{"setMirrorRoute": route})
	p.pending.update(rollout, func(t *troubles) { t.route = failure })
	return success
}

// VerifyWeight never returns an error: the controller would go on, or get stuck. After NotVerified it asks again.
func (p *plugin) VerifyWeight(r *argo.Rollout, weight int32, extra []argo.WeightDestination) (types.RpcVerified, types.RpcError) {
	answer, failure := call(p, p.sidecar.VerifyWeight, &pb.VerifyWeightRequest{}, r, fields{"desiredWeight": weight, "additionalDestinations": extra})
	verified, reason := types.NotVerified, cmp.Or(failure, sentence("NOT_VERIFIED", answer.GetReason()))
	switch answer.GetVerification() { // without an answer, or with a value from a newer contract, it stays NotVerified
	case pb.Verification_VERIFICATION_VERIFIED:
		verified, reason = types.Verified, ""
	case pb.Verification_VERIFICATION_NOT_IMPLEMENTED:
		verified, reason = types.NotImplemented, ""
	}
	p.pending.recordVerification(r, weight, reason)
	return verified, success
}

// RemoveManagedRoutes leaves its error to SetWeight. Returning it would end the reconcile before an abort sets weight 0.
func (p *plugin) RemoveManagedRoutes(rollout *argo.Rollout) types.RpcError {
	_, failure := call(p, p.sidecar.RemoveManagedRoutes, &pb.RemoveManagedRoutesRequest{}, rollout, fields{})
	p.pending.update(rollout, func(t *troubles) { t.removal = failure })
	return success
}

// call makes one call to the sidecar. It returns the answer, or the sentence that describes the failure.
func call[Q rolloutRequest, A any](p *plugin, rpc method[Q, A], request Q, r *argo.Rollout, params fields) (answer A, failure string) {
	err := fill(request, r, params)
	if err == nil {
		// net/rpc passes no context.
		answer, err = send(context.Background(), p.sidecar, rpc, request)
	}
	if err != nil {
		failed := status.Convert(err)
		failure = sentence(code.Code(failed.Code()).String(), failed.Message())
		p.log.Warn("call failed", "call", request.ProtoReflect().Descriptor().Name(), "namespace", r.Namespace, "rollout", r.Name, "error", failure)
	}
	return answer, failure
}

// localPort matches the local address of a connection. Its port changes with every attempt, and the same error must
// have the same text, so that Kubernetes counts one event.
var localPort = regexp.MustCompile(`\S+->`)

// sentence is the text that the controller shows. It must not be empty, which means success.
func sentence(code, message string) string {
	return code + ": " + harmless(localPort.ReplaceAllString(cmp.Or(message, "the sidecar gave no reason"), ""))
}

// unprintable matches percent signs, because the controller uses an error as a format string, and everything that could
// end a line of a log or control a terminal.
var unprintable = regexp.MustCompile(`%|[^\pL\pM\pN\pP\pS ]`)

// harmless makes a text fit for events and logs. It escapes what is unprintable, and cuts the middle out of a long text:
// what is wrong is at the beginning, and what to do is at the end. The contract allows 1,000 bytes.
func harmless(text string) string {
	if text = unprintable.ReplaceAllStringFunc(text, func(c string) string { return fmt.Sprintf(`\x%x`, c) }); len(text) > 1000 {
		text = text[:600] + "…" + text[len(text)-397:]
	}
	return strings.ToValidUTF8(text, "")
}
