"""/_emulator/listeners: the addresses on which the listeners accept requests."""

from aiohttp import web

from elbv2_emulator.state.store import Store
from elbv2_emulator.traffic.listeners import OpenListeners


def routes(stores: dict[str, Store], listeners: OpenListeners) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response([
            {
                "listenerArn": listener.arn,
                "loadBalancerArn": listener.load_balancer_arn,
                "protocol": listener.protocol,
                "port": listener.port,
                "address": listeners.address(listener.arn),
                "url": f"{listener.protocol.lower()}://{listeners.address(listener.arn)}",
            }
            for store in stores.values()
            for listener in store.current.listeners.values()
        ])  # fmt: skip

    return [web.get("/_emulator/listeners", get)]
