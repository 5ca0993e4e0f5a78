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

const healthEvery, silentAfter = time.Second, 2 // checks in a row

// A sidecar is the other side: one connection, made when it is first used and again whenever it is lost.
type sidecar struct {
	pb.TrafficRouterClient
	address string
	timeout time.Duration
	conn    *grpc.ClientConn
	watched sync.Once
	silent  atomic.Int32 // health checks in a row that nobody answered
}

func newSidecar(address string, files tlsFiles, timeout time.Duration) (*sidecar, error) {
	target, err := dialTarget(address, files)
	if err != nil {
		return nil, err
	}
	often := backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, MaxDelay: time.Second}
	alive := keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 2 * time.Second, PermitWithoutStream: true}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()), // TLS is the dialer's
		grpc.WithNoProxy(), // the controller's HTTPS_PROXY is not for the sidecar
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: often, MinConnectTimeout: 2 * time.Second}),
		grpc.WithKeepaliveParams(alive),
	}
	if files != (tlsFiles{}) {
		options = append(options, grpc.WithContextDialer(files.dial))
	}
	conn, err := grpc.NewClient(target, options...)
	return &sidecar{TrafficRouterClient: pb.NewTrafficRouterClient(conn), address: address, timeout: timeout, conn: conn}, err
}

// A method is one of the contract's, with its request and its answer.
type method[Q, A any] func(context.Context, Q, ...grpc.CallOption) (A, error)

// ask makes one call. The sidecar sees its deadline, and answers a second before it to have its own say.
func ask[Q, A any](ctx context.Context, s *sidecar, rpc method[Q, A], asked Q) (answer A, err error) {
	s.watched.Do(func() { go s.watch() })
	// Without a connection the call itself fails at once, and says why.
	if s.silent.Load() >= silentAfter && s.conn.GetState() != connectivity.TransientFailure {
		return answer, status.Errorf(codes.Unavailable, "the sidecar at %s answers no health checks. See its log.", s.address)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	answer, err = rpc(ctx, asked)
	return answer, s.explain(err)
}

// watch asks the health service all the time. It waits for a connection, so that a sidecar that is back counts at
// once. Slow calls are no sign: health has threads of its own.
func (s *sidecar) watch() {
	for every := time.NewTicker(healthEvery); s.conn.GetState() != connectivity.Shutdown; <-every.C {
		code := status.Code(s.check(context.Background(), healthEvery, grpc.WaitForReady(true)))
		if code == codes.DeadlineExceeded || code == codes.Unavailable {
			s.silent.Add(1)
		} else {
			s.silent.Store(0) // any other error is an answer
		}
	}
}

// check asks the health service once.
func (s *sidecar) check(ctx context.Context, limit time.Duration, options ...grpc.CallOption) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(s.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, options...)
	if err == nil && answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		return status.Errorf(codes.FailedPrecondition, "the sidecar at %s is %v", s.address, answer.Status)
	}
	return s.explain(err)
}

// explain says what a sidecar can't say itself. A status with details is its own word.
func (s *sidecar) explain(err error) error {
	failed := status.Convert(err)
	switch code := failed.Code(); {
	case len(failed.Details()) > 0:
	case code == codes.Unavailable:
		return status.Errorf(code, "the sidecar at %s can't be reached: %s. See if it runs.", s.address, failed.Message())
	case code == codes.DeadlineExceeded:
		return status.Errorf(code, "the sidecar at %s did not answer within %v. See its log.", s.address, s.timeout)
	}
	return err
}

// dialTarget is gRPC's name for an address. Without TLS it must not leave the machine.
func dialTarget(address string, files tlsFiles) (string, error) {
	host, _, err := net.SplitHostPort(address)
	switch isUnix, plain := strings.HasPrefix(address, "unix:///"), files == (tlsFiles{}); {
	case isUnix && plain:
		return address, nil
	case isUnix || err != nil || strings.HasPrefix(address, "unix:"):
		return "", fmt.Errorf("--address %s is neither unix:///PATH (without --tls-…) nor HOST:PORT", address)
	case plain && host != "localhost" && !net.ParseIP(host).IsLoopback():
		return "", fmt.Errorf("--address %s is not on loopback: it needs --tls-ca, --tls-cert and --tls-key", address)
	case !plain && (files.ca == "" || files.cert == "" || files.key == ""):
		return "", fmt.Errorf("--address %s needs all of --tls-ca, --tls-cert and --tls-key, or none", address)
	}
	return "passthrough:///" + address, nil
}

// tlsFiles are the PEM files of mutual TLS, or nothing.
type tlsFiles struct{ ca, cert, key string }

// dial reads the files each time: certificates are renewed, and may come later than the bridge.
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
