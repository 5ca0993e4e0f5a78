"""A backend on loopback for each pod, told to the emulator: kwok's pods have addresses and run nothing."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import lightkube
from aiohttp import web
from lightkube.resources.core_v1 import Pod

from cluster.background import Background
from cluster.control_plane.watch import watch_all

HASH_LABEL = "rollouts-pod-template-hash"


class Pods(Background):
    """From a pod's address on until it is deleted its backend answers, through its termination too."""

    def __init__(self, cluster: lightkube.AsyncClient, emulator: aiohttp.ClientSession) -> None:
        self._cluster = cluster
        self._emulator = emulator
        self._alive: Mapping[str, Any] = {}
        self._change = asyncio.Event()
        self._owners: dict[str, str] = {}
        self._telling = asyncio.Lock()

    async def work(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(watch_all(self._cluster, Pod, self._saw))
            served: set[str] = set()
            while True:
                new = self._alive.keys() - served
                served |= new
                for uid in new:
                    group.create_task(self._serve(uid, self._alive[uid]))
                await self._change.wait()

    def _saw(self, pods: Collection[Any]) -> None:
        self._alive = {one.metadata.uid: one for one in pods if one.status.podIP}
        self._change.set()
        self._change = asyncio.Event()

    async def _serve(self, uid: str, pod: Any) -> None:
        async with _backend(pod) as backend:
            await self._tell(uid, dict.fromkeys(_addresses(pod), backend))
            while uid in self._alive:
                await self._change.wait()
            await self._tell(uid, dict.fromkeys(_addresses(pod)))

    async def _tell(self, uid: str, backends: Mapping[str, str | None]) -> None:
        """An address that another pod has got by now is not taken from that one."""
        async with self._telling:
            told = {at: to for at, to in backends.items() if to is not None or self._owners[at] == uid}
            self._owners |= dict.fromkeys(told, uid)
            async with self._emulator.put("/_emulator/addresses", json=told) as answer:
                answer.raise_for_status()


@asynccontextmanager
async def pods(client: lightkube.AsyncClient, endpoint: str) -> AsyncIterator[Pods]:
    """For all namespaces, with this emulator."""
    async with aiohttp.ClientSession(endpoint) as emulator, Pods(client, emulator).working() as running:
        yield running


@asynccontextmanager
async def _backend(pod: Any) -> AsyncIterator[str]:
    """Where it answers. Requests in flight are finished at the end."""
    told = _told(pod)

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.json_response(told)

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _told(pod: Any) -> dict[str, object]:
    """As Spring's /actuator/info tells the version, and which pod it is."""
    image = pod.spec.containers[0].image
    labels = pod.metadata.labels or {}
    return {
        "build": {"version": image.rpartition(":")[2]},
        "pod": pod.metadata.name,
        "hash": labels.get(HASH_LABEL),
    }


def _addresses(pod: Any) -> list[str]:
    return [
        f"{pod.status.podIP}:{port.containerPort}"
        for container in pod.spec.containers
        for port in container.ports or ()
    ]
