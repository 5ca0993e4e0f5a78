"""Measures the 5xx that users get in whole rollouts when targets are registered late."""

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cluster.applications.petclinic import CANARY, NEW, STABLE, Petclinic, petclinic
from cluster.traffic.load import Tally, by_second, tally
from cluster.traffic.shares import count_requests
from cluster.world import World, world

DELAYS_SECONDS = (0, 5, 15)
"""From a pod being Ready to RegisterTargets."""

_AT_ONCE = 2
_REQUESTS_PER_SECOND = 200
_NEWER = "1.0.2"
_STEPS = tuple(
    step for weight in (10, 25, 50, 75) for step in ({"setWeight": weight}, {"pause": {"duration": "5s"}})
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`act` begins when the first revision runs."""

    name: str
    act: Callable[[Petclinic], object]
    steps: tuple[dict[str, Any], ...] = _STEPS
    replicas: int = 2
    dynamic_stable_scale: bool = False

    @property
    def canary(self) -> Mapping[str, Any]:
        """Fields of the Rollout's strategy. Old pods go soon, so that their end is measured, too."""
        if self.dynamic_stable_scale:  # Argo Rollouts refuses scaleDownDelaySeconds beside it
            return {"dynamicStableScale": True}
        return {"scaleDownDelaySeconds": 10, "abortScaleDownDelaySeconds": 5}


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


SCENARIOS = (
    Scenario("canary", canary),
    Scenario("canary, 1 replica", canary, replicas=1),
    Scenario("canary, 10 replicas", canary, replicas=10),
    Scenario("canary without steps", canary, steps=()),
    Scenario("canary, dynamicStableScale", canary, dynamic_stable_scale=True),
    Scenario("promoted in full at 25", promoted_in_full),
    Scenario("aborted at 50", aborted),
    Scenario("aborted at 50, dynamicStableScale", aborted, dynamic_stable_scale=True),
    Scenario("undone at 50", undone),
    Scenario("third revision at 25", overtaken),
)


@dataclass(frozen=True, slots=True)
class Result:
    """`seconds`: how many seconds had a 5xx."""

    tally: Tally
    seconds: int

    def __str__(self) -> str:
        others = self.tally.failures.total() - self.tally.server_errors
        beside = f", {others} other failures" if others else ""
        return f"{self.tally.server_errors:,} of {self.tally.requests:,} in {self.seconds} s{beside}"


def run(world: World, scenario: Scenario, namespace: str) -> Result:
    clinic = petclinic(
        world, namespace, steps=scenario.steps, replicas=scenario.replicas, canary=scenario.canary
    )
    clinic.wait_promoted()
    with clinic.load(_REQUESTS_PER_SECOND) as load:
        _wait_for_answers(clinic, load)
        begun = time.monotonic()
        scenario.act(clinic)
        clinic.wait(
            lambda status: status["replicas"] == scenario.replicas, "other pods were gone", seconds=120
        )
        count_requests(load, 2 * _REQUESTS_PER_SECOND)
    samples = [sample for sample in load.samples if sample.sent >= begun]
    clinic.world.cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    return Result(
        tally(samples, begun, time.monotonic()),
        sum(second.tally.server_errors > 0 for second in by_second(samples)),
    )


def _wait_for_answers(clinic: Petclinic, load: Any) -> None:
    clinic.wait(lambda _: not count_requests(load, _REQUESTS_PER_SECOND).failures, "all were answered")


def results(world: World, delay: int) -> Iterator[tuple[Scenario, Result]]:
    world.binder.registration_delay = delay
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        under_way = {
            pool.submit(run, world, scenario, f"scenario-{number}-late-{delay}"): scenario
            for number, scenario in enumerate(SCENARIOS)
        }
        for ended in as_completed(under_way):
            yield under_way[ended], ended.result()


def main() -> None:
    print("| registered so late | scenario | 5xx |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as directory, world(Path(directory)) as running:
        for delay in DELAYS_SECONDS:
            for scenario, result in results(running, delay):
                print(f"| {delay} s | {scenario.name} | {result} |", flush=True)


if __name__ == "__main__":
    main()
