"""Problems with managed routes: why a header route or a mirror route can't be created."""

from collections.abc import Sequence

from elbv2_trafficrouter.errors.problem import Kind, Problem, escaped, quoted, resource_of


class InvalidHeaderRoute(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, route: str, field: str, trouble: str, remedy: str) -> None:
        """`field`: the field within the setHeaderRoute step, such as match[0].headerName."""
        super().__init__(
            f"In the header route {quoted(route)}, {field} {trouble}. {remedy}", {"route": route}
        )


class TooManyConditions(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, route: str, base: str, what: str, asked: int, limit: int) -> None:
        super().__init__(
            f"Together with the conditions of {resource_of(base)}, the header route {quoted(route)} needs "
            f"{asked} {what}, but ELBv2 allows {limit} per rule. "
            "Use fewer in the setHeaderRoute step or in that rule.",
            {"route": route, "rule": base},
        )


class TooManyManagedRoutes(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, routes: int, limit: int) -> None:
        """`limit`: the account's quota."""
        super().__init__(
            f"The Rollout's trafficRouting.managedRoutes lists {routes} routes. Each one needs its "
            f"own listener rule, but the account's quota is {limit} rules per load balancer. Remove routes "
            "from the list, or raise the quota 'Rules per Application Load Balancer'.",
            {"field": "spec.strategy.canary.trafficRouting.managedRoutes"},
        )


class LoadBalancerFull(Problem):
    kind = Kind.RESOURCE_EXHAUSTED

    def __init__(self, route: str, load_balancer: str, used: int, new: int, limit: int) -> None:
        """`used`: the number of existing rules. `new`: the number of rules that the route still needs."""
        super().__init__(
            f"There is no room for the header route {quoted(route)}: {resource_of(load_balancer)} has {used} "
            f"rules, the route needs {new} more, and the account's quota is {limit}. Remove rules, or raise "
            "the quota 'Rules per Application Load Balancer'.",
            {"route": route, "load_balancer": load_balancer},
        )


class NoFreePriority(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, route: str, base: str, priority: int | None, above: int, wanted: int) -> None:
        """`priority`: the priority of the base rule; None for a default action.

        `above`: the priority of the next rule above it; 0 if there is none. `wanted`: the number of
        priorities that must be free between the two.
        """
        below = f"{resource_of(base)}, which has priority {priority}"
        if priority is None:
            below = f"the default action of {resource_of(base)}"
        taken = f"the rule above it has priority {above}" if above else "no lower number is free"
        super().__init__(
            f"There is no free priority for the header route {quoted(route)} directly above {below}: "
            f"{taken}. "
            "Change the priorities of the rules (SetRulePriorities) so that "
            f"{wanted} {'is' if wanted == 1 else 'are'} free directly above it.",
            {"route": route, "rule": base},
        )


class PriorityTaken(Problem):
    kind = Kind.ABORTED

    def __init__(self, route: str, listener: str, priority: int) -> None:
        super().__init__(
            f"Another rule took priority {priority} of {resource_of(listener)} while the header route "
            f"{quoted(route)} was being created. This is retried automatically.",
            {"route": route, "listener": listener},
        )


class HeaderRuleRefused(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, route: str, action: str, arn: str, code: str, message: str) -> None:
        super().__init__(
            f"AWS rejects {action} on {resource_of(arn)} for the header route {quoted(route)} with "
            f"{escaped(code)}: {escaped(message.rstrip('.'))}. "
            "Correct the setHeaderRoute step, or the rule whose conditions the route shares.",
            {"route": route, "action": action, "arn": arn, "aws_code": code, "aws_message": message},
        )


class OidcNotCopyable(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str) -> None:
        super().__init__(
            f"{resource_of(rule)} uses authenticate-oidc, and AWS never returns the client secret that the "
            "rule of a header route would need. Use authenticate-cognito or jwt-validation there, or remove "
            "the setHeaderRoute steps from the Rollout.",
            {"rule": rule},
        )


class RuleNotCopyable(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, elements: Sequence[str]) -> None:
        super().__init__(
            f"{resource_of(rule)} has elements that this version can't copy into a header route's rule "
            f"({', '.join(map(escaped, elements))}). "
            "Upgrade the router (a newer boto3 may know them), or remove them from the rule.",
            {"rule": rule, "elements": " ".join(elements)},
        )


class HeaderRouteMissing(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, route: str, rule: str) -> None:
        super().__init__(
            f"The rule of the header route {quoted(route)} is missing above {resource_of(rule)}. "
            "The next SetWeight recreates it.",
            {"route": route, "rule": rule},
        )


class MirrorRoutesNotImplemented(Problem):
    kind = Kind.UNIMPLEMENTED

    def __init__(self) -> None:
        super().__init__(
            "Application Load Balancers can't mirror requests, so mirror routes are not supported. "
            "Remove the setMirrorRoute steps from the Rollout, and use setWeight steps with a small weight."
        )
