// The bridge: the one static executable that Argo Rollouts can start as a traffic router plugin. It hands every
// call on to a sidecar that serves the gRPC contract trafficrouter.v1.TrafficRouter, and decides nothing itself.
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
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, status.Convert(err).Message())
		os.Exit(1)
	}
}

func run() error {
	var files tlsFiles
	address := flag.String("address", "unix:///run/elbv2-trafficrouter/router.sock", "unix:///PATH or HOST:PORT")
	flag.StringVar(&files.ca, "tls-ca", "", "PEM file with who signs the sidecar's certificate, for HOST:PORT")
	flag.StringVar(&files.cert, "tls-cert", "", "PEM file with the bridge's certificate")
	flag.StringVar(&files.key, "tls-key", "", "PEM file with the key to it")
	timeout := flag.Duration("timeout", 10*time.Second, "every call's deadline")
	level := flag.String("log-level", "info", "trace, debug, info, warn, error or off")
	directory := flag.String("install", "", "only copy this executable into a directory")
	health := flag.Bool("health", false, "only ask the sidecar's health service: 0 if it serves, else 1")
	flag.Parse()

	switch {
	case flag.NArg() > 0:
		return fmt.Errorf("%q is no flag", flag.Arg(0))
	case hclog.LevelFromString(*level) == hclog.NoLevel:
		return fmt.Errorf("--log-level %q is none of trace, debug, info, warn, error, off", *level)
	case *timeout <= 0:
		return fmt.Errorf("--timeout %v is not above 0", *timeout)
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
	// hclog's JSON is what the controller reads back, to print each line at its own level.
	log := hclog.New(&hclog.LoggerOptions{Level: hclog.LevelFromString(*level), Output: os.Stderr, JSONFormat: true})
	log.Info("serving", "version", version, "address", *address, "timeout", timeout.String())
	// go-plugin and net/rpc say some things there.
	stdlog.SetOutput(log.StandardWriter(&hclog.StandardLoggerOptions{InferLevelsWithTimestamp: true}))
	bridge := &plugin{sidecar, &quirks{now: time.Now, rollouts: map[rolloutKey]memory{}}, log}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: 1, MagicCookieKey: "ARGO_ROLLOUTS_RPC_PLUGIN", MagicCookieValue: "trafficrouter",
		},
		Plugins: goplugin.PluginSet{"RpcTrafficRouterPlugin": &router.RpcTrafficRouterPlugin{Impl: bridge}},
		Logger:  log,
	})
	return nil
}

// install copies this executable: the images that need it have no shell. Only a whole copy gets its name, so that
// nobody starts half of one.
func install(directory string) error {
	executable, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	copied, err := os.CreateTemp(directory, "."+name+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(copied.Name()) // finds nothing after the rename
	_, err = copied.Write(executable)
	if err := errors.Join(err, copied.Chmod(0o755), copied.Sync(), copied.Close()); err != nil {
		return err
	}
	return os.Rename(copied.Name(), filepath.Join(directory, name))
}
