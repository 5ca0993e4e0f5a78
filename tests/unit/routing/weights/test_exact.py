import itertools
from fractions import Fraction
from math import ceil, gcd, lcm

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from elbv2_trafficrouter.routing.rule import MAX_WEIGHT
from elbv2_trafficrouter.routing.weights.exact import Weights, exact_weights


@st.composite
def questions(draw: st.DrawFn) -> tuple[list[int], int, list[Fraction], int]:
    """Any rule of up to five groups and any way to divide our part of it."""
    max_weight = draw(st.integers(1, 100_000))
    ours = draw(st.integers(2, 5))
    foreign = draw(st.lists(st.integers(0, MAX_WEIGHT), max_size=5 - ours))
    part = draw(st.integers(1, ours * MAX_WEIGHT))
    cuts = sorted(draw(st.lists(st.integers(0, max_weight), min_size=ours - 1, max_size=ours - 1)))
    bounds = [0, *cuts, max_weight]
    shares = [Fraction(high - low, max_weight) for low, high in itertools.pairwise(bounds)]
    return foreign, part, shares, max_weight


def _asked(foreign: list[int], part: int, shares: list[Fraction]) -> list[Fraction]:
    """Each group's share of the whole rule, foreign ones first."""
    whole = part + sum(foreign)
    return [Fraction(weight, whole) for weight in foreign] + [
        Fraction(part, whole) * share for share in shares
    ]


def _given(weights: Weights) -> list[Fraction]:
    everything = [*weights.foreign, *weights.ours]
    return [Fraction(weight, sum(everything)) for weight in everything]


def _fits_in_integers(shares: list[Fraction]) -> bool:
    common = lcm(*(share.denominator for share in shares))
    integers = [int(share * common) for share in shares]
    return max(integers) <= MAX_WEIGHT * gcd(*integers)


@given(questions())
def test_weights_are_exact_whenever_weights_up_to_999_can_be(
    question: tuple[list[int], int, list[Fraction], int],
) -> None:
    foreign, part, shares, max_weight = question
    asked = _asked(foreign, part, shares)
    given_ = _given(exact_weights(foreign, part, shares, max_weight))
    if _fits_in_integers(asked):
        assert given_ == asked


@given(questions())
@example(([998], 2997, [Fraction(1), Fraction(0)], 1))
@example(([1, 1, 1], 1998, [Fraction(1, 2), Fraction(1, 2)], 2))
@example(([999], 1, [Fraction(1, 2), Fraction(1, 2)], 2))
def test_weights_are_valid_and_never_above_the_requested_shares(
    question: tuple[list[int], int, list[Fraction], int],
) -> None:
    foreign, part, shares, max_weight = question
    weights = exact_weights(foreign, part, shares, max_weight)
    asked, given_ = _asked(foreign, part, shares), _given(weights)
    everything = [*weights.foreign, *weights.ours]
    assert all(0 <= weight <= MAX_WEIGHT for weight in everything)
    assert any(everything)
    canary = len(foreign) + 1
    assert all(has <= wants for has, wants in zip(given_[canary:], asked[canary:], strict=True))
    assert all(
        has <= share * sum(weights.ours) for has, share in zip(weights.ours[1:], shares[1:], strict=True)
    )
    for before, after, has, wants in zip(foreign, weights.foreign, given_, asked, strict=False):
        assert (before == 0) == (after == 0)
        assert abs(has - wants) < Fraction(1, MAX_WEIGHT)


@given(questions())
def test_foreign_shares_stay_the_same_if_our_part_is_at_most_999(
    question: tuple[list[int], int, list[Fraction], int],
) -> None:
    foreign, part, shares, max_weight = question
    if part <= MAX_WEIGHT:
        weights = exact_weights(foreign, part, shares, max_weight)
        assert _given(weights)[: len(foreign)] == _asked(foreign, part, shares)[: len(foreign)]


@given(questions())
def test_the_same_shares_for_the_resulting_weights_change_nothing(
    question: tuple[list[int], int, list[Fraction], int],
) -> None:
    foreign, part, shares, max_weight = question
    first = exact_weights(foreign, part, shares, max_weight)
    assert exact_weights(first.foreign, sum(first.ours), shares, max_weight) == first


@given(st.integers(0, 999), st.integers(1, 999))
def test_up_to_a_maximum_of_999_the_weight_is_written_as_it_is(weight: int, max_weight: int) -> None:
    weight = min(weight, max_weight)
    shares = [Fraction(max_weight - weight, max_weight), Fraction(weight, max_weight)]
    assert exact_weights([], 1, shares, max_weight).ours == (max_weight - weight, weight)


@pytest.mark.parametrize("weight", [1, 7, 50, 333, 1499, 4999, 9998, 9999])
def test_without_foreign_groups_the_nearest_of_all_weights_is_found(weight: int) -> None:
    asked = Fraction(weight, 10_000)
    weights = exact_weights([], 1, [1 - asked, asked], 10_000)
    candidates = (Weights((), (ceil(canary / asked) - canary, canary)) for canary in range(1, MAX_WEIGHT + 1))
    best = max((_given(fit)[1] for fit in candidates if fit.ours[0] <= MAX_WEIGHT), default=Fraction(0))
    assert Fraction(weights.ours[1], sum(weights.ours)) == best


def _canarys_nearest(foreign: list[int], part: int, asked: Fraction) -> Fraction:
    """The largest share for the canary up to the requested one, with unchanged foreign shares."""
    unit = gcd(part, *foreign)
    multiples = range(1, MAX_WEIGHT * unit // max(foreign) + 1)
    ways = (
        (canary, part // unit * multiple, sum(foreign) // unit * multiple)
        for multiple in multiples
        for canary in range(min(MAX_WEIGHT, part // unit * multiple) + 1)
    )
    return max(
        Fraction(canary, ours + others)
        for canary, ours, others in ways
        if ours - canary <= MAX_WEIGHT and canary <= asked * ours
    )


@pytest.mark.parametrize(
    ("foreign", "part"),
    [
        pytest.param([999], 1, id="a part of 1"),
        pytest.param([998], 7, id="no room to multiply"),
        pytest.param([499], 3, id="room for twice as much"),
        pytest.param([333, 100], 50, id="room for three times as much"),
        pytest.param([101, 0], 300, id="our part is the largest"),
        pytest.param([200], 1100, id="our part is above 999"),
    ],
)
@pytest.mark.parametrize(
    "asked", [Fraction(1, 3), Fraction(1, 7), Fraction(10, 11), Fraction(1, 100), Fraction(997, 1000)]
)
def test_beside_foreign_groups_the_nearest_of_all_weights_is_found(
    foreign: list[int], part: int, asked: Fraction
) -> None:
    weights = exact_weights(foreign, part, [1 - asked, asked], asked.denominator)
    assert _given(weights)[: len(foreign)] == _asked(foreign, part, [])
    assert _given(weights)[-1] == _canarys_nearest(foreign, part, asked)


@pytest.mark.parametrize(
    ("foreign", "part", "canary", "expected"),
    [
        pytest.param([], 1, 10, Weights((), (90, 10)), id="the whole rule is ours"),
        pytest.param(
            [300], 100, 25, Weights((300,), (75, 25)), id="a foreign group keeps its three quarters"
        ),
        pytest.param([3], 1, 50, Weights((300,), (50, 50)), id="small weights are scaled up"),
        pytest.param(
            [999],
            1,
            50,
            Weights((999,), (1, 0)),
            id="the part is too small to divide: the canary gets nothing",
        ),
        pytest.param([0], 100, 10, Weights((0,), (90, 10)), id="a foreign group at 0 stays at 0"),
        pytest.param([90], 10, 100, Weights((900,), (0, 100)), id="all of our part, not of the rule"),
    ],
)
def test_examples(foreign: list[int], part: int, canary: int, expected: Weights) -> None:
    shares = [Fraction(100 - canary, 100), Fraction(canary, 100)]
    assert exact_weights(foreign, part, shares, 100) == expected
