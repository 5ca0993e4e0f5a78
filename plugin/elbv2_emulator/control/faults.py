"""/_emulator/faults: errors and delays to answer."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from elbv2_emulator.actions import ACTIONS
from elbv2_emulator.control.body import WrongBody, checked
from elbv2_emulator.faults import EVERY_ACTION, Fault, Faults

_KEYS: Mapping[str, tuple[type, ...]] = {
    "action": (str,),
    "latencySeconds": (int, float),
    "error": (str,),
    "message": (str,),
    "times": (int,),
}


def routes(faults: Faults) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response([_as_json(fault) for fault in faults.active])

    async def post(body: Any) -> web.Response:
        fault = _fault(body)
        faults.add(fault)
        return web.json_response(_as_json(fault))

    async def delete(_request: web.Request) -> web.Response:
        faults.clear()
        return web.json_response([])

    return [
        web.get("/_emulator/faults", get),
        web.post("/_emulator/faults", checked(post)),
        web.delete("/_emulator/faults", delete),
    ]


def _fault(body: Any) -> Fault:
    if not isinstance(body, dict) or "action" not in body:
        raise WrongBody('The body must be an object with "action", and "latencySeconds" or "error" or both')
    for key, value in body.items():
        if key not in _KEYS:
            raise WrongBody(f"'{key}' is not one of {', '.join(_KEYS)}")
        if isinstance(value, bool) or not isinstance(value, _KEYS[key]):
            raise WrongBody(f"'{key}' cannot be {value!r}")
    if body["action"] not in {EVERY_ACTION, *ACTIONS}:
        raise WrongBody(f"'{body['action']}' is neither '{EVERY_ACTION}' nor one of {', '.join(ACTIONS)}")
    latency, error, times = body.get("latencySeconds"), body.get("error"), body.get("times")
    if latency is None and not error:
        raise WrongBody("A fault must have 'latencySeconds' or 'error'")
    if latency is not None and not 0 <= latency < float("inf"):
        raise WrongBody("'latencySeconds' must be 0 or more")
    if times is not None and times < 1:
        raise WrongBody("'times' must be 1 or more")
    return Fault(body["action"], latency or 0.0, error, body.get("message"), times)


def _as_json(fault: Fault) -> dict[str, Any]:
    told = {
        "action": fault.action,
        "latencySeconds": fault.latency_seconds,
        "error": fault.error,
        "message": fault.message,
        "times": fault.times,
    }
    return {key: value for key, value in told.items() if value is not None}
