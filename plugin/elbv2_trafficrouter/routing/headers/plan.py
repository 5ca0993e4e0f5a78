"""The rules that a header route needs on a listener, and how they differ from those that exist. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors.managed_routes import OidcNotCopyable, RuleNotCopyable
from elbv2_trafficrouter.errors.rules import NoForwardToStable, RuleNotWritable
from elbv2_trafficrouter.rollout.intent import HeaderRoute, Intent
from elbv2_trafficrouter.routing.headers.conditions import header_conditions
from elbv2_trafficrouter.routing.headers.priority import free_priority, gap_above, narrows
from elbv2_trafficrouter.routing.rule import HeaderRule, ListenerRule, SteeredRule, rule_named


@dataclass(frozen=True, slots=True)
class HeaderRuleChange:
    """The rule that a header route needs, and the one that exists; None: it has to be created."""

    wanted: HeaderRule
    present: ListenerRule | None

    @property
    def is_done(self) -> bool:
        return self.present is not None and self.wanted.is_like(self.present)


@dataclass(frozen=True, slots=True)
class OwnedRules:
    """The rules of the listeners by ARN, and the routes of those that belong to this Rollout."""

    rules: Mapping[Arn, ListenerRule]
    owned: Mapping[Arn, str]


def plan_header_route(
    intent: Intent, route: HeaderRoute, steered: Sequence[SteeredRule], existing: OwnedRules
) -> list[HeaderRuleChange]:
    """A change for each base rule. An owned rule of the route directly above the base is the one to keep.

    Raises DefaultRuleNamed, RuleNotFound, RuleNotWritable, NoForwardToStable, RuleNotCopyable,
    OidcNotCopyable, InvalidHeaderRoute, NoFreePriority.
    """
    changes: list[HeaderRuleChange] = []
    for each in steered:
        base = base_rule(intent, each, existing.rules)
        beside = _on_listener_of(base, existing.rules.values())
        gap = gap_above(base, beside, existing.owned)
        present = _nearest(base, beside, existing.owned, route.name)
        if present is not None and present.priority is not None:
            priority = present.priority
        else:
            in_gap = {rule.priority: rule for rule in beside if rule.priority in gap and rule.priority}
            taken = {number: existing.owned[rule.arn] for number, rule in in_gap.items()}
            priority = free_priority(route.name, base, gap, taken, intent.managed_routes.names)
        changes.append(HeaderRuleChange(_wanted(intent, route, each, base, priority), present))
    return changes


def base_rule(intent: Intent, steered: SteeredRule, rules: Mapping[Arn, ListenerRule]) -> ListenerRule:
    """The rule that header rules belong above and copy. Raises a Problem if it cannot be copied."""
    base = rule_named(steered.rule, rules)
    if base.unwritable:
        raise RuleNotWritable(base.arn, base.unwritable)
    stable = steered.groups[intent.stable.service]
    if stable not in (present := {forward.group for forward in base.forwards}):
        raise NoForwardToStable(base.arn, intent.stable.service, stable, sorted(present))
    if base.uncopyable:
        raise RuleNotCopyable(base.arn, base.uncopyable)
    if any(action["Type"] == "authenticate-oidc" for action in base.actions):
        raise OidcNotCopyable(base.arn)
    return base


def is_present(
    intent: Intent, route: HeaderRoute, steered: SteeredRule, rules: Mapping[Arn, ListenerRule]
) -> bool:
    """Whether a rule above the base does what the header route's rule would do, whoever owns it."""
    base = base_rule(intent, steered, rules)
    wanted = _wanted(intent, route, steered, base, priority=0)
    beside = _on_listener_of(base, rules.values())
    reach = _reach(base, beside, ())
    return any(rule.priority in reach and wanted.is_like(rule) for rule in beside)


def _nearest(
    base: ListenerRule, beside: Sequence[ListenerRule], owned: Mapping[Arn, str], route: str
) -> ListenerRule | None:
    reach = _reach(base, beside, owned)
    return next((rule for rule in beside if rule.priority in reach and owned.get(rule.arn) == route), None)


def _reach(base: ListenerRule, beside: Sequence[ListenerRule], owned: Collection[Arn]) -> range:
    """Where a rule takes requests from the base alone: only header rules, of any Rollout, are in between."""
    return gap_above(base, beside, {rule.arn for rule in beside if narrows(rule, base)} | set(owned))


def _wanted(
    intent: Intent, route: HeaderRoute, steered: SteeredRule, base: ListenerRule, priority: int
) -> HeaderRule:
    return HeaderRule(
        route=route.name,
        base=base.arn,
        priority=priority,
        conditions=base.conditions | header_conditions(route),
        before_forward=base.before_forward,
        group=steered.groups[intent.canary.service],
        transforms=base.transforms,
    )


def _on_listener_of(base: ListenerRule, rules: Iterable[ListenerRule]) -> list[ListenerRule]:
    return [rule for rule in rules if listener_of(rule.arn) == listener_of(base.arn)]
