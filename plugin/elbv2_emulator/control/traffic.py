"""/_emulator/traffic: what may be set of the listeners' traffic."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from elbv2_emulator.control.body import WrongBody, checked
from elbv2_emulator.traffic_settings import TrafficSettings

# Key → the field of TrafficSettings.
_KEYS: Mapping[str, str] = {"serveInitial": "serve_initial", "versionHeader": "version_header"}
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def routes(settings: TrafficSettings) -> list[web.RouteDef]:
    def told() -> web.Response:
        fields = dataclasses.asdict(settings)
        return web.json_response({key: fields[field] for key, field in _KEYS.items()})

    async def get(_request: web.Request) -> web.Response:
        return told()

    async def put(body: Any) -> web.Response:
        """What is not named stays."""
        _check(body)
        for key, value in body.items():
            setattr(settings, _KEYS[key], value)
        return told()

    return [web.get("/_emulator/traffic", get), web.put("/_emulator/traffic", checked(put))]


def _check(body: Any) -> None:
    if not isinstance(body, dict):
        raise WrongBody(
            'The body must be an object like {"serveInitial": true, "versionHeader": "X-Version"}'
        )
    for key, value in body.items():
        if key not in _KEYS:
            raise WrongBody(f"'{key}' is not one of {', '.join(_KEYS)}")
        if key == "serveInitial" and not isinstance(value, bool):
            raise WrongBody(f"'{key}' must be true or false, not {value!r}")
        if key == "versionHeader" and not (isinstance(value, str) and _HEADER.fullmatch(value)):
            raise WrongBody(f"'{key}' must be a header's name, not {value!r}")
