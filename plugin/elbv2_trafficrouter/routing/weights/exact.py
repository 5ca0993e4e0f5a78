"""Shares as weights: ELBv2 takes whole numbers from 0 to 999 for each target group.

Source: API reference, TargetGroupTuple. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

MAX_WEIGHT = 999


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the groups that are not ours and of ours, each in the order of the question."""

    foreign: tuple[int, ...]
    ours: tuple[int, ...]


def exact_weights(foreign: Sequence[int], ours: int, shares: Sequence[Fraction], max_weight: int) -> Weights:
    """Weights that divide our part of a rule by `shares` and leave the foreign groups their shares.

    `foreign`: weights of the other groups now, 0…999. `ours`: sum of our groups' weights now, above 0.
    `shares`: of our part, adding up to 1, stable's first. `max_weight`: what the shares were asked out of;
    our weights add up to it where that fits. All weights are 0…999, never all 0.

    Exact when the whole rule's shares, as integers without a common divisor, are all up to 999. Else the
    nearest that leaves foreign shares untouched: every share but stable's is rounded down, stable has the
    rest. Only where our part alone is too large for that, foreign weights are rounded up.
    Idempotent: the same question about the answer has the same answer.
    """
    common = lcm(*(share.denominator for share in shares))
    numerators = [int(share * common) for share in shares]
    unit = gcd(ours, *foreign)
    foreign, ours = [weight // unit for weight in foreign], ours // unit

    def scaled(factor: int) -> Weights:
        """The rule times a whole number: foreign shares stay as they are to the last digit."""
        return Weights(
            tuple(weight * factor for weight in foreign), _split(ours * factor, numerators, common)
        )

    least_exact = lcm(*(Fraction(ours * numerator, common).denominator for numerator in numerators))
    # As they were asked, 75 and 25, rather than 3 and 1.
    exact = [least_exact] if max_weight % (ours * least_exact) else [max_weight // ours, least_exact]
    for factor in exact:
        if _fits(answer := scaled(factor)):
            return answer
    fitting = [answer for factor in _factors(foreign, ours, len(shares)) if _fits(answer := scaled(factor))]
    if fitting:
        # What is rounded down elsewhere is stable's: the less it has, the nearer all are.
        return min(fitting, key=lambda answer: Fraction(answer.ours[0], sum(answer.ours)))
    splits = (Weights((), _split(total, numerators, common)) for total in range(ours - 1, 0, -1))
    smaller = sum(next(split.ours for split in splits if _fits(split)))
    # Rounded up: no foreign group falls to 0, and our part, so the canary, gets no more of the whole.
    rounded = [-(-weight * smaller // ours) for weight in foreign]
    return exact_weights(rounded, smaller, shares, max_weight)


def _split(total: int, numerators: Sequence[int], common: int) -> tuple[int, ...]:
    others = [total * numerator // common for numerator in numerators[1:]]
    return (total - sum(others), *others)


def _fits(weights: Weights) -> bool:
    return all(weight <= MAX_WEIGHT for weight in (*weights.foreign, *weights.ours))


def _factors(foreign: Iterable[int], ours: int, our_groups: int) -> range:
    """The whole numbers that a rule may be scaled by before some weight must be above 999."""
    largest = min([our_groups * MAX_WEIGHT // ours, *(MAX_WEIGHT // weight for weight in foreign if weight)])
    return range(1, largest + 1)
