// Package fakerouter serves the contract from memory, for tests of the bridge.
package fakerouter

import (
	"context"
	"net"
	"path"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"

	"trafficrouter/bridge/pb"
)

// A Router records the requests and the weights that it receives. Its methods may be called while it serves.
type Router struct {
	pb.UnimplementedTrafficRouterServer
	Health  *health.Server
	Address string // of the listener; for TCP with the port that was chosen

	server       *grpc.Server
	mutex        sync.Mutex
	failures     map[string]error
	wait         func(context.Context, proto.Message)
	verification *pb.VerifyWeightResponse
	requests     []proto.Message
	weights      map[string]int32
}

// Serve starts a Router on unix:///PATH or HOST:PORT. It stops when the test ends.
func Serve(t testing.TB, address string, options ...grpc.ServerOption) *Router {
	t.Helper()
	network := "tcp"
	if name, isUnix := strings.CutPrefix(address, "unix://"); isUnix {
		network, address = "unix", name
	}
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	r := &Router{
		Health:       health.NewServer(),
		Address:      listener.Addr().String(),
		failures:     map[string]error{},
		weights:      map[string]int32{},
		verification: &pb.VerifyWeightResponse{Verification: pb.Verification_VERIFICATION_VERIFIED},
	}
	r.server = grpc.NewServer(append(options, grpc.UnaryInterceptor(r.intercept))...)
	pb.RegisterTrafficRouterServer(r.server, r)
	grpc_health_v1.RegisterHealthServer(r.server, r.Health)
	go func() { _ = r.server.Serve(listener) }()
	t.Cleanup(r.Stop)
	return r
}

// Stop ends all connections at once, as if the process were killed.
func (r *Router) Stop() { r.server.Stop() }

// Fail makes a method fail with the error. With nil the method succeeds again.
func (r *Router) Fail(method string, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.failures[method] = err
}

// Wait sets a function that runs before each call of the contract is answered, or none with nil.
func (r *Router) Wait(wait func(context.Context, proto.Message)) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.wait = wait
}

// Verify sets the answer of VerifyWeight.
func (r *Router) Verify(verification pb.Verification, reason string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.verification = &pb.VerifyWeightResponse{Verification: verification, Reason: reason}
}

// Requests returns all requests of the contract so far.
func (r *Router) Requests() []proto.Message {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return append([]proto.Message(nil), r.requests...)
}

// Weight returns the last weight that was set for the Rollout, or -1.
func (r *Router) Weight(rollout string) int32 {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if weight, set := r.weights[rollout]; set {
		return weight
	}
	return -1
}

func (r *Router) intercept(
	ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler,
) (any, error) {
	method := path.Base(info.FullMethod)
	if method == "Check" {
		return handler(ctx, request)
	}
	r.mutex.Lock()
	message := request.(proto.Message)
	r.requests = append(r.requests, message)
	wait, failure := r.wait, r.failures[method]
	r.mutex.Unlock()
	if wait != nil {
		wait(ctx, message)
	}
	if failure != nil {
		return nil, failure
	}
	return handler(ctx, request)
}

// UpdateHash changes nothing.
func (r *Router) UpdateHash(context.Context, *pb.UpdateHashRequest) (*pb.UpdateHashResponse, error) {
	return &pb.UpdateHashResponse{}, nil
}

// SetWeight records the weight.
func (r *Router) SetWeight(_ context.Context, request *pb.SetWeightRequest) (*pb.SetWeightResponse, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.weights[request.GetRollout().GetMetadata().GetName()] = request.GetDesiredWeight()
	return &pb.SetWeightResponse{}, nil
}

// SetHeaderRoute changes nothing.
func (r *Router) SetHeaderRoute(context.Context, *pb.SetHeaderRouteRequest) (*pb.SetHeaderRouteResponse, error) {
	return &pb.SetHeaderRouteResponse{}, nil
}

// SetMirrorRoute changes nothing.
func (r *Router) SetMirrorRoute(context.Context, *pb.SetMirrorRouteRequest) (*pb.SetMirrorRouteResponse, error) {
	return &pb.SetMirrorRouteResponse{}, nil
}

// VerifyWeight returns the answer that Verify set.
func (r *Router) VerifyWeight(context.Context, *pb.VerifyWeightRequest) (*pb.VerifyWeightResponse, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.verification, nil
}

// RemoveManagedRoutes changes nothing.
func (r *Router) RemoveManagedRoutes(
	context.Context, *pb.RemoveManagedRoutesRequest,
) (*pb.RemoveManagedRoutesResponse, error) {
	return &pb.RemoveManagedRoutesResponse{}, nil
}
