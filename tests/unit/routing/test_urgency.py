"""Which calls go first when calls wait for AWS's API limits."""

from collections.abc import Sequence

import pytest

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.routing.ports import Urgency
from elbv2_trafficrouter.routing.rule import Forward, ListenerRule, SteeredRule
from elbv2_trafficrouter.routing.urgency import urgency_of
from support.router.intents import CANARY, GROUPS, RULE, STABLE, WEB, asking_for

SECOND = Arn(f"{RULE}f")


def rule(*weights: tuple[Arn, int], arn: Arn = RULE) -> ListenerRule:
    return ListenerRule(arn, tuple(Forward(group, weight) for group, weight in weights), ())


@pytest.mark.parametrize(
    ("weight", "known", "urgency"),
    [
        pytest.param(25, [rule((STABLE, 90), (CANARY, 10))], Urgency.RISE, id="more for the canary"),
        pytest.param(25, [rule((STABLE, 50), (CANARY, 50))], Urgency.TO_STABLE, id="less for the canary"),
        pytest.param(25, [rule((STABLE, 3), (CANARY, 1))], Urgency.RISE, id="no change"),
        pytest.param(0, [rule((CANARY, 100))], Urgency.TO_STABLE, id="stable has no share yet"),
        pytest.param(
            25, [rule((STABLE, 1), (CANARY, 1), (WEB, 98))], Urgency.TO_STABLE, id="foreign groups aside"
        ),
        pytest.param(25, [rule((STABLE, 0), (CANARY, 0))], Urgency.RISE, id="no weight at all"),
        pytest.param(0, [None], Urgency.RISE, id="an unknown rule"),
        pytest.param(
            25,
            [rule((STABLE, 50), (CANARY, 50)), rule((STABLE, 90), (CANARY, 10), arn=SECOND)],
            Urgency.RISE,
            id="one of two rules rises",
        ),
    ],
)
def test_a_change_is_a_rise_unless_it_gives_every_rule_s_stable_more(
    weight: int, known: Sequence[ListenerRule | None], urgency: Urgency
) -> None:
    steered = [SteeredRule(arn, GROUPS) for arn, _ in zip((RULE, SECOND), known, strict=False)]
    rules = dict(zip((RULE, SECOND), known, strict=False))
    assert urgency_of(asking_for(weight), steered, rules) is urgency


def test_an_abort_is_an_abort_whatever_is_known() -> None:
    assert urgency_of(asking_for(0, is_aborted=True), [SteeredRule(RULE, GROUPS)], {}) is Urgency.ABORT
