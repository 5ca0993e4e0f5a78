"""What the demo observes at each step of the canary."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Groups:
    """The names of the target groups, by their role."""

    stable: str
    canary: str
    other: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Which pod answered: the name of its target group (its Service's name), and its version."""

    group: str
    version: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How requests ended. The counts grow while requests are sent."""

    answers: Counter[Answer] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)

    @property
    def requests(self) -> int:
        return self.answers.total() + self.failures.total()

    def by_group(self, group: str) -> dict[str, int]:
        """Version → number of its answers in this group."""
        # Copied first: requests end while the live table is drawn.
        return {
            answer.version: count for answer, count in dict(self.answers).items() if answer.group == group
        }

    def count(self, group: str) -> int:
        return sum(self.by_group(group).values())


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the sidecar answered in a reconcile."""

    verified: bool
    reason: str
    set_weight_seconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """A weight that was requested, and its result.

    `asked`: the canary's weight in percent. `versions`: target group → the version that its pods must have.
    `weights`: target group → its weight in the rule, from DescribeRules.
    """

    name: str
    asked: int
    versions: Mapping[str, str]
    weights: Mapping[str, int]
    reconciled: Reconciled
    tally: Tally = field(default_factory=Tally)
