"""Who gets a request: a group by weight, then the targets of it that may get one. No I/O."""

from collections.abc import Sequence
from random import Random

from elbv2_emulator import health
from elbv2_emulator.state import Described, Target, TargetGroup, forwards


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


def eligible(group: TargetGroup) -> Sequence[Target]:
    """The targets among which this group's requests are shared out, while it is in use.

    The healthy ones; when there is none, the unhealthy ones (AWS fails open). Targets whose health AWS
    cannot tell count as healthy; those in registration or draining get nothing.
    """
    by_state = [(health.state_of(target, in_use=True), target) for target in group.targets.values()]
    healthy = [target for state, target in by_state if state in {"healthy", "unavailable"}]
    return healthy or [target for state, target in by_state if state == "unhealthy"]
