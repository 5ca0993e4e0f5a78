"""/_emulator/counts: the number of requests to listeners, by outcome."""

from aiohttp import web

from elbv2_emulator.traffic.counts import Counts


def routes(counts: Counts) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response(counts.as_json())

    async def delete(_request: web.Request) -> web.Response:
        counts.clear()
        return web.json_response(counts.as_json())

    return [web.get("/_emulator/counts", get), web.delete("/_emulator/counts", delete)]
