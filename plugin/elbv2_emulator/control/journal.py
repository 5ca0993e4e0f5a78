"""/_emulator/journal: the calls that were made. DELETE clears the journal."""

from aiohttp import web

from elbv2_emulator.state.journal import Journal


def routes(journal: Journal) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response([entry.as_json() for entry in journal.entries])

    async def delete(_request: web.Request) -> web.Response:
        journal.clear()
        return web.json_response([])

    return [web.get("/_emulator/journal", get), web.delete("/_emulator/journal", delete)]
