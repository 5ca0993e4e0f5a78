"""Whether the rules have the shares that were asked for. Pure."""

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.rules import SharesDiffer
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.outcome import RuleOutcome, Verification
from elbv2_trafficrouter.routing.rule import SteeredRule
from elbv2_trafficrouter.routing.weights.plan import Change, Plan


def verify(
    intent: Intent, routes: tuple[SteeredRule, ...], wanted: Plan, trouble: Problem | None
) -> Verification:
    """The answer for a plan that was made on a read of its own: verified when there is nothing to change.

    `trouble`: with a header route, which makes it unverified all the same.
    """
    changes = {change.before.arn: change for change in wanted.changes}
    outcomes = tuple(
        RuleOutcome(changes[rule.arn].before if rule.arn in changes else rule, route, changed=False)
        for route, rule in zip(routes, wanted.rules, strict=True)
    )
    troubles = (_difference(intent, route, changes[route.rule]) for route in routes if route.rule in changes)
    return Verification(next(troubles, trouble), outcomes)


def _difference(intent: Intent, route: SteeredRule, change: Change) -> SharesDiffer:
    has = {forward.group: forward.weight for forward in change.before.forwards}
    wants = {forward.group: forward.weight for forward in change.after.forwards}
    services = [
        (destination.service, route.groups[destination.service]) for destination in intent.destinations
    ]
    return SharesDiffer(route.rule, [(service, has.get(group), wants[group]) for service, group in services])
