"""/_emulator/state and /_emulator/reset: save all resources, replace them, or reset the emulator."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from elbv2_emulator.loading import saved
from elbv2_emulator.loading.read import read_contents
from elbv2_emulator.loading.saved import Contents


def routes(
    current: Callable[[], Contents],
    load: Callable[[Contents], Awaitable[None]],
    reset: Callable[[], Awaitable[None]],
) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response(saved.to_document(current()))

    async def put(request: web.Request) -> web.Response:
        try:
            # request.text() would refuse a body that is larger than the API's limit for a call.
            contents = read_contents((await request.content.read()).decode())
        except ValueError as error:
            return web.Response(status=400, text=f"{error}\n")
        await load(contents)
        return await get(request)

    async def post(request: web.Request) -> web.Response:
        await reset()
        return await get(request)

    return [
        web.get("/_emulator/state", get),
        web.put("/_emulator/state", put),
        web.post("/_emulator/reset", post),
    ]
