"""Judges whether the demo's counts and weights are exact. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from cluster.applications.petclinic import CANARY, STABLE
from cluster.traffic.load import Tally
from elbv2_trafficrouter.cli.demo import judgement
from elbv2_trafficrouter.cli.demo.step import Groups, Step
from elbv2_trafficrouter.cli.demo.step import Tally as StepTally

GROUPS = Groups(STABLE, CANARY, other="")


@dataclass(frozen=True, slots=True)
class Played:
    """`all_requests`: during steps and between them.

    `written`: the canary's weight in each ModifyRule. `seconds`: of each SetWeight that wrote.
    """

    steps: Sequence[Step]
    all_requests: Tally
    written: Sequence[int]
    seconds: Sequence[float]

    @property
    def between(self) -> Tally:
        """The requests while weights changed and pods came and went."""
        versions, failures = self.all_requests.versions.copy(), self.all_requests.failures.copy()
        for step in self.steps:
            failures.subtract(step.tally.failures)
            for answer, count in step.tally.answers.items():
                versions[answer.version] -= count
        return Tally(+versions, +failures)


def faults(played: Played, weights: Sequence[int]) -> list[str]:
    """A sentence for each thing that was not exact. Failures between steps are not among them.

    `weights`: of the Rollout's steps.
    """
    seen = judgement.DemoRun(GROUPS, played.steps, StepTally(), StepTally(), (None, None))
    found = judgement.faults(seen)
    wanted = [*weights, 100, 0]
    if list(played.written) != wanted:
        found.append(f"the sidecar wrote {_listed(played.written)} instead of {_listed(wanted)}")
    return found


def summary(played: Played) -> list[str]:
    """The demo in a few lines. There must be a step and a write."""
    farthest, (low, high) = max(
        zip(played.steps, judgement.canary_counts(played.steps), strict=True),
        key=lambda step: abs(_deviation(step[0])),
    )
    between, everything = played.between, played.all_requests
    failures = everything.failures.total() - everything.server_errors
    figures = {
        "largest deviation": (
            f"{_deviation(farthest):+.2f} percentage points, at {farthest.asked}%: "
            f"{farthest.tally.count(CANARY):,} of {farthest.tally.requests:,} by {CANARY}; "
            f"chance allows {low:,} to {high:,}"
        ),
        "requests": f"{everything.requests:,}, {between.requests:,} of them while weights or pods changed",
        "5xx": f"{everything.server_errors}, {between.server_errors} of them while weights or pods changed",
        "other failures": f"{failures}",
        "written weights": _listed(played.written),
        "SetWeight": (
            f"median {1000 * median(played.seconds):.0f} ms, largest {1000 * max(played.seconds):.0f} ms"
        ),
    }
    return [f"{name:<17}  {figure}" for name, figure in figures.items()]


def _deviation(step: Step) -> float:
    return 100 * step.tally.count(CANARY) / max(step.tally.requests, 1) - step.asked


def _listed(weights: Sequence[int]) -> str:
    return ", ".join(map(str, weights))
