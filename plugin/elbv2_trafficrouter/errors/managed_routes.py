"""Why a managed route can't be made."""

from collections.abc import Sequence

from elbv2_trafficrouter.errors.problem import Kind, Problem, escaped, quoted, resource_of


class InvalidHeaderRoute(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, route: str, field: str, trouble: str, remedy: str) -> None:
        """`field`: within the step, as match[0].headerName."""
        super().__init__(f"In the header route {quoted(route)} {field} {trouble}. {remedy}", {"route": route})


class TooManyConditions(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, route: str, base: str, what: str, asked: int, limit: int) -> None:
        super().__init__(
            f"With the conditions of {resource_of(base)} the header route {quoted(route)} needs {asked} "
            f"{what}; ELBv2 takes {limit} in a rule. Use fewer in the setHeaderRoute step or in that rule.",
            {"route": route, "rule": base},
        )


class LoadBalancerFull(Problem):
    kind = Kind.RESOURCE_EXHAUSTED

    def __init__(self, route: str, load_balancer: str, used: int, new: int, limit: int) -> None:
        """`used`: rules now. `new`: rules that the route needs."""
        super().__init__(
            f"There is no room for the header route {quoted(route)}: {resource_of(load_balancer)} has {used} "
            f"rules, the route needs {new} more, and the account's quota is {limit}. Remove rules, or raise "
            "the quota 'Rules per Application Load Balancer'.",
            {"route": route, "load_balancer": load_balancer},
        )


class NoFreePriority(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, route: str, base: str, priority: int | None, above: int, wanted: int) -> None:
        """`priority`: the base rule's, None for a default action. `above`: of the next rule, 0 for none."""
        has = "is a default action" if priority is None else f"has priority {priority}"
        beyond = f"the rule above it has priority {above}" if above else "no lower number is free"
        super().__init__(
            f"There is no free priority for the header route {quoted(route)} directly above "
            f"{resource_of(base)}: it {has}, and {beyond}. "
            f"Give rules other priorities (SetRulePriorities), so that {wanted} "
            f"{'is' if wanted == 1 else 'are'} free directly above it.",
            {"route": route, "rule": base},
        )


class PriorityTaken(Problem):
    kind = Kind.ABORTED

    def __init__(self, route: str, listener: str, priority: int) -> None:
        super().__init__(
            f"Priority {priority} of {resource_of(listener)} was taken while the header route "
            f"{quoted(route)} was made. It is tried again by itself.",
            {"route": route, "listener": listener},
        )


class OidcNotCopyable(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str) -> None:
        super().__init__(
            f"{resource_of(rule)} authenticates by OIDC, and AWS tells nobody the client secret that a "
            "header route's own rule would need. Use authenticate-cognito or jwt-validation there, or remove "
            "the setHeaderRoute steps from the Rollout.",
            {"rule": rule},
        )


class RuleNotCopyable(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, elements: Sequence[str]) -> None:
        super().__init__(
            f"{resource_of(rule)} has parts that this version can't copy into a header route's rule "
            f"({', '.join(map(escaped, elements))}). "
            "Update the router (boto3), or remove them from the rule.",
            {"rule": rule, "elements": " ".join(elements)},
        )


class HeaderRouteMissing(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, route: str, rule: str) -> None:
        super().__init__(
            f"The rule of the header route {quoted(route)} is not seen above {resource_of(rule)}. "
            "The next SetWeight makes it again.",
            {"route": route, "rule": rule},
        )


class MirrorRoutesNotImplemented(Problem):
    kind = Kind.UNIMPLEMENTED

    def __init__(self) -> None:
        super().__init__(
            "Application Load Balancers can't copy requests, so there are no mirror routes. "
            "Remove the setMirrorRoute steps from the Rollout; use setWeight steps with a small weight."
        )
