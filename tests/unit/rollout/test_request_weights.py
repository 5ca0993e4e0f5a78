"""The weights of a call's message → the Intent's shares."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elbv2_trafficrouter.errors.request import InvalidRequest
from elbv2_trafficrouter.rollout.intent import Destination
from elbv2_trafficrouter.rollout.request import read_intent
from support.router.messages import INT32, PLUGIN, Json, experiment, refused, request, rollout

# Weights


@pytest.mark.parametrize("weight", [0, 1, 33, 100])
def test_a_weight_is_out_of_100(weight: int) -> None:
    assert read_intent(request(rollout(), weight), PLUGIN).canary.share == Fraction(weight, 100)


@pytest.mark.parametrize("weight", [0, 1, 333, 1000])
def test_a_weight_is_out_of_the_maximum_where_there_is_one(weight: int) -> None:
    intent = read_intent(request(rollout(routing={"maxTrafficWeight": 1000}), weight), PLUGIN)
    assert intent.canary.share == Fraction(weight, 1000)
    assert intent.max_weight == 1000


@pytest.mark.parametrize(
    ("routing", "weight", "sentence"),
    [
        pytest.param({}, -1, "is -1. It must be from 0 to 100.", id="below 0"),
        pytest.param({}, 101, "is 101. It must be from 0 to 100.", id="101 of 100"),
        pytest.param(
            {"maxTrafficWeight": 1000}, 1001, "is 1001. It must be from 0 to 1000.", id="1001 of 1000"
        ),
        pytest.param({"maxTrafficWeight": 10}, 25, "is 25. It must be from 0 to 10.", id="25 of 10"),
        pytest.param({}, INT32[0], f"is {INT32[0]}. It must be from 0 to 100.", id="the least int32"),
        pytest.param({}, INT32[1], f"is {INT32[1]}. It must be from 0 to 100.", id="the largest int32"),
        pytest.param({}, None, "is missing. Set it, even if it is 0.", id="none"),
    ],
)
def test_a_weight_beyond_its_range_is_refused(routing: Json, weight: int | None, sentence: str) -> None:
    problem = refused(request(rollout(routing=routing), weight))
    assert problem.sentence == f"desired_weight {sentence}"


@pytest.mark.parametrize("maximum", [0, -5, INT32[0]])
def test_a_maximum_that_is_not_above_0_is_refused(maximum: int) -> None:
    problem = refused(request(rollout(routing={"maxTrafficWeight": maximum}), 0))
    assert problem.sentence == (
        f"spec.strategy.canary.trafficRouting.maxTrafficWeight is {maximum}. It must be above 0."
    )


# Additional destinations


def test_additional_destinations_take_their_shares_from_stable() -> None:
    additional = [experiment("was-blue", 5), experiment("was-green", 10)]
    intent = read_intent(request(rollout(), 25, additional), PLUGIN)
    assert intent.destinations == (
        Destination("was-stable", Fraction(60, 100)),
        Destination("was-canary", Fraction(25, 100)),
        Destination("was-blue", Fraction(5, 100)),
        Destination("was-green", Fraction(10, 100)),
    )


def test_additional_destinations_may_take_all_that_is_left() -> None:
    assert read_intent(request(rollout(), 25, [experiment("was-blue", 75)]), PLUGIN).stable.share == 0


@pytest.mark.parametrize(
    ("additional", "field", "trouble"),
    [
        pytest.param([experiment("")], "[0].service_name", "is empty.", id="without a Service"),
        pytest.param(
            [experiment(), experiment()],
            "[1].service_name",
            "is 'was-blue', which already has a share.",
            id="twice",
        ),
        pytest.param(
            [experiment("was-canary")],
            "[0].service_name",
            "is 'was-canary', which already has a share.",
            id="the canary's",
        ),
        pytest.param(
            [experiment("was-stable")],
            "[0].service_name",
            "is 'was-stable', which already has a share.",
            id="stable's",
        ),
        pytest.param([experiment(weight=-1)], "[0].weight", "is -1. It must be from 0 to 100.", id="below 0"),
        pytest.param(
            [experiment(), experiment("was-green", 101)],
            "[1].weight",
            "is 101. It must be from 0 to 100.",
            id="above the maximum",
        ),
        pytest.param(
            [experiment(weight=INT32[0]), experiment("was-green", INT32[1])],
            "[0].weight",
            f"is {INT32[0]}. It must be from 0 to 100.",
            id="extremes that outweigh each other",
        ),
        pytest.param(
            [experiment(weight=40), experiment("was-green", 36)],
            "",
            "and desired_weight add up to more than the maximum. Their sum must be at most 100.",
            id="together above the maximum",
        ),
    ],
)
def test_an_additional_destination_that_makes_no_sense_is_refused(
    additional: list[Json], field: str, trouble: str
) -> None:
    problem = refused(request(rollout(), 25, additional))
    assert problem.sentence.startswith(f"additional_destinations{field} {trouble}")


weights = st.one_of(st.integers(0, 100), st.integers(0, 1000), st.integers(*INT32))


@given(
    weight=weights,
    maximum=st.one_of(st.none(), weights),
    additional=st.lists(
        st.builds(experiment, st.sampled_from(["was-blue", "was-green", "was-canary", ""]), weights),
        max_size=3,
    ),
)
def test_shares_are_0_to_1_and_add_up_to_1(weight: int, maximum: int | None, additional: list[Json]) -> None:
    routing = {} if maximum is None else {"maxTrafficWeight": maximum}
    try:
        intent = read_intent(request(rollout(routing=routing), weight, additional), PLUGIN)
    except InvalidRequest:
        return
    shares = [destination.share for destination in intent.destinations]
    assert sum(shares) == 1
    assert all(0 <= share <= 1 for share in shares)
    assert intent.canary.share == Fraction(weight, maximum or 100)
