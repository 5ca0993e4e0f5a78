"""/_emulator/ca: the CA certificate with which clients verify the HTTPS listeners."""

from aiohttp import web

from elbv2_emulator.traffic.tls import Authority


def routes(authority: Authority) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.Response(body=authority.pem.encode(), content_type="application/x-pem-file")

    return [web.get("/_emulator/ca", get)]
