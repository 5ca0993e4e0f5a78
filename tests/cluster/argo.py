"""Argo Rollouts with the router, as deploy/kustomize installs them; the pod's programs run on this machine.

Only directories differ from the pod, and what the controller needs outside of one.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster import programs
from cluster.control_plane.kubernetes import Kubernetes, run
from cluster.process import Process, free_port, process, wait_until
from support.manifest import (
    BUILD,
    CONTROLLER,
    INSTALLER,
    KUSTOMIZE,
    SIDECAR,
    arguments_of,
    container,
    outside,
    probe_of,
)
from support.router.sidecar import CREDENTIALS, environment, socket_directory

NAMESPACE = "argo-rollouts"
BRIDGE = BUILD / "trafficrouter-bridge"

_STARTED = "Started rollout workers"


@dataclass(frozen=True, slots=True)
class Argo:
    """`volumes`: the directory that holds the pod's volumes."""

    version: str
    cluster: Kubernetes
    volumes: Path
    controller: Process
    sidecar: Process

    @property
    def socket(self) -> Path:
        (listen,) = (word for word in arguments_of(SIDECAR, self.volumes) if word.startswith("unix://"))
        return Path(listen.removeprefix("unix://"))

    def bridges(self) -> list[int]:
        """The process ids of the running bridges that the controller has started."""
        return self.controller.children()

    def cli(self, *arguments: str) -> str:
        """The output of `kubectl argo rollouts …`."""
        program = programs.rollouts(self.version).program("kubectl-argo-rollouts")
        return run(program, *arguments, kubeconfig=self.cluster.kubeconfig)

    def restart_controller(self, number: int = signal.SIGKILL) -> None:
        said = self.controller.log.stat().st_size
        self.controller.end(number)
        self.controller.start()
        wait_until(
            lambda: self.controller.logged(_STARTED, after=said),
            "the controller had started its workers",
            self.controller,
        )

    def start_sidecar(self) -> None:
        """Starts the sidecar again after its end."""
        self.sidecar.start()
        _wait_for(self.sidecar, self.volumes)


@contextmanager
def argo(cluster: Kubernetes, endpoint: str, version: str, module: str) -> Iterator[Argo]:
    """Installs and starts all of it, with this ELBv2 and this module as the sidecar."""
    with socket_directory() as volumes:
        for mount in (*container(INSTALLER)["volumeMounts"], *container(SIDECAR)["volumeMounts"]):
            (volumes / mount["name"]).mkdir(exist_ok=True)
        subprocess.run([BRIDGE, *arguments_of(INSTALLER, volumes)], check=True)
        _install(cluster, version, volumes)
        with (
            process(
                SIDECAR,
                *(sys.executable, "-m", module, *arguments_of(SIDECAR, volumes)),
                logs=cluster.directory,
                environment=environment(endpoint, **CREDENTIALS),
            ) as sidecar,
            _controller(cluster, version, volumes) as controller,
        ):
            _wait_for(sidecar, volumes)
            wait_until(
                lambda: controller.logged(_STARTED), "the controller had started its workers", controller
            )
            yield Argo(version, cluster, volumes, controller, sidecar)


def _install(cluster: Kubernetes, version: str, volumes: Path) -> None:
    """Applies deploy/kustomize, with this version's manifest from its Go module instead of the network."""
    copy = shutil.copytree(KUSTOMIZE, cluster.directory / "kustomize")
    shutil.copy(programs.rollouts(version).directory / "files" / "install.yaml", copy)
    file = copy / "kustomization.yaml"
    file.write_text(_with_local_resource(file.read_text()))
    config = copy / "config" / "argo-rollouts-config.yaml"
    config.write_text(
        "".join(_outside(line, volumes) for line in config.read_text().splitlines(keepends=True))
    )
    cluster.kubectl("create", "namespace", NAMESPACE)
    cluster.kubectl("apply", "--server-side", "-k", copy)


def _with_local_resource(kustomization: str) -> str:
    return "\n".join(
        "  - install.yaml" if "/install.yaml" in line else line for line in kustomization.splitlines()
    )


def _outside(line: str, volumes: Path) -> str:
    """A line of the plugin's configuration with paths in the pod replaced by those of this machine."""
    return " ".join(outside(word, CONTROLLER, volumes) for word in line.split(" "))


@contextmanager
def _controller(cluster: Kubernetes, version: str, volumes: Path) -> Iterator[Process]:
    arguments = container(CONTROLLER).get("args", ())
    with process(
        CONTROLLER,
        *(programs.rollouts(version).program("rollouts-controller"), *arguments),
        *("--kubeconfig", cluster.kubeconfig_of(NAMESPACE, NAMESPACE), "--leader-elect=false"),
        *("--healthzPort", str(free_port()), "--metricsport", str(free_port())),
        logs=cluster.directory,
        # Killed bridges leave their sockets behind, which here are removed with the pod.
        environment={"TMPDIR": str(volumes)},
    ) as running:
        yield running


def _wait_for(sidecar: Process, volumes: Path) -> None:
    probe: list[str | Path] = [BRIDGE, *probe_of(SIDECAR, "startupProbe", volumes)]

    def healthy() -> bool:
        environment = {"PATH": os.environ["PATH"]}
        return subprocess.run(probe, env=environment, capture_output=True, check=False).returncode == 0

    wait_until(healthy, "the sidecar was healthy", sidecar)
