"""/_emulator/time: how late registrations, reads and traffic are, and whether calls are throttled."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from elbv2_emulator.control.body import WrongBody, checked
from elbv2_emulator.timing import Timing

# Key → the field of Timing.
_LAGS: Mapping[str, str] = {
    "registrationLagSeconds": "registration_lag_seconds",
    "describeLagSeconds": "describe_lag_seconds",
    "dataPlaneLagSeconds": "data_plane_lag_seconds",
}
_KEYS = {**_LAGS, "throttling": "throttling"}


def routes(timing: Timing) -> list[web.RouteDef]:
    def told() -> web.Response:
        fields = dataclasses.asdict(timing)
        return web.json_response({key: fields[field] for key, field in _KEYS.items()})

    async def get(_request: web.Request) -> web.Response:
        return told()

    async def put(body: Any) -> web.Response:
        """What is not named stays."""
        _check(body)
        for key, value in body.items():
            setattr(timing, _KEYS[key], value)
        return told()

    return [web.get("/_emulator/time", get), web.put("/_emulator/time", checked(put))]


def _check(body: Any) -> None:
    if not isinstance(body, dict):
        raise WrongBody('The body must be an object like {"describeLagSeconds": 5, "throttling": true}')
    for key, value in body.items():
        if key not in _KEYS:
            raise WrongBody(f"'{key}' is not one of {', '.join(_KEYS)}")
        if key in _LAGS:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise WrongBody(f"'{key}' cannot be {value!r}")
            if not 0 <= value < float("inf"):
                raise WrongBody(f"'{key}' must be 0 or more")
        elif not isinstance(value, bool):
            raise WrongBody(f"'{key}' must be true or false, not {value!r}")
