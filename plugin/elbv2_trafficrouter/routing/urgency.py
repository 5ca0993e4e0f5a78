"""How urgent a SetWeight is: whether it moves traffic to stable. Pure."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.ports import Urgency
from elbv2_trafficrouter.routing.rule import ListenerRule, SteeredRule


def urgency_of(
    intent: Intent, steered: Iterable[SteeredRule], rules: Mapping[Arn, ListenerRule | None]
) -> Urgency:
    """`rules`: what is known of the steered rules. A change of a rule that is not known counts as a rise."""
    if intent.is_aborted:
        return Urgency.ABORT
    known = [(each, rules.get(each.rule)) for each in steered]
    if all(rule is not None and _raises_stable(intent, each, rule) for each, rule in known):
        return Urgency.TO_STABLE
    return Urgency.RISE


def _raises_stable(intent: Intent, steered: SteeredRule, rule: ListenerRule) -> bool:
    weights = {each.group: each.weight for each in rule.forwards if each.group in steered.our_groups}
    ours = sum(weights.values())
    stable = weights.get(steered.groups[intent.stable.service], 0)
    return ours > 0 and intent.stable.share > Fraction(stable, ours)
