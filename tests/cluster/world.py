"""Everything together: control plane, emulator, controller with the router, binder, the pods' backends."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import lightkube
import urllib3
from anyio.from_thread import BlockingPortal, start_blocking_portal

from cluster import programs
from cluster.argo import Argo, argo
from cluster.control_plane.kubernetes import Kubernetes, kubernetes
from cluster.control_plane.pod_backends import pods
from cluster.emulator import emulator
from cluster.target_group_binding.binder import DEFINITION, Binder, binder
from cluster.traffic.load import Load, load

RequestsPerSecond = int
Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class World:
    """`endpoint`: of the emulator. `client`: reads the cluster as an administrator."""

    cluster: Kubernetes
    endpoint: str
    argo: Argo
    binder: Binder
    client: lightkube.Client
    portal: BlockingPortal

    def tls(self) -> ssl.SSLContext:
        """A context that verifies the emulator's HTTPS listeners."""
        authority = urllib3.request("GET", f"{self.endpoint}/_emulator/ca").data.decode()
        return ssl.create_default_context(cadata=authority)

    def load(
        self, address: str, per_second: RequestsPerSecond, headers: Headers | None = None
    ) -> AbstractContextManager[Load]:
        """Sends requests with these headers to this HTTPS listener while the block runs."""
        return self.portal.wrap_async_context_manager(
            load(address, per_second=per_second, tls=self.tls(), headers=headers)
        )


@contextmanager
def world(
    directory: Path, version: str = programs.NEWEST, sidecar: str = "elbv2_trafficrouter"
) -> Iterator[World]:
    """Starts everything, with this version of the controller and this module as the sidecar."""
    with ExitStack() as stack:
        endpoint = stack.enter_context(emulator(directory))
        cluster = stack.enter_context(kubernetes(directory))
        config = lightkube.KubeConfig.from_file(str(cluster.kubeconfig))
        cluster.kubectl("apply", "-f", DEFINITION)
        portal = stack.enter_context(start_blocking_portal())
        watching = lightkube.AsyncClient(config)
        stack.enter_context(portal.wrap_async_context_manager(watching))
        stack.enter_context(portal.wrap_async_context_manager(pods(watching, endpoint)))
        running = stack.enter_context(portal.wrap_async_context_manager(binder(watching, endpoint)))
        installed = stack.enter_context(argo(cluster, endpoint, version, sidecar))
        reading = stack.enter_context(lightkube.Client(config))
        yield World(cluster, endpoint, installed, running, reading, portal)
