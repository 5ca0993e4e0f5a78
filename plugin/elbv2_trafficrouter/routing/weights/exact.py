"""Turns shares into weights: ELBv2 accepts an integer from 0 to 999 for each target group.

Source: API reference, TargetGroupTuple. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import gcd, lcm

from elbv2_trafficrouter.routing.rule import MAX_WEIGHT


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the foreign groups and of our groups, each in the order of the arguments."""

    foreign: tuple[int, ...]
    ours: tuple[int, ...]

    @property
    def fit(self) -> bool:
        return all(weight <= MAX_WEIGHT for weight in (*self.foreign, *self.ours))


def exact_weights(foreign: Sequence[int], ours: int, shares: Sequence[Fraction], max_weight: int) -> Weights:
    """Weights that divide our part of a rule according to `shares`, while foreign groups keep their shares.

    `foreign`: the current weights of the other groups, 0 to 999. `ours`: the sum of our groups' current
    weights, above 0. `shares`: the shares of our part, stable's first; they add up to 1. `max_weight`: the
    total of the requested weights; our weights add up to it if that fits. All weights are 0 to 999, and at
    least one is above 0.

    There are three cases. Exact: all shares of the rule can be expressed as integers up to 999. Nearest: they
    can't, so our shares are rounded down, except stable's, which gets the rest; foreign shares do not change.
    Shrunk: even our part alone would need a weight above 999, so first our part is made smaller, and the
    foreign weights with it, rounded up.

    Idempotent: if the result is passed in as the current weights, it is returned unchanged.
    """
    part = _Part.of(foreign, ours, shares)
    if not part.times(1).fit:
        part = part.shrunk()
    return _exact(part, max_weight) or _nearest(part)


@dataclass(frozen=True, slots=True)
class _Part:
    """Our part of a rule and the foreign weights, without a common divisor, and how our part is divided.

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
        """All weights multiplied by an integer, which leaves the foreign shares exactly as they are."""
        return Weights(tuple(weight * factor for weight in self.foreign), self._split(self.ours * factor))

    def shrunk(self) -> "_Part":
        """The largest part that fits, with the foreign weights in proportion to it.

        The foreign weights are rounded up: none falls to 0, and the canary does not get a larger share.
        """
        smaller = next(total for total in range(self.ours - 1, 0, -1) if Weights((), self._split(total)).fit)
        foreign = tuple(-(-weight * smaller // self.ours) for weight in self.foreign)
        return replace(self, foreign=foreign, ours=smaller).reduced()

    def _split(self, total: int) -> tuple[int, ...]:
        """Divides `total` by our shares: all are rounded down, except stable's, which gets the rest."""
        others = [total * numerator // self.common for numerator in self.numerators[1:]]
        return (total - sum(others), *others)


def _exact(part: _Part, max_weight: int) -> Weights | None:
    """The rule times the smallest factor that makes all our weights integers; None if that does not fit.

    If possible, our weights add up to `max_weight`, as requested: 75 and 25 rather than 3 and 1.
    """
    least = lcm(*(Fraction(part.ours * numerator, part.common).denominator for numerator in part.numerators))
    as_requested = [max_weight // part.ours] if max_weight % (part.ours * least) == 0 else []
    return next((weights for factor in (*as_requested, least) if (weights := part.times(factor)).fit), None)


def _nearest(part: _Part) -> Weights:
    """The rule times the factor that brings our weights closest to their shares. The factor 1 always fits."""
    fitting = [weights for factor in _factors(part) if (weights := part.times(factor)).fit]
    # Stable gets what the others lose by rounding: the smaller its share is, the closer all shares are.
    return min(fitting, key=lambda weights: Fraction(weights.ours[0], sum(weights.ours)))


def _factors(part: _Part) -> range:
    """The factors with which all weights might be at most 999; larger ones certainly do not fit."""
    our_largest = len(part.numerators) * MAX_WEIGHT // part.ours
    largest = min([our_largest, *(MAX_WEIGHT // weight for weight in part.foreign if weight)])
    return range(1, largest + 1)
