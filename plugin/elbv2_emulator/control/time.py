"""/_emulator/time: lags, the batches of rule changes, and whether calls are throttled."""

from typing import Any

from aiohttp import web

from elbv2_emulator.control import settings
from elbv2_emulator.control.body import WrongBody
from elbv2_emulator.state.timing import Timing

# Key → the field of Timing.
_DURATIONS = {
    "registrationLagSeconds": "registration_lag_seconds",
    "describeLagSeconds": "describe_lag_seconds",
    "dataPlaneLagSeconds": "data_plane_lag_seconds",
    "dataPlaneBatchSeconds": "data_plane_batch_seconds",
}
_KEYS = {**_DURATIONS, "throttling": "throttling"}
_EXAMPLE = '{"describeLagSeconds": 5, "throttling": true}'


def routes(timing: Timing) -> list[web.RouteDef]:
    return settings.routes("/_emulator/time", timing, _KEYS, _EXAMPLE, _require_valid)


def _require_valid(key: str, value: Any) -> None:
    if key in _DURATIONS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongBody(f"'{key}' cannot be {value!r}")
        if not 0 <= value < float("inf"):
            raise WrongBody(f"'{key}' must be 0 or more")
    elif not isinstance(value, bool):
        raise WrongBody(f"'{key}' must be true or false, not {value!r}")
