package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"trafficrouter/bridge/pb"
)

const checkEvery = time.Second
const maxFailedChecks = 2 // after this many in a row, calls fail without being sent

// A sidecar is a gRPC client. It connects with the first call, and again whenever the connection is lost.
type sidecar struct {
	pb.TrafficRouterClient
	address      string
	timeout      time.Duration
	conn         *grpc.ClientConn
	watched      sync.Once
	failedChecks atomic.Int32 // health checks in a row that got no answer
}

func newSidecar(address string, files tlsFiles, timeout time.Duration) (*sidecar, error) {
	target, err := dialTarget(address, files)
	if err != nil {
		return nil, err
	}
	reconnect := backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, MaxDelay: time.Second}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()), // files.dial adds TLS
		grpc.WithNoProxy(), // the controller's HTTPS_PROXY does not apply to the sidecar
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: 2 * time.Second}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 2 * time.Second, PermitWithoutStream: true}),
	}
	if files != (tlsFiles{}) {
		options = append(options, grpc.WithContextDialer(files.dial))
	}
	conn, err := grpc.NewClient(target, options...)
	return &sidecar{TrafficRouterClient: pb.NewTrafficRouterClient(conn), address: address, timeout: timeout, conn: conn}, err
}

// A method is an RPC of the contract.
type method[Q, A any] func(context.Context, Q, ...grpc.CallOption) (A, error)

// send makes one call with a deadline. The sidecar sees the deadline and answers a second earlier, so that its own
// error reaches the controller.
func send[Q, A any](ctx context.Context, s *sidecar, rpc method[Q, A], request Q) (answer A, err error) {
	s.watched.Do(func() { go s.watch() })
	// In TransientFailure the call itself fails at once, and its error says why.
	if s.failedChecks.Load() >= maxFailedChecks && s.conn.GetState() != connectivity.TransientFailure {
		return answer, status.Errorf(codes.Unavailable, "the sidecar at %s does not answer health checks. Check its log.", s.address)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	answer, err = rpc(ctx, request)
	return answer, s.explain(err)
}

// watch checks the sidecar's health until the connection is closed. Each check waits for a connection, so that a
// sidecar that comes back is noticed at once. Slow calls do not fail a check: the sidecar answers it on other threads.
func (s *sidecar) watch() {
	for every := time.NewTicker(checkEvery); s.conn.GetState() != connectivity.Shutdown; <-every.C {
		code := status.Code(s.check(context.Background(), checkEvery, grpc.WaitForReady(true)))
		if code == codes.DeadlineExceeded || code == codes.Unavailable {
			s.failedChecks.Add(1)
		} else {
			s.failedChecks.Store(0) // any other error comes from the sidecar
		}
	}
}

// check makes one call to the sidecar's health service.
func (s *sidecar) check(ctx context.Context, limit time.Duration, options ...grpc.CallOption) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(s.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, options...)
	if err == nil && answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		return status.Errorf(codes.FailedPrecondition, "the sidecar at %s reports %v", s.address, answer.Status)
	}
	return s.explain(err)
}

// explain rewrites errors of gRPC itself. A status with details comes from the sidecar and stays as it is.
func (s *sidecar) explain(err error) error {
	failed := status.Convert(err)
	switch code := failed.Code(); {
	case len(failed.Details()) > 0:
	case code == codes.Unavailable:
		return status.Errorf(code, "the sidecar at %s can't be reached: %s. Check that it is running.", s.address, failed.Message())
	case code == codes.DeadlineExceeded:
		return status.Errorf(code, "the sidecar at %s did not answer within %v. Check its log.", s.address, s.timeout)
	}
	return err
}

// dialTarget converts an address into a gRPC target. Without TLS, calls must not leave the machine.
func dialTarget(address string, files tlsFiles) (string, error) {
	host, _, err := net.SplitHostPort(address)
	switch isUnix, plain := strings.HasPrefix(address, "unix:///"), files == (tlsFiles{}); {
	case isUnix && plain:
		return address, nil
	case isUnix || err != nil || strings.HasPrefix(address, "unix:"):
		return "", fmt.Errorf("--address must be unix:///PATH without --tls flags, or HOST:PORT, not %q", address)
	case plain && host != "localhost" && !net.ParseIP(host).IsLoopback():
		return "", fmt.Errorf("--address %q is not a loopback address and requires --tls-ca, --tls-cert and --tls-key", address)
	case !plain && (files.ca == "" || files.cert == "" || files.key == ""):
		return "", fmt.Errorf("--tls-ca, --tls-cert and --tls-key must be set together")
	}
	return "passthrough:///" + address, nil
}

// tlsFiles are the names of the PEM files for mutual TLS. All are empty without TLS.
type tlsFiles struct{ ca, cert, key string }

// dial reads the files for each connection, because certificates are renewed and may appear after the bridge starts.
func (f tlsFiles) dial(ctx context.Context, address string) (net.Conn, error) {
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return nil, fmt.Errorf("read --tls-cert and --tls-key: %w", err)
	}
	authorities, err := os.ReadFile(f.ca)
	if err != nil {
		return nil, fmt.Errorf("read --tls-ca: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authorities)
	config := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"}}
	return (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
}
