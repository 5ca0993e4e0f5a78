// The bridge is the static executable that Argo Rollouts starts as a traffic router plugin. It forwards every call to
// a sidecar that serves the gRPC contract trafficrouter.v1.TrafficRouter, and makes no decisions about traffic.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	stdlog "log"
	"os"
	"path/filepath"
	"time"

	router "github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/rpc"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/status"
)

const name = "trafficrouter-bridge"

var version = "unknown" // set by the linker

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, harmless(status.Convert(err).Message()))
		os.Exit(1)
	}
}

func run() error {
	var files tlsFiles
	address := flag.String("address", "unix:///run/elbv2-trafficrouter/router.sock", "where the sidecar listens: unix:///PATH or HOST:PORT")
	flag.StringVar(&files.ca, "tls-ca", "", "PEM `FILE` with the CA of the sidecar's certificate (TCP only)")
	flag.StringVar(&files.cert, "tls-cert", "", "PEM `FILE` with the bridge's certificate (TCP only)")
	flag.StringVar(&files.key, "tls-key", "", "PEM `FILE` with the private key of the bridge's certificate (TCP only)")
	timeout := flag.Duration("timeout", 10*time.Second, "deadline of each call to the sidecar")
	level := flag.String("log-level", "info", "minimum `LEVEL` to log: trace, debug, info, warn, error or off")
	directory := flag.String("install", "", "copy this executable into `DIR`, then exit")
	health := flag.Bool("health", false, "check the health of the sidecar, then exit with status 0 if it is serving, else 1")
	flag.Parse()

	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("unexpected argument %q: only flags are allowed", flag.Arg(0))
	case hclog.LevelFromString(*level) == hclog.NoLevel:
		return fmt.Errorf("--log-level must be trace, debug, info, warn, error or off, not %q", *level)
	case *timeout <= 0:
		return fmt.Errorf("--timeout must be greater than 0, not %v", *timeout)
	case *directory != "":
		return install(*directory)
	}
	sidecar, err := newSidecar(*address, files, *timeout)
	if err != nil {
		return err
	}
	if *health {
		return sidecar.check(context.Background(), *timeout)
	}
	// The controller parses hclog's JSON, and logs each line at the level that it names.
	log := hclog.New(&hclog.LoggerOptions{Level: hclog.LevelFromString(*level), Output: os.Stderr, JSONFormat: true})
	log.Info("serving", "version", version, "address", *address, "timeout", timeout.String())
	// go-plugin and net/rpc write some messages to the standard logger.
	stdlog.SetOutput(log.StandardWriter(&hclog.StandardLoggerOptions{InferLevelsWithTimestamp: true}))
	bridge := &plugin{sidecar, &pendingErrors{now: time.Now, rollouts: map[rolloutKey]troubles{}}, log}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "ARGO_ROLLOUTS_RPC_PLUGIN", MagicCookieValue: "trafficrouter"},
		Plugins:         goplugin.PluginSet{"RpcTrafficRouterPlugin": &router.RpcTrafficRouterPlugin{Impl: bridge}},
		Logger:          log,
	})
	return nil
}

// install copies this executable into a directory, so that the init container needs no shell. The copy gets its name
// only once it is complete, so that the controller never starts a partial one.
func install(directory string) error {
	executable, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	copied, err := os.CreateTemp(directory, "."+name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(copied.Name()) // fails after the rename, as it should
	_, err = copied.Write(executable)
	if err := errors.Join(err, copied.Chmod(0o755), copied.Sync(), copied.Close()); err != nil {
		return err
	}
	return os.Rename(copied.Name(), filepath.Join(directory, name))
}
