"""Checks whether the rules have the requested shares. Pure."""

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.rules import SharesDiffer
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.outcome import RuleOutcome, Verification
from elbv2_trafficrouter.routing.rule import SteeredRule
from elbv2_trafficrouter.routing.weights.plan import Change, Plan


def verify(
    intent: Intent, steered: tuple[SteeredRule, ...], plan: Plan, header_trouble: Problem | None
) -> Verification:
    """Verified if the plan, which must be based on a read from after the last write, has no changes.

    `header_trouble`: a problem with a header route, which also prevents verification; None if there is none.
    """
    changes = {change.before.arn: change for change in plan.changes}
    outcomes = tuple(
        RuleOutcome(changes[rule.arn].before if rule.arn in changes else rule, each, changed=False)
        for each, rule in zip(steered, plan.rules, strict=True)
    )
    differences = (_difference(intent, each, changes[each.rule]) for each in steered if each.rule in changes)
    return Verification(next(differences, header_trouble), outcomes)


def _difference(intent: Intent, steered: SteeredRule, change: Change) -> SharesDiffer:
    has = {forward.group: forward.weight for forward in change.before.forwards}
    wants = {forward.group: forward.weight for forward in change.after.forwards}
    groups = [(each.service, steered.groups[each.service]) for each in intent.destinations]
    return SharesDiffer(steered.rule, [(service, has.get(group), wants[group]) for service, group in groups])
