"""What each rule shall look like, and which rules have to be written. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.rules import (
    NoForwardToStable,
    RuleNotFound,
    RuleNotWritable,
    ShareUnknown,
    TooManyTargetGroups,
)
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule, Snapshot, SteeredRule
from elbv2_trafficrouter.routing.weights.exact import exact_weights

MAX_GROUPS = 5  # of a forward action; not adjustable (Quotas for your Application Load Balancers)


@dataclass(frozen=True, slots=True)
class Change:
    before: ListenerRule
    after: ListenerRule


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules as they shall be, and which of them have to be written. No changes: all is as asked."""

    rules: tuple[ListenerRule, ...]
    changes: tuple[Change, ...]


def plan(
    intent: Intent,
    routes: tuple[SteeredRule, ...],
    seen: Snapshot,
    written: Mapping[Arn, ListenerRule | None],
) -> Plan:
    """Each rule with the intent's shares.

    A rule is written unless the read has them already and our last write had them too: a read may lag.
    `written`: our last write to each rule; None where it was not answered; nothing where there was none.
    Raises RuleNotFound, NoForwardToStable, ShareUnknown, TooManyTargetGroups, RuleNotWritable.
    """

    def wanted(route: SteeredRule, rule: ListenerRule) -> ListenerRule:
        after = _with_shares(intent, route, rule)
        return rule if rule.shares_like(after) and _is_known(route, rule, written) else after

    return _plan(routes, seen, wanted)


def plan_attachment(
    intent: Intent,
    routes: tuple[SteeredRule, ...],
    seen: Snapshot,
    written: Mapping[Arn, ListenerRule | None],
) -> Plan:
    """Each rule with the groups that it lacks at weight 0, all else as it is. `written`, raises: as `plan`.

    ELBv2 checks the health of no target in a group that no rule names. A rule without any weight, or whose
    read does not show our last write, is left to SetWeight: no weight is written that nobody asked for.
    """

    def wanted(route: SteeredRule, rule: ListenerRule) -> ListenerRule:
        complete = _with_groups(intent, route, rule)
        has_weight = any(forward.weight for forward in rule.forwards)
        return complete if has_weight and _is_known(route, rule, written) else rule

    return _plan(routes, seen, wanted)


def _is_known(route: SteeredRule, rule: ListenerRule, written: Mapping[Arn, ListenerRule | None]) -> bool:
    """Whether the read shows what we wrote last, as far as it is ours; others may change theirs."""
    last = written.get(rule.arn, rule)
    return last is not None and last.shares_like(rule, frozenset(route.groups.values()))


def _plan(
    routes: tuple[SteeredRule, ...],
    seen: Snapshot,
    wanted: Callable[[SteeredRule, ListenerRule], ListenerRule],
) -> Plan:
    rules, changes = [], []
    for route in routes:
        rule = seen.rules.get(route.rule)
        if rule is None:
            raise RuleNotFound(route.rule)
        if rule.unwritable and not rule.forwards:
            raise RuleNotWritable(rule.arn, rule.unwritable)
        after = wanted(route, rule)
        rules.append(after)
        if after is rule:
            continue
        if rule.unwritable:
            raise RuleNotWritable(rule.arn, rule.unwritable)
        changes.append(Change(rule, after))
    return Plan(tuple(rules), tuple(changes))


def _with_groups(intent: Intent, route: SteeredRule, rule: ListenerRule) -> ListenerRule:
    """The rule with all of the route's groups in it."""
    stable = route.groups[intent.stable.service]
    present = {forward.group for forward in rule.forwards}
    if stable not in present:
        raise NoForwardToStable(rule.arn, intent.stable.service, stable, sorted(present))
    missing = [group for group in route.groups.values() if group not in present]
    if not missing:
        return rule
    if len(present) + len(missing) > MAX_GROUPS:
        raise TooManyTargetGroups(rule.arn, MAX_GROUPS, missing)
    return replace(rule, forwards=(*rule.forwards, *(Forward(group, 0) for group in missing)))


def _with_shares(intent: Intent, route: SteeredRule, rule: ListenerRule) -> ListenerRule:
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
