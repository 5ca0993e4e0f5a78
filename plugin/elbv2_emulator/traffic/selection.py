"""Selects a target group by weight, and the targets of a group that can get requests. No I/O."""

from collections.abc import Sequence
from random import Random

from elbv2_emulator.state import target_health
from elbv2_emulator.state.resources import Described, Target, TargetGroup, forwards

_MINIMUM = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"


def choose_group(action: Described, random: Random) -> str | None:
    """The ARN of a random group of a forward action, by weight; None if all weights are 0."""
    groups = [(arn, weight or 0) for arn, weight in forwards(action)]
    total = sum(weight for _, weight in groups)
    if total == 0:
        return None
    drawn = random.randrange(total)
    for arn, weight in groups:
        drawn -= weight
        if drawn < 0:
            return arn
    raise AssertionError  # unreachable: the drawn number is below the sum of the weights


def eligible(group: TargetGroup, *, serve_initial: bool = False) -> Sequence[Target]:
    """The targets of this group that get requests while a rule names the group.

    These are the healthy targets. AWS fails open: if fewer targets are healthy than the group's attributes
    require (one by default), the unhealthy targets get requests, too. Targets whose health is unavailable
    count as healthy. Initial targets get requests only with `serve_initial`, and only if there are no other
    targets; draining targets never get requests.
    """
    by_state = [
        (target_health.state_of(target, in_use=True), target)
        for target in group.targets.values()
        if target_health.exists(target)
    ]
    healthy = [target for state, target in by_state if state in _HEALTHY]
    known = [target for state, target in by_state if state in _HEALTHY or state == "unhealthy"]
    served = healthy if _enough(group, len(healthy), len(known)) else known
    if not served and serve_initial:
        return [target for state, target in by_state if state == "initial"]
    return served


_HEALTHY = frozenset({"healthy", "unavailable"})


def _enough(group: TargetGroup, healthy: int, known: int) -> bool:
    """Whether this number of healthy targets satisfies both attributes."""
    count = group.attributes.get(f"{_MINIMUM}.count", "1")
    percentage = group.attributes.get(f"{_MINIMUM}.percentage", "off")
    by_count = count == "off" or healthy >= int(count)
    by_percentage = percentage == "off" or 100 * healthy >= int(percentage) * known
    return healthy > 0 and by_count and by_percentage
