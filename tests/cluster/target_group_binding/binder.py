"""Acts as the AWS Load Balancer Controller for a TargetGroupBinding: registers a Service's pods.

It reads a target group only when the Service's pods change; until then it does not see others' changes.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import lightkube
from botocore.exceptions import ClientError
from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.core_v1 import Endpoints, Service
from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
from mypy_boto3_elbv2.type_defs import TargetDescriptionTypeDef

from cluster.background import Background
from cluster.control_plane.watch import watch_all
from cluster.target_group_binding.known_targets import Delays, KnownTargets, Target, ready_targets
from support.router.petclinic import client_of, control

TargetGroupBinding = create_namespaced_resource(
    "elbv2.k8s.aws", "v1beta1", "TargetGroupBinding", "targetgroupbindings"
)

DEFINITION = Path(__file__).with_name("definition.yaml")
"""The CustomResourceDefinition of TargetGroupBinding."""

_KINDS = (TargetGroupBinding, Service, Endpoints)
_LOOK_AGAIN_SECONDS = 0.05
_RETRY_SECONDS = 0.5


class Binder(Background):
    """The delays, in seconds, may be set at any time and from any thread; `math.inf` means never.

    Calls that AWS refuses are repeated without end; they are in the emulator's journal.
    """

    registration_delay: float = 0
    deregistration_delay: float = 0

    def __init__(
        self, cluster: lightkube.AsyncClient, endpoint: str, elbv2: ElasticLoadBalancingv2Client
    ) -> None:
        self._cluster = cluster
        self._endpoint = endpoint
        self._elbv2 = elbv2
        self._seen: dict[type[Any], Collection[Any]] = {}
        self._change = asyncio.Event()

    async def work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for kind in _KINDS:
                group.create_task(watch_all(self._cluster, kind, partial(self._saw, kind)))
            # Without a Service's endpoints, all targets would be deregistered.
            while len(self._seen) < len(_KINDS):
                await self._change.wait()
            followed: set[str] = set()
            while True:
                new = self._bindings().keys() - followed
                followed |= new
                for uid in new:
                    group.create_task(self._follow(uid))
                await self._change.wait()

    def _saw(self, kind: type[Any], objects: Collection[Any]) -> None:
        self._seen[kind] = objects
        self._change.set()
        self._change = asyncio.Event()

    def _bindings(self) -> Mapping[str, Any]:
        return {one.metadata.uid: one for one in self._seen[TargetGroupBinding]}

    async def _follow(self, uid: str) -> None:
        """Serves one binding, from its creation until after its deletion."""
        group = self._bindings()[uid].spec["targetGroupARN"]
        noticed, in_step = KnownTargets(), False
        while (binding := self._bindings().get(uid)) is not None:
            change, ready = self._change, self._ready(binding)
            known = noticed.targets | await self._answering(ready - noticed.targets)
            delays = Delays(self.registration_delay, self.deregistration_delay)
            before, noticed = noticed, noticed.after(ready & known, time.monotonic(), delays)
            if not in_step or noticed.targets != before.targets:
                in_step = await self._settled(group, noticed.targets)
            else:
                await _set(change, None if noticed.targets == ready else _LOOK_AGAIN_SECONDS)
        while not await self._settled(group, frozenset()):
            pass

    def _ready(self, binding: Any) -> frozenset[Target]:
        namespace, reference = binding.metadata.namespace, binding.spec["serviceRef"]

        def named(kind: type[Any]) -> Any:
            name = (namespace, reference["name"])
            found = (one for one in self._seen[kind] if (one.metadata.namespace, one.metadata.name) == name)
            return next(found, None)

        return ready_targets(reference["port"], named(Service), named(Endpoints))

    async def _answering(self, targets: frozenset[Target]) -> frozenset[Target]:
        """The targets with a backend: unlike a kubelet, kwok reports a pod Ready before it has one."""
        if not targets:
            return targets
        backends = await asyncio.to_thread(control, self._endpoint, "GET", "addresses")
        return frozenset(one for one in targets if f"{one.address}:{one.port}" in backends)

    async def _settled(self, group: str, wanted: frozenset[Target]) -> bool:
        """Whether these are the group's targets now. After a refusal by AWS, returns when a retry is due."""
        try:
            await self._put(group, wanted)
        except ClientError as refusal:
            # A deleted group has no targets.
            if not wanted and refusal.response["Error"]["Code"] == "TargetGroupNotFound":
                return True
            await asyncio.sleep(_RETRY_SECONDS)
            return False
        return True

    async def _put(self, group: str, wanted: frozenset[Target]) -> None:
        """Makes the calls of the AWS Load Balancer Controller 3.5.0, in its order."""
        described = await asyncio.to_thread(self._elbv2.describe_target_health, TargetGroupArn=group)
        registered = {
            Target(one["Target"]["Id"], one["Target"]["Port"])
            for one in described["TargetHealthDescriptions"]
            if one["TargetHealth"]["State"] != "draining"
        }
        for call, targets in (
            (self._elbv2.deregister_targets, registered - wanted),
            (self._elbv2.register_targets, wanted - registered),
        ):
            if targets:
                await asyncio.to_thread(call, TargetGroupArn=group, Targets=_described(targets))


async def _set(change: asyncio.Event, seconds: float | None) -> None:
    """Returns once the event is set or the time is over: changes of delays and backends set no event."""
    with suppress(TimeoutError):
        await asyncio.wait_for(change.wait(), seconds)


def _described(targets: Collection[Target]) -> list[TargetDescriptionTypeDef]:
    return [{"Id": one.address, "Port": one.port} for one in sorted(targets)]


@asynccontextmanager
async def binder(client: lightkube.AsyncClient, endpoint: str) -> AsyncIterator[Binder]:
    """Serves the bindings of all namespaces, with this ELBv2."""
    with closing(await asyncio.to_thread(client_of, endpoint)) as elbv2:
        async with Binder(client, endpoint, elbv2).working() as running:
            yield running
