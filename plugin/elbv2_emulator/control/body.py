"""The JSON body of a change, and the answer when it is wrong."""

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web


class WrongBody(Exception):  # noqa: N818  it says what is wrong
    """A request to control that cannot be met; nothing was changed."""


def checked(
    change: Callable[[Any], Awaitable[web.Response]],
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler that reads the JSON body of a change, and answers 400 with a sentence if it is wrong."""

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
