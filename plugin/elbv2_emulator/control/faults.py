"""/_emulator/faults: the injected faults. POST adds a fault, DELETE removes all."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from elbv2_emulator.api.faults import Fault, Faults
from elbv2_emulator.control.body import WrongBody, with_json_body

# Key → the field of Fault, and the types of its value.
_KEYS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "action": ("action", (str, list)),
    "latencySeconds": ("latency_seconds", (int, float)),
    "error": ("error", (str,)),
    "message": ("message", (str,)),
    "times": ("times", (int,)),
    "seconds": ("seconds", (int, float)),
    "answer": ("answer", (str,)),
    "appliedAfterSeconds": ("applied_after_seconds", (int, float)),
}


def routes(faults: Faults) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response([as_json(fault) for fault in faults.active])

    async def post(body: Any) -> web.Response:
        fault = _fault(body)
        faults.add(fault)
        return web.json_response(as_json(fault))

    async def delete(_request: web.Request) -> web.Response:
        faults.clear()
        return web.json_response([])

    return [
        web.get("/_emulator/faults", get),
        web.post("/_emulator/faults", with_json_body(post)),
        web.delete("/_emulator/faults", delete),
    ]


def _fault(body: Any) -> Fault:
    if not isinstance(body, dict) or "action" not in body:
        raise WrongBody('The body must be an object with "action", and "latencySeconds", "error" or "answer"')
    for key, value in body.items():
        if key not in _KEYS:
            raise WrongBody(f"'{key}' is not one of {', '.join(_KEYS)}")
        if isinstance(value, bool) or not isinstance(value, _KEYS[key][1]):
            raise WrongBody(f"'{key}' cannot be {value!r}")
    if isinstance(body["action"], list) and not all(isinstance(action, str) for action in body["action"]):
        raise WrongBody(f"'action' cannot be {body['action']!r}")
    if "latencySeconds" not in body and not body.get("error") and "answer" not in body:
        raise WrongBody("A fault must have 'latencySeconds' or 'error' or 'answer'")
    try:
        return Fault(**{_KEYS[key][0]: value for key, value in body.items()})
    except ValueError as error:
        raise WrongBody(str(error)) from error


def as_json(fault: Fault) -> dict[str, Any]:
    fields = {key: getattr(fault, field) for key, (field, _) in _KEYS.items()}
    return {key: value for key, value in fields.items() if value is not None}
