package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/client"
	"github.com/argoproj/argo-rollouts/rollout/trafficrouting/plugin/rpc"
	"github.com/argoproj/argo-rollouts/utils/config"
	"github.com/argoproj/argo-rollouts/utils/defaults"
	"github.com/argoproj/argo-rollouts/utils/plugin"
	"github.com/argoproj/argo-rollouts/utils/plugin/types"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

// A controller uses Argo Rollouts' plugin client. Each has a plugin of another name, because a process has one client.
type controller struct{ name string }

var configured struct {
	sync.Mutex
	plugins []types.PluginItem
}

// newController configures a plugin through the argo-rollouts-config ConfigMap, as the controller does at its start.
// The flags override the flags in the pod's manifest.
func newController(t testing.TB, pod pod, flags ...string) controller {
	t.Helper()
	configured.Lock()
	defer configured.Unlock()
	item := types.PluginItem{
		Name:     fmt.Sprintf("trafficrouter/elbv2-%d", len(configured.plugins)),
		Location: "file://" + built(t, "build/trafficrouter-bridge"),
		Args:     slices.Concat(pod.Bridge, flags),
	}
	cluster := configure(t, item)
	if err := plugin.DownloadPlugins(plugin.FileDownloaderImpl{}, cluster); err != nil {
		t.Fatal(err)
	}
	configured.plugins = append(configured.plugins, item)
	configure(t, configured.plugins...)
	return controller{item.Name}
}

func configure(t testing.TB, plugins ...types.PluginItem) kubernetes.Interface {
	t.Helper()
	entry, err := yaml.Marshal(plugins)
	if err != nil {
		t.Fatal(err)
	}
	cluster := fake.NewClientset(&corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: defaults.DefaultRolloutsConfigMapName, Namespace: defaults.Namespace()},
		Data:       map[string]string{"trafficRouterPlugins": string(entry)},
	})
	if _, err := config.InitializeConfig(cluster, defaults.DefaultRolloutsConfigMapName); err != nil {
		t.Fatal(err)
	}
	return cluster
}

// reconcile returns the plugin as each reconcile gets it: started if it is not running, else pinged.
func (c controller) reconcile(t testing.TB) rpc.TrafficRouterPlugin {
	t.Helper()
	router, err := client.GetTrafficPlugin(c.name)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// processes returns the ids of all processes that run this controller's copy of the bridge.
func (c controller) processes(t testing.TB) []int {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("plugin-bin", c.name))
	if err != nil {
		t.Fatal(err)
	}
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	var found []int
	for _, link := range links {
		if target, err := os.Readlink(link); err == nil && target == path {
			var pid int
			if _, err := fmt.Sscanf(strings.TrimPrefix(link, "/proc/"), "%d/exe", &pid); err == nil {
				found = append(found, pid)
			}
		}
	}
	return found
}
