"""/_emulator/: the status page, and under /_emulator/status its content as JSON."""

from importlib.resources import files
from itertools import islice

from aiohttp import web

from elbv2_emulator.control import status_page
from elbv2_emulator.control.faults import as_json
from elbv2_emulator.traffic.listeners import OpenListeners
from elbv2_emulator.world import World

CALLS = 20
# Short enough that the shares of a canary are those of its current step.
RECENT_SECONDS = 30


def routes(world: World, listeners: OpenListeners) -> list[web.RouteDef]:
    page = files("elbv2_emulator").joinpath("status.html").read_text()

    async def get_page(_request: web.Request) -> web.Response:
        return web.Response(
            text=page,
            content_type="text/html",
            headers={
                "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
                "script-src 'unsafe-inline'; connect-src 'self'; img-src data:"
            },
        )

    async def get(_request: web.Request) -> web.Response:
        now = world.clock()
        total, recent = world.counts.total, world.counts.since(int(now) - RECENT_SECONDS)
        return web.json_response(
            {
                "recentSeconds": RECENT_SECONDS,
                "loadBalancers": [
                    {"region": region, **balancer}
                    for region, store in sorted(world.stores.items())
                    for balancer in status_page.load_balancers(
                        store.current, listeners.address, total, recent
                    )
                ],
                "unusedGroups": [
                    {"region": region, **group}
                    for region, store in sorted(world.stores.items())
                    for group in status_page.unused_groups(store.current)
                ],
                "faults": [as_json(fault) for fault in world.faults.active],
                "calls": status_page.calls(islice(reversed(world.journal.entries), CALLS)),
            }
        )

    return [
        web.get("/_emulator", get_page),
        web.get("/_emulator/", get_page),
        web.get("/_emulator/status", get),
    ]
