"""The header routes that a Rollout should have, read from its managedRoutes, steps and status. Pure."""

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors import quoted
from elbv2_trafficrouter.errors.request import InvalidRequest
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute, ManagedRoutes
from elbv2_trafficrouter.tags import may_be_tag_value


def managed_routes(rollout: pb.Rollout) -> ManagedRoutes:
    """The routes that the steps up to the current one have set and not removed since. Not validated."""
    status, canary = rollout.status, rollout.spec.strategy.canary
    names = dict.fromkeys(route.name for route in canary.traffic_routing.managed_routes)
    wanted: dict[str, HeaderRoute] = {}
    if status.HasField("current_step_index"):
        for step in canary.steps[: status.current_step_index + 1]:
            if step.HasField("set_header_route"):
                route = header_route(step.set_header_route)
                wanted.pop(route.name, None)
                if route.matches and route.name in names:
                    wanted[route.name] = route
    return ManagedRoutes(
        names=tuple(names),
        wanted=tuple(wanted.values()),
        may_exist=is_underway(rollout) and rollout.metadata.uid != "",
    )


def is_underway(rollout: pb.Rollout) -> bool:
    """Whether an update is going through its steps: it is not complete, aborted or fully promoted."""
    status = rollout.status
    is_over = status.stable_rs in {"", status.current_pod_hash}
    return not (status.abort or status.promote_full or is_over)


def header_route(route: pb.SetHeaderRoute) -> HeaderRoute:
    matches = (
        HeaderMatch(
            match.header_name,
            exact=match.header_value.exact,
            prefix=match.header_value.prefix,
            regex=match.header_value.regex,
        )
        for match in route.match
    )
    return HeaderRoute(route.name, tuple(matches))


def check_name(route: HeaderRoute, managed: ManagedRoutes) -> None:
    """Raises InvalidRequest if the route's name is not in managedRoutes or can't be a tag value."""
    if route.name not in managed.names:
        known = ", ".join(map(quoted, managed.names)) or "none"
        raise InvalidRequest(
            "set_header_route.name",
            f"is {quoted(route.name)}, which is not among the Rollout's "
            f"trafficRouting.managedRoutes ({known})",
            "Add it there; the order of that list is the order of precedence.",
        )
    if not route.name or not may_be_tag_value(route.name):
        raise InvalidRequest(
            "set_header_route.name",
            f"is {quoted(route.name)}",
            "The name becomes a tag value: use 1 to 256 letters, digits, spaces and _.:/=+-@.",
        )
