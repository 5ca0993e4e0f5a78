"""/_emulator/state and /_emulator/reset: keep all resources, begin with others, begin anew."""

from aiohttp import web

from elbv2_emulator import memory, saved, start
from elbv2_emulator.data_plane import DataPlane
from elbv2_emulator.memory import Memory


def routes(whole: Memory, data_plane: DataPlane) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response(saved.written(memory.kept(whole)))

    async def put(request: web.Request) -> web.Response:
        try:
            # Not request.text(), which refuses what is larger than a call of the API may be.
            begun = start.read((await request.content.read()).decode())
        except ValueError as error:
            return web.Response(status=400, text=f"{error}\n")
        await memory.begin(whole, data_plane, begun)
        return await get(request)

    async def reset(request: web.Request) -> web.Response:
        await memory.reset(whole, data_plane)
        return await get(request)

    return [
        web.get("/_emulator/state", get),
        web.put("/_emulator/state", put),
        web.post("/_emulator/reset", reset),
    ]
