"""Whether the rules have the shares that were asked for. Pure."""

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.rules import SharesDiffer
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.outcome import RuleOutcome, Verification
from elbv2_trafficrouter.routing.rule import SteeredRule
from elbv2_trafficrouter.routing.weights.plan import Change, Plan


def verify(
    intent: Intent, steered: tuple[SteeredRule, ...], plan: Plan, header_trouble: Problem | None
) -> Verification:
    """The answer to a plan that was made on a read of its own: verified if there is nothing to change.

    `header_trouble`: what is wrong with a header route, if anything; nothing is verified then.
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
