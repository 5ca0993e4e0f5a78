"""The real controller on a control plane of its own, with the emulator in the place of AWS."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightkube.generic_resource import create_namespaced_resource
from lightkube.types import PatchType

from bench.fleet.aws import Aws
from bench.fleet.router import SHIPPED
from cluster.world import World, world
from support.manifest import Object

ROLLOUT = create_namespaced_resource("argoproj.io", "v1alpha1", "Rollout", "rollouts")


@contextmanager
def argo_rollouts(module: str = SHIPPED) -> Iterator[tuple[World, Aws]]:
    """Starts this module as the sidecar. AWS does not throttle yet."""
    with tempfile.TemporaryDirectory() as directory, world(Path(directory), sidecar=module) as running:
        yield running, Aws(running.endpoint)


def patch_status(world: World, name: str, namespace: str, change: Object) -> str:
    """Changes a Rollout's status as `kubectl argo rollouts` does. Returns the version of the result."""
    patched = world.client.patch(
        ROLLOUT.Status, name, {"status": change}, namespace=namespace, patch_type=PatchType.MERGE
    )
    metadata: Any = patched.metadata
    return str(metadata.resourceVersion)
