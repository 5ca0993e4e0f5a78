"""What users get through whole rollouts when targets are registered late: the 5xx of each play."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cluster.counts import counted
from cluster.load import Tally, by_second, tally
from cluster.petclinic import CANARY, NEW, STABLE, Petclinic, petclinic
from cluster.world import World, world

DELAYS_SECONDS = (0, 5, 15)
"""From a pod that is ready to RegisterTargets."""

_AT_ONCE = 2
_REQUESTS_PER_SECOND = 200
_NEWER = "1.0.2"
_STEPS = tuple(
    step for weight in (10, 25, 50, 75) for step in ({"setWeight": weight}, {"pause": {"duration": "5s"}})
)


@dataclass(frozen=True, slots=True)
class Play:
    """`act` begins with the first revision at work. `canary`: more of the Rollout's strategy."""

    name: str
    act: Callable[[Petclinic], object]
    steps: tuple[dict[str, Any], ...] = _STEPS
    canary: Mapping[str, Any] = field(default_factory=dict)
    replicas: int = 2


def canary(clinic: Petclinic) -> None:
    clinic.set_image(NEW)
    clinic.wait_promoted()


def promoted_in_full(clinic: Petclinic) -> None:
    clinic.set_image(NEW)
    clinic.wait_paused(25)
    clinic.cli("promote", "was", "--full")
    clinic.wait_promoted()


def aborted(clinic: Petclinic) -> None:
    clinic.set_image(NEW)
    clinic.wait_paused(50)
    clinic.cli("abort", "was")
    clinic.wait(lambda _: clinic.weights() == {STABLE: 100, CANARY: 0}, "it was aborted")


def undone(clinic: Petclinic) -> None:
    clinic.set_image(NEW)
    clinic.wait_paused(50)
    clinic.cli("undo", "was")
    clinic.wait_promoted()


def overtaken(clinic: Petclinic) -> None:
    clinic.set_image(NEW)
    clinic.wait_paused(25)
    clinic.set_image(_NEWER)
    clinic.wait_promoted()


PLAYS = (
    Play("canary", canary),
    Play("canary, 1 replica", canary, replicas=1),
    Play("canary, 10 replicas", canary, replicas=10),
    Play("canary without steps", canary, steps=()),
    Play("canary, dynamicStableScale", canary, canary={"dynamicStableScale": True}),
    Play("promoted in full at 25", promoted_in_full),
    Play("aborted at 50", aborted),
    Play("aborted at 50, dynamicStableScale", aborted, canary={"dynamicStableScale": True}),
    Play("undone at 50", undone),
    Play("third revision at 25", overtaken),
)


@dataclass(frozen=True, slots=True)
class Result:
    """`seconds`: those with a 5xx in them."""

    tally: Tally
    seconds: int

    def __str__(self) -> str:
        others = self.tally.failures.total() - self.tally.server_errors
        beside = f", {others} other failures" if others else ""
        return f"{self.tally.server_errors:,} of {self.tally.requests:,} in {self.seconds} s{beside}"


def played(world: World, play: Play, namespace: str) -> Result:
    # The old ReplicaSet goes soon, so that its end is seen too.
    soon = {"scaleDownDelaySeconds": 10, "abortScaleDownDelaySeconds": 5}
    clinic = petclinic(
        world, namespace, steps=play.steps, replicas=play.replicas, canary={**soon, **play.canary}
    )
    clinic.wait_promoted()
    with clinic.load(_REQUESTS_PER_SECOND) as load:
        _wait_for_answers(clinic, load)
        begun = time.monotonic()
        play.act(clinic)
        clinic.wait(lambda status: status["replicas"] == play.replicas, "other pods were gone", seconds=120)
        counted(load, 2 * _REQUESTS_PER_SECOND)
    samples = [sample for sample in load.samples if sample.sent >= begun]
    clinic.world.cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    return Result(
        tally(samples, begun, time.monotonic()),
        sum(second.tally.server_errors > 0 for second in by_second(samples)),
    )


def _wait_for_answers(clinic: Petclinic, load: Any) -> None:
    clinic.wait(lambda _: not counted(load, _REQUESTS_PER_SECOND).failures, "all were answered")


def rows(world: World) -> Iterator[tuple[Play, list[Result]]]:
    results: dict[Play, list[Result]] = {}
    for delay in DELAYS_SECONDS:
        world.binder.registration_delay = delay
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            names = [f"play-{number}-late-{delay}" for number in range(len(PLAYS))]
            results_now = pool.map(lambda play, name: played(world, play, name), PLAYS, names)
            for play, result in zip(PLAYS, results_now, strict=True):
                results.setdefault(play, []).append(result)
                print(f"{delay} s late, {play.name}: {result}", file=sys.stderr, flush=True)
    yield from results.items()


def main() -> None:
    with tempfile.TemporaryDirectory() as directory, world(Path(directory)) as running:
        table = list(rows(running))
    print("| play |", " | ".join(f"registered {delay} s late" for delay in DELAYS_SECONDS), "|")
    print("|---|" + "---|" * len(DELAYS_SECONDS))
    for play, results in table:
        print(f"| {play.name} |", " | ".join(map(str, results)), "|")


if __name__ == "__main__":
    main()
