"""The course of the canary: each requested weight, and the pods that come and go before it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from elbv2_trafficrouter.cli.demo.petclinic import (
    CANARY_PODS,
    GROUPS,
    NEW,
    OLD,
    PROMOTED_PODS,
    STABLE_PODS,
    STEPS,
    Pod,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A reconcile. `asked`: the canary's weight. `stable`, `current`, `index`: versions and current step."""

    name: str
    asked: int
    stable: str
    current: str
    index: int = 0
    registered: tuple[Pod, ...] = ()
    deregistered: tuple[Pod, ...] = ()

    @property
    def versions(self) -> Mapping[str, str]:
        """Target group → the version that its pods must have."""
        return {GROUPS.stable: self.stable, GROUPS.canary: self.current}


def moments() -> Iterator[Moment]:
    pauses = 2 * len(STEPS)
    yield Moment("deployed", 0, OLD, OLD)
    for number, weight in enumerate((*STEPS, 100)):
        index = min(2 * number + 1, pauses)
        new_pods = CANARY_PODS if number == 0 else ()
        yield Moment(f"step {index}/{pauses}", weight, OLD, NEW, index, registered=new_pods)
    # Argo Rollouts first switches the stable Service, and calls the router milliseconds later.
    yield Moment("promoted", 0, NEW, NEW, pauses, registered=PROMOTED_PODS, deregistered=STABLE_PODS)
