"""The emulator's own interface under /_emulator/: journal, address map, faults, health, listeners."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from elbv2_emulator import arns, health
from elbv2_emulator.actions import ACTIONS
from elbv2_emulator.actions.targets import set_health
from elbv2_emulator.addresses import Addresses, NotLoopback
from elbv2_emulator.data_plane import DataPlane
from elbv2_emulator.faults import EVERY_ACTION, Fault, Faults
from elbv2_emulator.journal import Journal
from elbv2_emulator.state import Store

_FAULT_KEYS: Mapping[str, tuple[type, ...]] = {
    "action": (str,),
    "latencySeconds": (int, float),
    "error": (str,),
    "message": (str,),
    "times": (int,),
}


class WrongBody(Exception):  # noqa: N818  it says what is wrong
    """A request to control that cannot be met; nothing was changed."""


class Control:
    def __init__(
        self,
        stores: dict[str, Store],
        data_plane: DataPlane,
        addresses: Addresses,
        faults: Faults,
        journal: Journal,
    ) -> None:
        self._stores = stores
        self._data_plane = data_plane
        self._addresses = addresses
        self._faults = faults
        self._journal = journal

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/_emulator/journal", self.get_journal),
            web.delete("/_emulator/journal", self.delete_journal),
            web.get("/_emulator/addresses", self.get_addresses),
            web.put("/_emulator/addresses", _checked(self.put_addresses)),
            web.get("/_emulator/faults", self.get_faults),
            web.post("/_emulator/faults", _checked(self.post_fault)),
            web.delete("/_emulator/faults", self.delete_faults),
            web.get("/_emulator/health", self.get_health),
            web.put("/_emulator/health", _checked(self.put_health)),
            web.get("/_emulator/listeners", self.get_listeners),
        ]

    async def get_journal(self, _request: web.Request) -> web.Response:
        return web.json_response([entry.as_json() for entry in self._journal.entries])

    async def delete_journal(self, _request: web.Request) -> web.Response:
        self._journal.clear()
        return web.json_response([])

    async def get_addresses(self, _request: web.Request) -> web.Response:
        return web.json_response(self._addresses.map)

    async def put_addresses(self, body: Any) -> web.Response:
        if not isinstance(body, dict) or not all(isinstance(value, str | None) for value in body.values()):
            raise WrongBody(
                'The body must be an object like {"10.64.0.3:8080": "127.0.0.1:9001"}; null removes'
            )
        for target in body:
            if not target.rpartition(":")[2].isdigit():
                raise WrongBody(f"'{target}' is not a target's id and port, as in 10.64.0.3:8080")
        try:
            self._addresses.merge(body)
        except NotLoopback as error:
            raise WrongBody(f"A backend must be on this machine: {error}") from error
        return web.json_response(self._addresses.map)

    async def get_faults(self, _request: web.Request) -> web.Response:
        return web.json_response([_fault_as_json(fault) for fault in self._faults.active])

    async def post_fault(self, body: Any) -> web.Response:
        fault = _fault(body)
        self._faults.add(fault)
        return web.json_response(_fault_as_json(fault))

    async def delete_faults(self, _request: web.Request) -> web.Response:
        self._faults.clear()
        return web.json_response([])

    async def get_health(self, _request: web.Request) -> web.Response:
        return web.json_response([
            {
                "targetGroupArn": group.arn,
                "targets": [
                    {
                        "id": target.id,
                        "port": target.port,
                        "state": health.state_of(target, in_use=group.arn in in_use),
                    }
                    for target in group.targets.values()
                ],
            }
            for store in self._stores.values()
            for in_use in (store.current.groups_in_use(),)
            for group in store.current.target_groups.values()
        ])  # fmt: skip

    async def put_health(self, body: Any) -> web.Response:
        arn, states = _health(body)
        store = self._stores.get(arns.region_of(arn))
        if store is None or arn not in store.current.target_groups:
            raise WrongBody(f"There is no target group '{arn}'")
        for key in states:
            if key not in store.current.target_groups[arn].targets:
                raise WrongBody(f"'{key[0]}' with port {key[1]} is not registered in '{arn}'")
        store.put(set_health(store.current, arn, states))
        return web.json_response(body)

    async def get_listeners(self, _request: web.Request) -> web.Response:
        return web.json_response([
            {
                "listenerArn": listener.arn,
                "loadBalancerArn": listener.load_balancer_arn,
                "protocol": listener.protocol,
                "port": listener.port,
                "address": self._data_plane.address(listener.arn),
            }
            for store in self._stores.values()
            for listener in store.current.listeners.values()
        ])  # fmt: skip


def _checked(
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


def _fault(body: Any) -> Fault:
    if not isinstance(body, dict) or "action" not in body:
        raise WrongBody('The body must be an object with "action", and "latencySeconds" or "error" or both')
    for key, value in body.items():
        if key not in _FAULT_KEYS:
            raise WrongBody(f"'{key}' is not one of {', '.join(_FAULT_KEYS)}")
        if isinstance(value, bool) or not isinstance(value, _FAULT_KEYS[key]):
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


def _fault_as_json(fault: Fault) -> dict[str, Any]:
    told = {
        "action": fault.action,
        "latencySeconds": fault.latency_seconds,
        "error": fault.error,
        "message": fault.message,
        "times": fault.times,
    }
    return {key: value for key, value in told.items() if value is not None}


def _health(body: Any) -> tuple[str, dict[tuple[str, int], str]]:
    if (
        not isinstance(body, dict)
        or set(body) != {"targetGroupArn", "targets"}
        or not isinstance(body["targets"], list)
    ):
        raise WrongBody(
            'The body must be {"targetGroupArn": …, "targets": [{"id": …, "port": …, "state": …}]}'
        )
    if not isinstance(body["targetGroupArn"], str):
        raise WrongBody(f"'targetGroupArn' cannot be {body['targetGroupArn']!r}")
    states: dict[tuple[str, int], str] = {}
    for target in body["targets"]:
        if not isinstance(target, dict) or set(target) != {"id", "port", "state"}:
            raise WrongBody('Each target must be {"id": …, "port": …, "state": …}')
        if target["state"] not in health.SETTABLE:
            raise WrongBody(f"State {target['state']!r} must be one of {', '.join(health.SETTABLE)}")
        if not isinstance(target["id"], str) or type(target["port"]) is not int:
            raise WrongBody("A target's id is a string and its port a number")
        states[target["id"], target["port"]] = target["state"]
    return body["targetGroupArn"], states
