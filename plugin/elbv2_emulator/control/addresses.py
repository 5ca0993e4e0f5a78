"""/_emulator/addresses: the address map, from target addresses to local backends."""

from typing import Any

from aiohttp import web

from elbv2_emulator.control.body import WrongBody, with_json_body
from elbv2_emulator.traffic.addresses import Addresses, NotAnAddress


def routes(addresses: Addresses) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response(addresses.map)

    async def put(body: Any) -> web.Response:
        if not isinstance(body, dict) or not all(isinstance(value, str | None) for value in body.values()):
            raise WrongBody(
                'The body must be an object like {"10.64.0.3:8080": "127.0.0.1:9001"}; null removes a backend'
            )
        for target in body:
            if not target.rpartition(":")[2].isdigit():
                raise WrongBody(f"'{target}' is not a target's id and port, for example 10.64.0.3:8080")
        try:
            addresses.merge(body)
        except NotAnAddress as error:
            raise WrongBody(f"A backend must be an address on this machine: {error}") from error
        return web.json_response(addresses.map)

    return [web.get("/_emulator/addresses", get), web.put("/_emulator/addresses", with_json_body(put))]
