"""The priority of a header rule: directly above its base rule, in the order of managedRoutes. Pure.

The order may differ where the gap above the base has fewer free priorities than managedRoutes has names.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.managed_routes import NoFreePriority
from elbv2_trafficrouter.routing.rule import ListenerRule

LAST_PRIORITY = 50_000


def gap_above(base: ListenerRule, rules: Iterable[ListenerRule], passed: Collection[Arn]) -> range:
    """The priorities between a rule and the next one above it; those of `passed` count as free.

    A default action is below all rules.
    """
    below = LAST_PRIORITY + 1 if base.priority is None else base.priority
    above = (
        rule.priority
        for rule in rules
        if rule.priority is not None and rule.priority < below and rule.arn not in passed
    )
    return range(max(above, default=0) + 1, below)


def narrows(rule: ListenerRule, base: ListenerRule) -> bool:
    """Whether it takes requests from the base rule by headers alone, as header routes of any Rollout do."""
    more = rule.conditions - base.conditions
    return rule.conditions > base.conditions and all(each.field == "http-header" for each in more)


def free_priority(
    route: str,
    base: ListenerRule,
    gap: range,
    taken: Mapping[int, str],
    names: Sequence[str],
) -> int:
    """The priority for a route's new rule. `taken`: priorities in the gap of owned rules, with their routes.

    Each name of managedRoutes has a priority of its own above the base, so that a route that is set later
    finds it free. If that one is taken or outside the gap, it is the nearest free one that keeps the order;
    if none keeps the order, the nearest free one: all routes of a Rollout lead to the same canary, so another
    order does no harm. Raises NoFreePriority.
    """
    order = {name: number for number, name in enumerate(names)}
    own = order.get(route, len(names))
    first = max([p + 1 for p, other in taken.items() if order.get(other, own) < own], default=gap.start)
    end = min([p for p, other in taken.items() if order.get(other, own) > own], default=gap.stop)
    reserved = gap.stop - (len(names) - own)
    free = [priority for priority in gap if priority not in taken]
    if not free:
        raise NoFreePriority(route, base.arn, base.priority, gap.start - 1, len(names))
    in_order = [priority for priority in free if first <= priority < end]
    return min(in_order or free, key=lambda priority: abs(priority - reserved))
