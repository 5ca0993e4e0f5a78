"""Intent → Routes: which target group is whose, on each rule."""

from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.rule import SteeredRule


def resolve(intent: Intent) -> tuple[SteeredRule, ...]:
    """A route for each rule of the configuration, with the groups of all Services that it maps.

    All of them are this Rollout's: the group of an experiment that ended goes back to 0.
    """
    return tuple(SteeredRule(rule, intent.config.groups) for rule in intent.config.rule_arns)
