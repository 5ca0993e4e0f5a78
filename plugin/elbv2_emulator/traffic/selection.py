"""Who gets a request: a group by weight, then the targets of it that may get one. No I/O."""

from collections.abc import Sequence
from random import Random

from elbv2_emulator.state import target_health as health
from elbv2_emulator.state.resources import Described, Target, TargetGroup, forwards

_MINIMUM = "target_group_health.unhealthy_state_routing.minimum_healthy_targets"


def choose_group(action: Described, random: Random) -> str | None:
    """The ARN of one group of a forward action, with the probability of its weight; None when all are 0."""
    groups = [(arn, weight or 0) for arn, weight in forwards(action)]
    total = sum(weight for _, weight in groups)
    if total == 0:
        return None
    drawn = random.randrange(total)
    for arn, weight in groups:
        drawn -= weight
        if drawn < 0:
            return arn
    raise AssertionError  # the weights add up to more than was drawn


def eligible(group: TargetGroup, *, serve_initial: bool = False) -> Sequence[Target]:
    """The targets among which this group's requests are shared out, while it is in use.

    The healthy ones; the unhealthy ones as well when fewer are healthy than the group's attributes ask for,
    one if nothing else is said (AWS fails open). Targets whose health AWS cannot tell count as healthy; those
    in registration get something only if there are no others and it is set so, those that drain never.
    """
    by_state = [
        (health.state_of(target, in_use=True), target)
        for target in group.targets.values()
        if health.exists(target)
    ]
    healthy = [target for state, target in by_state if state in _HEALTHY]
    known = [target for state, target in by_state if state in _HEALTHY or state == "unhealthy"]
    served = healthy if _enough(group, len(healthy), len(known)) else known
    if not served and serve_initial:
        return [target for state, target in by_state if state == "initial"]
    return served


_HEALTHY = frozenset({"healthy", "unavailable"})


def _enough(group: TargetGroup, healthy: int, known: int) -> bool:
    """Whether so many healthy targets of so many are as many as each of the two attributes asks for."""
    count = group.attributes.get(f"{_MINIMUM}.count", "1")
    percentage = group.attributes.get(f"{_MINIMUM}.percentage", "off")
    by_count = count == "off" or healthy >= int(count)
    by_percentage = percentage == "off" or 100 * healthy >= int(percentage) * known
    return healthy > 0 and by_count and by_percentage
