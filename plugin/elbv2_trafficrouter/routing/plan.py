"""What each rule shall look like, and which rules have to be written. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from elbv2_trafficrouter.errors import (
    NoForwardToStable,
    RuleNotFound,
    RuleNotUnderstood,
    ShareUnknown,
    TooManyTargetGroups,
)
from elbv2_trafficrouter.routing.arn import Arn
from elbv2_trafficrouter.routing.model import Change, Forward, Intent, ListenerRule, Plan, Route, Snapshot
from elbv2_trafficrouter.routing.weights import exact_weights

MAX_GROUPS = 5  # of a forward action; not adjustable (Quotas for your Application Load Balancers)


def plan(
    intent: Intent, routes: tuple[Route, ...], seen: Snapshot, written: Mapping[Arn, ListenerRule | None]
) -> Plan:
    """Each rule with the intent's shares.

    A rule is written unless the read and our last write both have them already. `written`: our last write to
    each rule; None where it was not answered; nothing where there was none.
    Raises RuleNotFound, NoForwardToStable, ShareUnknown, TooManyTargetGroups, RuleNotUnderstood.
    """

    def wanted(route: Route, rule: ListenerRule) -> ListenerRule:
        return _with_shares(intent, route, rule)

    def has_it(rule: ListenerRule, after: ListenerRule) -> bool:
        last = written.get(rule.arn, rule)
        return last is not None and last.shares_like(after) and rule.shares_like(after)

    return _plan(routes, seen, wanted, has_it)


def plan_attachment(intent: Intent, routes: tuple[Route, ...], seen: Snapshot) -> Plan:
    """Each rule with the groups that it lacks at weight 0 and all else as it is. Raises as `plan` does.

    ELBv2 checks the health of no target in a group that no rule names. A rule without any weight is left to
    SetWeight: all weights 0 are never written.
    """

    def attached(route: Route, rule: ListenerRule) -> ListenerRule:
        complete = _with_groups(intent, route, rule)
        return complete if any(forward.weight for forward in rule.forwards) else rule

    return _plan(routes, seen, attached, ListenerRule.shares_like)


def _plan(
    routes: tuple[Route, ...],
    seen: Snapshot,
    wanted: Callable[[Route, ListenerRule], ListenerRule],
    has_it: Callable[[ListenerRule, ListenerRule], bool],
) -> Plan:
    rules, changes = [], []
    for route in routes:
        rule = seen.rules.get(route.rule)
        if rule is None:
            raise RuleNotFound(route.rule)
        after = wanted(route, rule)
        if has_it(rule, after):
            rules.append(rule)
            continue
        if rule.not_understood:
            raise RuleNotUnderstood(rule.arn, rule.not_understood)
        rules.append(after)
        changes.append(Change(rule, after))
    return Plan(tuple(rules), tuple(changes))


def _with_groups(intent: Intent, route: Route, rule: ListenerRule) -> ListenerRule:
    """The rule with all of the route's groups in it."""
    stable = route.groups[intent.stable.service]
    present = {forward.group for forward in rule.forwards}
    if stable not in present:
        raise NoForwardToStable(rule.arn, intent.stable.service, stable, sorted(present))
    missing = [group for group in route.groups.values() if group not in present]
    if len(present) + len(missing) > MAX_GROUPS:
        raise TooManyTargetGroups(rule.arn, MAX_GROUPS, missing)
    return replace(rule, forwards=(*rule.forwards, *(Forward(group, 0) for group in missing)))


def _with_shares(intent: Intent, route: Route, rule: ListenerRule) -> ListenerRule:
    complete = _with_groups(intent, route, rule)
    ours = frozenset(route.groups.values())
    foreign = [forward for forward in complete.forwards if forward.group not in ours]
    part = sum(forward.weight for forward in complete.forwards if forward.group in ours)
    if part == 0 and any(forward.weight for forward in foreign):
        raise ShareUnknown(rule.arn)
    weights = exact_weights(
        [forward.weight for forward in foreign],
        part or 1,
        [destination.share for destination in intent.destinations],
        intent.max_weight,
    )
    weight_of = dict.fromkeys(ours, 0)
    weight_of |= zip((forward.group for forward in foreign), weights.foreign, strict=True)
    weight_of |= zip(
        (route.groups[destination.service] for destination in intent.destinations), weights.ours, strict=True
    )
    return replace(
        complete,
        forwards=tuple(Forward(forward.group, weight_of[forward.group]) for forward in complete.forwards),
    )
