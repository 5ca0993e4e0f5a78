"""Reads a request message into an Intent. Pure. All errors in a request or its Rollout are detected here."""

import json
from collections.abc import Sequence
from fractions import Fraction

from google.protobuf import json_format

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors import quoted
from elbv2_trafficrouter.errors.request import InvalidConfig, InvalidRequest
from elbv2_trafficrouter.rollout.config import Config, plugin_path, read_config
from elbv2_trafficrouter.rollout.intent import Destination, HeaderRoute, Intent
from elbv2_trafficrouter.rollout.managed_routes import check_name, header_route, managed_routes

# Without a name, Argo Rollouts derives one from the ReplicaSet, which changes with each revision.
_EXPERIMENT_REMEDY = (
    "Set service: {name: NAME} in the template of the experiment step, and add NAME with the ARN of its "
    "target group to targetGroups"
)
_COMPLETE_REMEDY = "Send the complete Rollout."
_LONGEST_NAME = 253  # Kubernetes' own limit (RFC 1123)
DEFAULT_MAX_WEIGHT = 100  # Argo Rollouts' default for trafficRouting.maxTrafficWeight


def read_intent(request: pb.SetWeightRequest | pb.VerifyWeightRequest, plugin_name: str) -> Intent:
    """Reads what a SetWeight or VerifyWeight requests. Raises InvalidRequest, InvalidConfig, UnknownKeys."""
    if not request.HasField("desired_weight"):
        raise InvalidRequest("desired_weight", "is missing", "Set it, even if it is 0.")
    return _intent(request.rollout, request.desired_weight, request.additional_destinations, plugin_name)


def read_header_route(request: pb.SetHeaderRouteRequest, plugin_name: str) -> tuple[Intent, HeaderRoute]:
    """Reads what a SetHeaderRoute requests. Raises the same errors as `read_intent`.

    The route's name is only checked while the route may exist: an abort must not fail because of it.
    """
    intent = read_identified(request.rollout, plugin_name)
    route = header_route(request.set_header_route)
    if intent.managed_routes.may_exist:
        check_name(route, intent.managed_routes)
    return intent, route


def read_identified(rollout: pb.Rollout, plugin_name: str) -> Intent:
    """Reads a Rollout that must have a uid: header rules are tagged with it. The canary's share is 0.

    Raises the same errors as `read_intent`.
    """
    if not rollout.metadata.uid:
        raise InvalidRequest("rollout.metadata.uid", "is missing", _COMPLETE_REMEDY)
    return _intent(rollout, 0, (), plugin_name)


def _intent(
    rollout: pb.Rollout, weight: int, additional: Sequence[pb.WeightDestination], plugin_name: str
) -> Intent:
    if len(rollout.metadata.uid) > _LONGEST_NAME:
        raise InvalidRequest("rollout.metadata.uid", "is too long", _COMPLETE_REMEDY)
    for field in ("namespace", "name"):
        if not 0 < len(getattr(rollout.metadata, field)) <= _LONGEST_NAME:
            raise InvalidRequest(f"rollout.metadata.{field}", "is missing or too long", _COMPLETE_REMEDY)
    routing = rollout.spec.strategy.canary.traffic_routing
    config = _config(routing, plugin_name)
    stable, canary = _services(rollout)
    max_weight = routing.max_traffic_weight if routing.HasField("max_traffic_weight") else DEFAULT_MAX_WEIGHT
    if max_weight < 1:
        field = "spec.strategy.canary.trafficRouting.maxTrafficWeight"
        raise InvalidRequest(field, f"is {max_weight}", "It must be above 0.")
    if not 0 <= weight <= max_weight:
        raise InvalidRequest("desired_weight", f"is {weight}", f"It must be from 0 to {max_weight}.")
    destinations = _additional(additional, {stable, canary}, max_weight)
    rest = max_weight - weight - sum(destination.weight for destination in additional)
    if rest < 0:
        raise InvalidRequest(
            "additional_destinations",
            "and desired_weight add up to more than the maximum",
            f"Their sum must be at most {max_weight}.",
        )
    for service in (stable, canary):
        _check_mapped(service, config, plugin_name, remedy="Add the ARN of its target group there")
    for destination in destinations:
        _check_mapped(destination.service, config, plugin_name, remedy=_EXPERIMENT_REMEDY)
    return Intent(
        namespace=rollout.metadata.namespace,
        rollout=rollout.metadata.name,
        stable=Destination(stable, Fraction(rest, max_weight)),
        canary=Destination(canary, Fraction(weight, max_weight)),
        additional_destinations=destinations,
        max_weight=max_weight,
        config=config,
        uid=rollout.metadata.uid,
        managed_routes=managed_routes(rollout),
        is_aborted=rollout.status.abort,
    )


def _check_mapped(service: str, config: Config, plugin_name: str, remedy: str) -> None:
    if service not in config.target_groups:
        mapped = ", ".join(map(quoted, config.target_groups)) or "none"
        raise InvalidConfig(
            f"{plugin_path(plugin_name)}.targetGroups",
            f"has no target group for the Service {quoted(service)}",
            f"{remedy}. Services that have one: {mapped}.",
        )


def _config(routing: pb.RolloutTrafficRouting, plugin_name: str) -> Config:
    path = plugin_path(plugin_name)
    if plugin_name not in routing.plugins:
        raise InvalidConfig(
            path,
            "is missing from the Rollout's spec.strategy.canary.trafficRouting"
            + (f", which has {', '.join(map(quoted, sorted(routing.plugins)))}" if routing.plugins else ""),
            "Add it, or start the sidecar with the --plugin-name that the Rollout uses.",
        )
    try:
        # Sorted: a map's order differs between processes, but the same problem must have the same message.
        block = json.loads(json_format.MessageToJson(routing.plugins[plugin_name], sort_keys=True))
    except (json_format.Error, ValueError) as error:
        raise InvalidConfig(
            path, "is not valid JSON: it contains a number that is infinite or NaN", "Correct this number."
        ) from error
    return read_config(block, path)


def _services(rollout: pb.Rollout) -> tuple[str, str]:
    """Stable and canary Service. Source: upstream's utils/trafficrouting, GetStableAndCanaryServices."""
    canary = rollout.spec.strategy.canary
    if canary.HasField("ping_pong"):
        ping, pong = canary.ping_pong.ping_service, canary.ping_pong.pong_service
        fields = {"pingPong.pingService": ping, "pingPong.pongService": pong}
        ping_is_stable = rollout.status.canary.stable_ping_pong == "ping"
        services = (ping, pong) if ping_is_stable else (pong, ping)
    else:
        services = (canary.stable_service, canary.canary_service)
        fields = {"stableService": services[0], "canaryService": services[1]}
    for field, service in fields.items():
        if not service:
            raise InvalidRequest(f"spec.strategy.canary.{field}", "is missing", "Name a Service there.")
    if services[0] == services[1]:
        raise InvalidRequest(
            " and ".join(fields),
            f"are both {quoted(services[0])}",
            "Stable and canary each need their own Service.",
        )
    return services


def _additional(
    additional: Sequence[pb.WeightDestination], taken: set[str], max_weight: int
) -> tuple[Destination, ...]:
    destinations: list[Destination] = []
    taken = set(taken)
    for index, destination in enumerate(additional):
        field = f"additional_destinations[{index}]"
        if not destination.service_name:
            raise InvalidRequest(
                f"{field}.service_name",
                "is empty",
                f"{_EXPERIMENT_REMEDY}.",
            )
        if destination.service_name in taken:
            raise InvalidRequest(
                f"{field}.service_name",
                f"is {quoted(destination.service_name)}, which already has a share",
                "Name each Service once.",
            )
        if not 0 <= destination.weight <= max_weight:
            raise InvalidRequest(
                f"{field}.weight", f"is {destination.weight}", f"It must be from 0 to {max_weight}."
            )
        taken.add(destination.service_name)
        destinations.append(Destination(destination.service_name, Fraction(destination.weight, max_weight)))
    return tuple(destinations)
