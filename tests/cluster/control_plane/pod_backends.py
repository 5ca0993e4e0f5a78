"""A backend on loopback for each pod, announced to the emulator: kwok's pods run nothing."""

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
from elbv2_emulator.http_servers import HttpServer

HASH_LABEL = "rollouts-pod-template-hash"


class Pods(Background):
    """A pod's backend answers from when the pod has an address until its deletion is complete."""

    def __init__(self, cluster: lightkube.AsyncClient, emulator: aiohttp.ClientSession) -> None:
        self._cluster = cluster
        self._emulator = emulator
        self._alive: Mapping[str, Any] = {}
        self._change = asyncio.Event()
        self._owners: dict[str, str] = {}
        self._announcing = asyncio.Lock()

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
            await self._announce(uid, dict.fromkeys(_addresses(pod), backend))
            while uid in self._alive:
                await self._change.wait()
            await self._announce(uid, dict.fromkeys(_addresses(pod)))

    async def _announce(self, uid: str, backends: Mapping[str, str | None]) -> None:
        """Announces or withdraws backends. An address that another pod has by now is not withdrawn."""
        async with self._announcing:
            announced = {at: to for at, to in backends.items() if to is not None or self._owners[at] == uid}
            self._owners |= dict.fromkeys(announced, uid)
            async with self._emulator.put("/_emulator/addresses", json=announced) as answer:
                answer.raise_for_status()


@asynccontextmanager
async def pods(client: lightkube.AsyncClient, endpoint: str) -> AsyncIterator[Pods]:
    """Serves the pods of all namespaces, behind this emulator."""
    async with aiohttp.ClientSession(endpoint) as emulator, Pods(client, emulator).working() as running:
        yield running


@asynccontextmanager
async def _backend(pod: Any) -> AsyncIterator[str]:
    """Starts the pod's backend. Gives its address. Requests in flight are finished at the end."""
    info = _info(pod)

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.json_response(info)

    server = HttpServer(web.ServerRunner(web.Server(answer, access_log=None)))
    host, port = await server.start("127.0.0.1", 0)
    try:
        yield f"{host}:{port}"
    finally:
        await server.stop()


def _info(pod: Any) -> dict[str, object]:
    """The version as in Spring's /actuator/info, and which pod this is."""
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
