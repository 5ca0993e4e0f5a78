"""Routes for settings as one JSON object: PUT changes the keys in its body, the others stay as they are."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from elbv2_emulator.control.body import WrongBody, with_json_body
from elbv2_emulator.state.timing import Timing
from elbv2_emulator.traffic.settings import TrafficSettings


def routes(
    path: str,
    settings: Timing | TrafficSettings,
    keys: Mapping[str, str],
    example: str,
    check: Callable[[str, Any], None],
) -> list[web.RouteDef]:
    """`keys`: key → field of the settings. `check` raises WrongBody for an invalid value."""

    def current() -> web.Response:
        fields = dataclasses.asdict(settings)
        return web.json_response({key: fields[field] for key, field in keys.items()})

    async def get(_request: web.Request) -> web.Response:
        return current()

    async def put(body: Any) -> web.Response:
        if not isinstance(body, dict):
            raise WrongBody(f"The body must be an object like {example}")
        for key, value in body.items():
            if key not in keys:
                raise WrongBody(f"'{key}' is not one of {', '.join(keys)}")
            check(key, value)
        for key, value in body.items():
            setattr(settings, keys[key], value)
        return current()

    return [web.get(path, get), web.put(path, with_json_body(put))]
