"""The responses that a load balancer sends itself, without a target."""

from aiohttp import web

from elbv2_emulator.state.resources import Described, Listener
from elbv2_emulator.traffic.matching import Request

_SERVER = {"Server": "awselb/2.0"}
_TITLES = {
    400: "400 Bad Request",
    464: "464",  # the target group's protocol version does not accept the client's requests
    500: "500 Internal Server Error",
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


def error_page(status: int) -> web.Response:
    title = _TITLES[status]
    head, body = f"<head><title>{title}</title></head>", f"<body><center><h1>{title}</h1></center></body>"
    html = f"<html>{head}{body}</html>\r\n"
    return web.Response(status=status, text=html, content_type="text/html", headers=_SERVER)


def fixed_response(config: Described) -> web.Response:
    """The response of a fixed-response action."""
    content_type = f"{config.get('ContentType', 'text/plain')}; charset=utf-8"
    return web.Response(
        status=int(config["StatusCode"]),
        body=config.get("MessageBody", "").encode(),
        headers={"Content-Type": content_type, **_SERVER},
    )


def redirect(config: Described, listener: Listener, request: Request) -> web.Response:
    """The response of a redirect action."""
    keywords = {
        "#{protocol}": listener.protocol,
        "#{host}": request.host,
        "#{port}": str(listener.port),
        "#{path}": request.path.removeprefix("/"),
        "#{query}": request.query,
    }

    def fill(member: str) -> str:
        text: str = config[member]
        for keyword, value in keywords.items():
            text = text.replace(keyword, value)
        return text

    query = fill("Query")
    location = f"{fill('Protocol').lower()}://{fill('Host')}:{fill('Port')}{fill('Path')}"
    return web.Response(
        status=int(config["StatusCode"].removeprefix("HTTP_")),
        headers={"Location": f"{location}?{query}" if query else location, **_SERVER},
    )
