"""The pods: real HTTP servers on free loopback ports, which answer like Spring's /actuator/info."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import web

from elbv2_trafficrouter.cli.demo.petclinic import Pod

GROUP_HEADER = "X-Target-Group"


@asynccontextmanager
async def backends(pods: Iterable[Pod]) -> AsyncIterator[dict[str, str]]:
    """Runs a server for each pod. Yields a map from each pod's address to its server's loopback address."""
    async with AsyncExitStack() as servers:
        yield {pod.address: await _serve(pod, servers) for pod in pods}


async def _serve(pod: Pod, servers: AsyncExitStack) -> str:
    info = {"build": {"version": pod.version, "artifact": "petclinic"}, "pod": pod.address}

    async def answer(_request: web.BaseRequest) -> web.Response:
        return web.json_response(info, headers={GROUP_HEADER: pod.service})

    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    servers.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"127.0.0.1:{runner.addresses[0][1]}"
