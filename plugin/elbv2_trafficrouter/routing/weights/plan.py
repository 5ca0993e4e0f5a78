"""The weights that each rule needs, and the rules that have to be written. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.errors.rules import (
    NoForwardToStable,
    RuleNotWritable,
    ShareUnknown,
    TooManyTargetGroups,
)
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule, Snapshot, SteeredRule, rule_named
from elbv2_trafficrouter.routing.weights.exact import exact_weights

MAX_GROUPS = 5  # of a forward action; not adjustable (Quotas for your Application Load Balancers)


@dataclass(frozen=True, slots=True)
class Change:
    before: ListenerRule
    after: ListenerRule


@dataclass(frozen=True, slots=True)
class Plan:
    """The rules with the weights that they need, and the changes to write. No changes if all have them."""

    rules: tuple[ListenerRule, ...]
    changes: tuple[Change, ...]


def plan(
    intent: Intent,
    steered: tuple[SteeredRule, ...],
    snapshot: Snapshot,
    last_writes: Mapping[Arn, ListenerRule | None],
) -> Plan:
    """Each rule with the intent's shares.

    A rule is written unless both the read and our last write have these shares: a read can be out of date.
    `last_writes`: our last write to each rule; None if AWS did not answer it, no entry if there was none.
    Raises DefaultRuleNamed, RuleNotFound, NoForwardToStable, ShareUnknown, TooManyTargetGroups,
    RuleNotWritable.
    """

    def wanted(of: SteeredRule, rule: ListenerRule) -> ListenerRule:
        after = _with_shares(intent, of, rule)
        return rule if rule.shares_like(after) and _shows_last_write(of, rule, last_writes) else after

    return _plan(steered, snapshot, wanted)


def plan_attachment(
    intent: Intent,
    steered: tuple[SteeredRule, ...],
    snapshot: Snapshot,
    last_writes: Mapping[Arn, ListenerRule | None],
) -> Plan:
    """Each rule with its missing groups added at weight 0. `last_writes` and errors: as for `plan`.

    ELBv2 does not check the health of targets in a group that no rule names. A rule is left to SetWeight if
    all its weights are 0, or if the read does not show our last write: otherwise weights would be written
    that nobody requested.
    """

    def wanted(of: SteeredRule, rule: ListenerRule) -> ListenerRule:
        complete = _with_groups(intent, of, rule)
        has_weight = any(forward.weight for forward in rule.forwards)
        return complete if has_weight and _shows_last_write(of, rule, last_writes) else rule

    return _plan(steered, snapshot, wanted)


def _shows_last_write(
    of: SteeredRule, rule: ListenerRule, last_writes: Mapping[Arn, ListenerRule | None]
) -> bool:
    """Whether the read shows the weights that we last wrote to our groups. Other groups may have changed."""
    last = last_writes.get(rule.arn, rule)
    return last is not None and last.shares_like(rule, of.our_groups)


def _plan(
    steered: tuple[SteeredRule, ...],
    snapshot: Snapshot,
    wanted: Callable[[SteeredRule, ListenerRule], ListenerRule],
) -> Plan:
    rules, changes = [], []
    for each in steered:
        rule = rule_named(each.rule, snapshot.rules)
        if rule.unwritable and not rule.forwards:
            raise RuleNotWritable(rule.arn, rule.unwritable)
        after = wanted(each, rule)
        rules.append(after)
        if after is rule:
            continue
        if rule.unwritable:
            raise RuleNotWritable(rule.arn, rule.unwritable)
        changes.append(Change(rule, after))
    return Plan(tuple(rules), tuple(changes))


def _with_groups(intent: Intent, of: SteeredRule, rule: ListenerRule) -> ListenerRule:
    """The rule with all of the Rollout's groups in it."""
    stable = of.groups[intent.stable.service]
    present = {forward.group for forward in rule.forwards}
    if stable not in present:
        raise NoForwardToStable(rule.arn, intent.stable.service, stable, sorted(present))
    missing = [group for group in of.groups.values() if group not in present]
    if not missing:
        return rule
    if len(present) + len(missing) > MAX_GROUPS:
        raise TooManyTargetGroups(rule.arn, MAX_GROUPS, missing)
    return replace(rule, forwards=(*rule.forwards, *(Forward(group, 0) for group in missing)))


def _with_shares(intent: Intent, of: SteeredRule, rule: ListenerRule) -> ListenerRule:
    complete = _with_groups(intent, of, rule)
    foreign = [forward for forward in complete.forwards if forward.group not in of.our_groups]
    part = sum(forward.weight for forward in complete.forwards if forward.group in of.our_groups)
    if part == 0 and any(forward.weight for forward in foreign):
        raise ShareUnknown(rule.arn)
    weights = exact_weights(
        [forward.weight for forward in foreign],
        part or 1,
        [destination.share for destination in intent.destinations],
        intent.max_weight,
    )
    our_destinations = [of.groups[destination.service] for destination in intent.destinations]
    weight_of = dict.fromkeys(of.our_groups, 0)
    weight_of |= zip((forward.group for forward in foreign), weights.foreign, strict=True)
    weight_of |= zip(our_destinations, weights.ours, strict=True)
    return replace(
        complete,
        forwards=tuple(Forward(forward.group, weight_of[forward.group]) for forward in complete.forwards),
    )
