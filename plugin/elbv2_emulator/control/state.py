"""/_emulator/state and /_emulator/reset: save all resources, replace them, or start anew."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from elbv2_emulator.loading import saved
from elbv2_emulator.loading.read import read
from elbv2_emulator.loading.saved import Start


def routes(
    kept: Callable[[], Start],
    begin: Callable[[Start], Awaitable[None]],
    reset: Callable[[], Awaitable[None]],
) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response(saved.written(kept()))

    async def put(request: web.Request) -> web.Response:
        try:
            # Not request.text(), which refuses what is larger than a call of the API may be.
            start = read((await request.content.read()).decode())
        except ValueError as error:
            return web.Response(status=400, text=f"{error}\n")
        await begin(start)
        return await get(request)

    async def post(request: web.Request) -> web.Response:
        await reset()
        return await get(request)

    return [
        web.get("/_emulator/state", get),
        web.put("/_emulator/state", put),
        web.post("/_emulator/reset", post),
    ]
