"""Which rules a header route shall have on a listener, and what has to be done for it. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors.managed_routes import OidcNotCopyable, RuleNotCopyable
from elbv2_trafficrouter.errors.rules import NoForwardToStable, RuleNotFound, RuleNotWritable
from elbv2_trafficrouter.rollout.intent import HeaderRoute, Intent
from elbv2_trafficrouter.routing.headers.conditions import header_conditions
from elbv2_trafficrouter.routing.headers.priority import free_priority, gap_above, narrows
from elbv2_trafficrouter.routing.rule import HeaderRule, ListenerRule, SteeredRule


@dataclass(frozen=True, slots=True)
class HeaderRuleChange:
    """A rule of a header route as it shall be, and the one that is there; None: it has to be made."""

    wanted: HeaderRule
    present: ListenerRule | None

    @property
    def is_done(self) -> bool:
        return self.present is not None and self.wanted.is_like(self.present)


@dataclass(frozen=True, slots=True)
class OwnedRules:
    """The rules of the listeners, by their ARN, and which are this Rollout's, with their routes."""

    rules: Mapping[Arn, ListenerRule]
    ours: Mapping[Arn, str]


def plan_header_route(
    intent: Intent, route: HeaderRoute, routes: Sequence[SteeredRule], seen: OwnedRules
) -> list[HeaderRuleChange]:
    """A step for each base rule. Its rule is one of the route's that stands directly above the base already.

    Raises RuleNotFound, RuleNotWritable, NoForwardToStable, RuleNotCopyable, OidcNotCopyable,
    InvalidHeaderRoute, NoFreePriority.
    """
    steps: list[HeaderRuleChange] = []
    for one in routes:
        base = base_rule(intent, one, seen.rules)
        beside = _on_listener_of(base, seen.rules.values())
        gap = gap_above(base, beside, seen.ours)
        present = _nearest(base, beside, seen.ours, route.name)
        if present is not None and present.priority is not None:
            priority = present.priority
        else:
            in_gap = {rule.priority: rule for rule in beside if rule.priority in gap and rule.priority}
            taken = {number: seen.ours[rule.arn] for number, rule in in_gap.items()}
            priority = free_priority(route.name, base, gap, taken, intent.managed_routes.names)
        steps.append(HeaderRuleChange(_wanted(intent, route, one, base, priority), present))
    return steps


def base_rule(intent: Intent, route: SteeredRule, rules: Mapping[Arn, ListenerRule]) -> ListenerRule:
    """The rule that header rules of this route are made from. Raises what makes it unfit."""
    base = rules.get(route.rule)
    if base is None:
        raise RuleNotFound(route.rule)
    if base.unwritable:
        raise RuleNotWritable(base.arn, base.unwritable)
    stable = route.groups[intent.stable.service]
    if stable not in (present := {forward.group for forward in base.forwards}):
        raise NoForwardToStable(base.arn, intent.stable.service, stable, sorted(present))
    if base.uncopyable:
        raise RuleNotCopyable(base.arn, base.uncopyable)
    if any(action["Type"] == "authenticate-oidc" for action in base.actions):
        raise OidcNotCopyable(base.arn)
    return base


def is_present(
    intent: Intent, wanted: HeaderRoute, on: SteeredRule, rules: Mapping[Arn, ListenerRule]
) -> bool:
    """Whether some rule above the base does what the header route's would, whosever it is."""
    base = base_rule(intent, on, rules)
    rule = _wanted(intent, wanted, on, base, priority=0)
    beside = _on_listener_of(base, rules.values())
    reach = _reach(base, beside, ())
    return any(one.priority in reach and rule.is_like(one) for one in beside)


def _nearest(
    base: ListenerRule, beside: Sequence[ListenerRule], ours: Mapping[Arn, str], route: str
) -> ListenerRule | None:
    reach = _reach(base, beside, ours)
    return next((rule for rule in beside if rule.priority in reach and ours.get(rule.arn) == route), None)


def _reach(base: ListenerRule, beside: Sequence[ListenerRule], ours: Collection[Arn]) -> range:
    """Where a rule takes requests from the base alone: others' header routes may stand in between."""
    return gap_above(base, beside, {one.arn for one in beside if narrows(one, base)} | set(ours))


def _wanted(
    intent: Intent, route: HeaderRoute, on: SteeredRule, base: ListenerRule, priority: int
) -> HeaderRule:
    return HeaderRule(
        route=route.name,
        base=base.arn,
        priority=priority,
        conditions=base.conditions | header_conditions(route),
        before_forward=base.before_forward,
        group=on.groups[intent.canary.service],
        transforms=base.transforms,
    )


def _on_listener_of(base: ListenerRule, rules: Iterable[ListenerRule]) -> list[ListenerRule]:
    return [rule for rule in rules if listener_of(rule.arn) == listener_of(base.arn)]
