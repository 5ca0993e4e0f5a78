"""/_emulator/health: the states of all targets. PUT sets states that override the health checks."""

from typing import Any

from aiohttp import web

from elbv2_emulator.api import arns
from elbv2_emulator.api.actions.targets import set_health
from elbv2_emulator.control.body import WrongBody, with_json_body
from elbv2_emulator.state import target_health
from elbv2_emulator.state.store import Store


def routes(stores: dict[str, Store]) -> list[web.RouteDef]:
    async def get(_request: web.Request) -> web.Response:
        return web.json_response([
            {
                "targetGroupArn": group.arn,
                "targets": [
                    {
                        "id": target.id,
                        "port": target.port,
                        "state": target_health.state_of(target, in_use=group.arn in in_use),
                    }
                    for target in group.targets.values()
                ],
            }
            for store in stores.values()
            for in_use in (store.current.groups_in_use(),)
            for group in store.current.target_groups.values()
        ])  # fmt: skip

    async def put(body: Any) -> web.Response:
        arn, states = _read_states(body)
        store = stores.get(arns.region_of(arn))
        if store is None or arn not in store.current.target_groups:
            raise WrongBody(f"There is no target group '{arn}'")
        for key in states:
            if key not in store.current.target_groups[arn].targets:
                raise WrongBody(f"'{key[0]}' with port {key[1]} is not registered in '{arn}'")
        store.put(set_health(store.current, arn, states))
        return web.json_response(body)

    return [web.get("/_emulator/health", get), web.put("/_emulator/health", with_json_body(put))]


def _read_states(body: Any) -> tuple[str, dict[tuple[str, int], str | None]]:
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
    states: dict[tuple[str, int], str | None] = {}
    for target in body["targets"]:
        if not isinstance(target, dict) or set(target) != {"id", "port", "state"}:
            raise WrongBody('Each target must be {"id": …, "port": …, "state": …}')
        if target["state"] not in {None, *target_health.SETTABLE}:
            raise WrongBody(
                f"The state {target['state']!r} must be one of {', '.join(target_health.SETTABLE)}, or null"
            )
        if not isinstance(target["id"], str) or type(target["port"]) is not int:
            raise WrongBody("A target's id must be a string and its port a number")
        states[target["id"], target["port"]] = target["state"]
    return body["targetGroupArn"], states
