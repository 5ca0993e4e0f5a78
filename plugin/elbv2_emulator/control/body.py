"""The JSON bodies of requests to /_emulator/, and the response to a wrong body."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web


class WrongBody(Exception):  # noqa: N818  it says what is wrong
    """The body of a request is wrong; nothing was changed."""


def with_json_body(
    change: Callable[[Any], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """A handler that passes the JSON body to `change`, and responds with 400 and a reason if it is wrong."""

    async def handler(request: web.Request) -> web.Response:
        try:
            try:
                body = await request.json()
            except ValueError as error:
                raise WrongBody(f"The body is not JSON: {error}") from error
            return await change(body)
        except WrongBody as error:
            return web.Response(status=400, text=f"{error}\n")

    return handler
