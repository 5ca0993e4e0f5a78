"""Shares as weights: ELBv2 takes whole numbers from 0 to 999 for each target group.

Source: API reference, TargetGroupTuple. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm

from elbv2_trafficrouter.routing.rule import MAX_WEIGHT


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the foreign groups and of our groups, each in the order of the question."""

    foreign: tuple[int, ...]
    ours: tuple[int, ...]

    @property
    def fit(self) -> bool:
        return all(weight <= MAX_WEIGHT for weight in (*self.foreign, *self.ours))


def exact_weights(foreign: Sequence[int], ours: int, shares: Sequence[Fraction], max_weight: int) -> Weights:
    """Weights that divide our part of a rule by `shares` and leave the foreign groups their shares.

    `foreign`: weights of the other groups now, 0…999. `ours`: sum of our groups' weights now, above 0.
    `shares`: of our part, adding up to 1, stable's first. `max_weight`: what the shares were asked out of;
    our weights add up to it where that fits. All weights are 0…999, never all 0.

    Three cases: shrunk: our part alone needs a weight above 999, so it is made smaller, and foreign weights
    are rounded up. exact: the whole rule's shares, as integers without a common divisor, are all up to 999.
    nearest: foreign shares are untouched; our shares are rounded down, except stable's, which has the rest.
    Idempotent: the same question about the answer has the same answer.
    """
    part = _Part.of(foreign, ours, shares)
    if not part.times(1).fit:
        part = part.shrunk()
    return _exact(part, max_weight) or _nearest(part)


@dataclass(frozen=True, slots=True)
class _Part:
    """Our part of a rule beside the foreign weights, without a common divisor, and how it is divided.

    Each of our shares is numerator / common.
    """

    foreign: tuple[int, ...]
    ours: int
    numerators: tuple[int, ...]
    common: int

    @classmethod
    def of(cls, foreign: Sequence[int], ours: int, shares: Sequence[Fraction]) -> "_Part":
        common = lcm(*(share.denominator for share in shares))
        return cls(tuple(foreign), ours, tuple(int(share * common) for share in shares), common).reduced()

    def reduced(self) -> "_Part":
        unit = gcd(self.ours, *self.foreign)
        return replace(self, foreign=tuple(weight // unit for weight in self.foreign), ours=self.ours // unit)

    def times(self, factor: int) -> Weights:
        """The rule times a whole number: foreign shares stay as they are to the last digit."""
        return Weights(tuple(weight * factor for weight in self.foreign), self._split(self.ours * factor))

    def shrunk(self) -> "_Part":
        """The largest part that fits, beside foreign weights in proportion to it.

        These are rounded up: no foreign group falls to 0, and the canary gets no more of the whole.
        """
        smaller = next(total for total in range(self.ours - 1, 0, -1) if Weights((), self._split(total)).fit)
        foreign = tuple(-(-weight * smaller // self.ours) for weight in self.foreign)
        return replace(self, foreign=foreign, ours=smaller).reduced()

    def _split(self, total: int) -> tuple[int, ...]:
        """`total` divided by our shares: all but stable's are rounded down, stable has the rest."""
        others = [total * numerator // self.common for numerator in self.numerators[1:]]
        return (total - sum(others), *others)


def _exact(part: _Part, max_weight: int) -> Weights | None:
    """The rule times the smallest number that makes all our weights whole; None if that does not fit.

    Where it fits, our weights add up to `max_weight`: as they were asked, 75 and 25, rather than 3 and 1.
    """
    least = lcm(*(Fraction(part.ours * numerator, part.common).denominator for numerator in part.numerators))
    as_asked = [max_weight // part.ours] if max_weight % (part.ours * least) == 0 else []
    return next((weights for factor in (*as_asked, least) if (weights := part.times(factor)).fit), None)


def _nearest(part: _Part) -> Weights:
    """The rule times the number that makes our weights nearest to their shares. It fits as it is, times 1."""
    fitting = [weights for factor in _factors(part) if (weights := part.times(factor)).fit]
    # What is rounded down elsewhere goes to stable: the less stable has, the nearer all are.
    return min(fitting, key=lambda weights: Fraction(weights.ours[0], sum(weights.ours)))


def _factors(part: _Part) -> range:
    """The whole numbers that a rule may be scaled by before some weight must be above 999."""
    our_largest = len(part.numerators) * MAX_WEIGHT // part.ours
    largest = min([our_largest, *(MAX_WEIGHT // weight for weight in part.foreign if weight)])
    return range(1, largest + 1)
