package main

import (
	"context"
	"regexp"
	"strings"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/utils/plugin/types"
	"github.com/hashicorp/go-hclog"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/status"

	"trafficrouter/bridge/pb"
)

// A plugin is what the controller calls: each method is the RPC of the same name, and what quirks make of it.
type plugin struct {
	sidecar *sidecar
	quirks  *quirks
	log     hclog.Logger
}

type destinations = []argo.WeightDestination

var success types.RpcError // the empty text

// InitPlugin always succeeds: the controller would not try it again.
func (p *plugin) InitPlugin() types.RpcError { return success }

// Type names the bridge: the sidecar may not be there yet.
func (p *plugin) Type() string { return name }

// UpdateHash always succeeds: an error would end the reconcile without an event. SetWeight says the same with one.
func (p *plugin) UpdateHash(rollout *argo.Rollout, canary, stable string, extra destinations) types.RpcError {
	others := fields{"canaryHash": canary, "stableHash": stable, "additionalDestinations": extra}
	call(p, p.sidecar.UpdateHash, &pb.UpdateHashRequest{}, rollout, others)
	return success
}

// SetWeight returns, once the weight is set, also what other methods kept for it.
func (p *plugin) SetWeight(rollout *argo.Rollout, weight int32, extra destinations) types.RpcError {
	asked, others := &pb.SetWeightRequest{}, fields{"desiredWeight": weight, "additionalDestinations": extra}
	_, failure := call(p, p.sidecar.SetWeight, asked, rollout, others)
	return types.RpcError{ErrorString: p.quirks.weightSet(rollout, weight, failure)}
}

// SetHeaderRoute leaves its error to SetWeight.
func (p *plugin) SetHeaderRoute(rollout *argo.Rollout, route *argo.SetHeaderRoute) types.RpcError {
	_, failure := call(p, p.sidecar.SetHeaderRoute, &pb.SetHeaderRouteRequest{}, rollout, fields{"setHeaderRoute": route})
	p.quirks.update(rollout, func(m *memory) { m.route = failure })
	return success
}

// SetMirrorRoute leaves its error to SetWeight.
func (p *plugin) SetMirrorRoute(rollout *argo.Rollout, route *argo.SetMirrorRoute) types.RpcError {
	_, failure := call(p, p.sidecar.SetMirrorRoute, &pb.SetMirrorRouteRequest{}, rollout, fields{"setMirrorRoute": route})
	p.quirks.update(rollout, func(m *memory) { m.route = failure })
	return success
}

// VerifyWeight never errs: the controller would go on, or be stuck. After NotVerified it asks again.
func (p *plugin) VerifyWeight(r *argo.Rollout, weight int32, extra destinations) (types.RpcVerified, types.RpcError) {
	asked, others := &pb.VerifyWeightRequest{}, fields{"desiredWeight": weight, "additionalDestinations": extra}
	answer, reason := call(p, p.sidecar.VerifyWeight, asked, r, others)
	if reason == "" {
		reason = sentence("NOT_VERIFIED", answer.GetReason())
	}
	verified := map[pb.Verification]types.RpcVerified{ // anything else, and no answer, is NotVerified
		pb.Verification_VERIFICATION_VERIFIED:        types.Verified,
		pb.Verification_VERIFICATION_NOT_IMPLEMENTED: types.NotImplemented,
	}[answer.GetVerification()]
	p.quirks.verified(r, weight, verified != types.NotVerified, reason)
	return verified, success
}

// RemoveManagedRoutes leaves its error to SetWeight: ending the reconcile, it would keep an abort from being set.
func (p *plugin) RemoveManagedRoutes(rollout *argo.Rollout) types.RpcError {
	_, failure := call(p, p.sidecar.RemoveManagedRoutes, &pb.RemoveManagedRoutesRequest{}, rollout, fields{})
	p.quirks.update(rollout, func(m *memory) { m.removal = failure })
	return success
}

// call asks the sidecar, and gives its answer or the sentence that says what failed.
func call[Q request, A any](p *plugin, rpc method[Q, A], asked Q, r *argo.Rollout, others fields) (answer A, failure string) {
	err := fill(asked, r, others)
	if err == nil {
		// net/rpc brings no context.
		answer, err = ask(context.Background(), p.sidecar, rpc, asked)
	}
	if err != nil {
		failed := status.Convert(err)
		failure = sentence(code.Code(failed.Code()).String(), failed.Message())
		p.log.Warn("failed", "call", asked.ProtoReflect().Descriptor().Name(),
			"namespace", r.Namespace, "rollout", r.Name, "error", failure)
	}
	return answer, failure
}

// An own port differs at each try, and the same trouble shall be the same event.
var ownPort = regexp.MustCompile(`\S+->`)

// sentence is what the controller shows. It takes an empty one for success, and uses it as a format string.
func sentence(code, message string) string {
	if message == "" {
		message = "the sidecar gave no reason"
	}
	return code + ": " + strings.ReplaceAll(ownPort.ReplaceAllString(message, ""), "%", `\x25`)
}
