"""/_emulator/listeners: where listeners take requests."""

from aiohttp import web

from elbv2_emulator.state.store import Store
from elbv2_emulator.traffic.listeners import DataPlane


def routes(stores: dict[str, Store], data_plane: DataPlane) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response([
            {
                "listenerArn": listener.arn,
                "loadBalancerArn": listener.load_balancer_arn,
                "protocol": listener.protocol,
                "port": listener.port,
                "address": data_plane.address(listener.arn),
                "url": f"{listener.protocol.lower()}://{data_plane.address(listener.arn)}",
            }
            for store in stores.values()
            for listener in store.current.listeners.values()
        ])  # fmt: skip

    return [web.get("/_emulator/listeners", get)]
