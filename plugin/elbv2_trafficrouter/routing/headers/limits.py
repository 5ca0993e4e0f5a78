"""What ELBv2 allows in the conditions of one rule, and on one load balancer. Pure."""

import re

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.managed_routes import (
    LoadBalancerFull,
    TooManyConditions,
    TooManyManagedRoutes,
)
from elbv2_trafficrouter.routing.rule import Condition, HeaderRule, Limits

_WITHOUT_WILDCARDS = {"http-request-method", "source-ip"}
# AWS documents the backslash as an escape in query strings only.
_ESCAPED = re.compile(r"\\[*?\\]")


def check_conditions(rule: HeaderRule, limits: Limits) -> None:
    """Raises TooManyConditions for a rule that AWS would refuse."""
    values = sum(len(condition.values) for condition in rule.conditions)
    if values > limits.values:
        raise TooManyConditions(rule.route, rule.base, "condition values", values, limits.values)
    wildcards = sum(map(_wildcards, rule.conditions))
    if wildcards > limits.wildcards:
        raise TooManyConditions(rule.route, rule.base, "wildcards", wildcards, limits.wildcards)


def check_room(route: str, load_balancer: Arn, used: int, new: int, limits: Limits) -> None:
    """Raises LoadBalancerFull if the new rules do not fit. `used`: rules now, without default actions."""
    if used + new > limits.rules:
        raise LoadBalancerFull(route, load_balancer, used, new, limits.rules)


def check_number_of_routes(routes: int, limits: Limits) -> None:
    """Raises TooManyManagedRoutes if not even an empty load balancer could have a rule for each route."""
    if routes > limits.rules:
        raise TooManyManagedRoutes(routes, limits.rules)


def _wildcards(condition: Condition) -> int:
    if condition.is_regex or condition.field in _WITHOUT_WILDCARDS:
        return 0
    texts = ["".join(value) for value in condition.values]
    if condition.field == "query-string":
        texts = [_ESCAPED.sub("", text) for text in texts]
    return sum(text.count("*") + text.count("?") for text in texts)
