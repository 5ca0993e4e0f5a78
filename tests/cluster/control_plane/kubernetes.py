"""A real control plane on loopback. Its nodes and pods exist in its store only."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import trustme

from cluster import programs
from cluster.process import Process, free_port, process, wait_until

POD_DELETION_SECONDS = 3
"""How long a pod is Terminating, like a pod that finishes its requests."""

_NODES = ("fake-a", "fake-b")
_ADMIN_TOKEN = "admin"  # noqa: S105  of an API server on loopback that lives for minutes
_CONTROLLERS = (
    *("replicaset-controller", "deployment-controller", "job-controller"),
    *("endpoints-controller", "endpointslice-controller"),
    *("garbage-collector-controller", "namespace-controller", "serviceaccount-controller"),
)


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """`kubeconfig`: of an administrator. `directory` holds keys and logs."""

    directory: Path
    url: str
    kubeconfig: Path

    def kubectl(self, *arguments: str | Path, given: str | None = None) -> str:
        """The output of kubectl. Raises CalledProcessError with stderr as a note."""
        return run(
            programs.KUBERNETES.program("kubectl"), *arguments, kubeconfig=self.kubeconfig, given=given
        )

    def get(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "-n", namespace, "-o", "json"))
        return found

    def apply(self, *objects: Mapping[str, Any]) -> None:
        given = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        self.kubectl("apply", "--server-side", "-f", "-", given=given)

    @contextmanager
    def cordoned(self) -> Iterator[None]:
        """Keeps new pods Pending while the block runs: no node accepts them."""
        self.kubectl("cordon", *_NODES)
        try:
            yield
        finally:
            self.kubectl("uncordon", *_NODES)

    def kubeconfig_of(self, service_account: str, namespace: str) -> Path:
        """The kubeconfig of a program in a pod of this ServiceAccount."""
        token = self.kubectl("create", "token", service_account, "-n", namespace, "--duration", "2h").strip()
        return _kubeconfig(self.directory, self.url, token, service_account)


def run(program: Path, *arguments: str | Path, kubeconfig: Path, given: str | None = None) -> str:
    """The output of a command such as kubectl, run as this user."""
    environment = {"KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent)}
    ended = subprocess.run(
        [program, *arguments], env=environment, input=given, capture_output=True, text=True, check=False
    )
    try:
        ended.check_returncode()
    except subprocess.CalledProcessError as error:
        error.add_note(ended.stderr)
        raise
    return ended.stdout


@contextmanager
def kubernetes(directory: Path) -> Iterator[Kubernetes]:
    """Starts the control plane, with two nodes that start pods at once."""
    with ExitStack() as stack:
        etcd_url = stack.enter_context(_etcd(directory))
        cluster = stack.enter_context(_api_server(directory, etcd_url))
        user = ("--kubeconfig", cluster.kubeconfig)
        manager = process(
            "kube-controller-manager",
            *(programs.KUBERNETES.program("kube-controller-manager"), *user),
            *("--leader-elect=false", "--secure-port=0", f"--controllers={','.join(_CONTROLLERS)}"),
            *("--service-account-private-key-file", directory / "accounts.pem"),
            *("--root-ca-file", directory / "ca.pem", "--kube-api-qps=200", "--kube-api-burst=400"),
            logs=directory,
        )
        scheduler = process(
            "kube-scheduler",
            *(programs.KUBERNETES.program("kube-scheduler"), *user),
            *("--leader-elect=false", "--secure-port=0"),
            logs=directory,
        )
        kwok = process(
            "kwok",
            *(programs.KWOK.program("kwok"), *user, "--manage-all-nodes", "--cidr=10.64.0.0/16"),
            *("--node-lease-duration-seconds=40", f"--config={_stages(directory)}"),
            logs=directory,
        )
        running = [stack.enter_context(one) for one in (manager, scheduler, kwok)]
        cluster.apply(*({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}} for name in _NODES))
        _wait_for_nodes(cluster, *running)
        yield cluster


@contextmanager
def _etcd(directory: Path) -> Iterator[str]:
    url, peers = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    command = (
        *(programs.ETCD.program("etcd"), "--data-dir", directory / "etcd", "--unsafe-no-fsync"),
        *("--listen-client-urls", url, "--advertise-client-urls", url, "--listen-peer-urls", peers),
        *("--initial-advertise-peer-urls", peers, f"--initial-cluster=default={peers}", "--log-level=warn"),
    )
    with process("etcd", *command, logs=directory):
        yield url


@contextmanager
def _api_server(directory: Path, etcd_url: str) -> Iterator[Kubernetes]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(directory / "ca.pem")
    served = authority.issue_cert("127.0.0.1")
    served.private_key_pem.write_to_path(directory / "server-key.pem")
    served.cert_chain_pems[0].write_to_path(directory / "server.pem")
    authority.issue_cert("accounts").private_key_pem.write_to_path(directory / "accounts.pem")
    (directory / "tokens.csv").write_text(f'{_ADMIN_TOKEN},admin,admin,"system:masters"\n')
    port = free_port()
    command = (
        *(programs.KUBERNETES.program("kube-apiserver"), "--etcd-servers", etcd_url),
        *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", f"--secure-port={port}"),
        *(
            "--tls-cert-file",
            directory / "server.pem",
            "--tls-private-key-file",
            directory / "server-key.pem",
        ),
        *("--token-auth-file", directory / "tokens.csv", "--authorization-mode=RBAC"),
        "--service-account-issuer=https://kubernetes.default.svc",
        *("--service-account-signing-key-file", directory / "accounts.pem"),
        *("--service-account-key-file", directory / "accounts.pem"),
        *("--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none", "--profiling=false"),
        "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
    )
    url = f"https://127.0.0.1:{port}"
    cluster = Kubernetes(directory, url, _kubeconfig(directory, url, _ADMIN_TOKEN, "admin"))
    with process("kube-apiserver", *command, logs=directory) as running:
        wait_until(lambda: _ready(cluster), "the API server was ready", running)
        yield cluster


def _ready(cluster: Kubernetes) -> bool:
    try:
        return cluster.kubectl("get", "--raw", "/readyz") == "ok"
    except subprocess.CalledProcessError:
        return False


def _wait_for_nodes(cluster: Kubernetes, *running: Process) -> None:
    path = "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}"
    ready = ["True"] * len(_NODES)
    wait_until(
        lambda: cluster.kubectl("get", "nodes", "-o", path).split() == ready, "the nodes were ready", *running
    )


def _kubeconfig(directory: Path, url: str, token: str, name: str) -> Path:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "loopback",
                "cluster": {"server": url, "certificate-authority": str(directory / "ca.pem")},
            }
        ],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": "loopback", "user": name}}],
        "current-context": name,
    }
    file = directory / f"{name}.kubeconfig"
    file.write_text(json.dumps(config))
    return file


def _stages(directory: Path) -> Path:
    """kwok's configuration: everything happens to nodes and pods at once, except the deletion of a pod."""
    stages = []
    upstream = programs.KWOK.directory / "files"
    for file in (*upstream.glob("node/fast/node-*.yaml"), *upstream.glob("pod/fast/pod-*.yaml")):
        stage = msgspec.yaml.decode(file.read_text())
        if stage["metadata"]["name"] == "pod-delete":
            stage["spec"]["delay"] = {"durationMilliseconds": 1000 * POD_DELETION_SECONDS}
        stages.append(msgspec.yaml.encode(stage))
    written = directory / "stages.yaml"
    written.write_bytes(b"---\n".join(stages))
    return written
