"""A program of the router restarts in the middle of a canary: the weights are as if it had not."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cluster.applications.petclinic import CANARY, NEW, OLD, STABLE, Petclinic, petclinic, weights_of
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.process import wait_until
from cluster.traffic.load import Load, tally
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from support.manifest import Object

PER_SECOND = 250
STEPS: list[Object] = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
REPLICAS = 4
CUT_OFF = {"TrafficRoutingError", "WeightVerifyError"}
"""The events of a call that was interrupted."""
TRIES = 5
UNAVAILABLE = "TrafficRoutingError: failed to set weight via plugin: UNAVAILABLE: the sidecar at "


def controller_killed(clinic: Petclinic) -> None:
    _restart_controller(clinic, signal.SIGKILL)


def controller_ended(clinic: Petclinic) -> None:
    _restart_controller(clinic, signal.SIGTERM)


def _restart_controller(clinic: Petclinic, number: int) -> None:
    argo = clinic.world.argo
    said = argo.controller.log.stat().st_size
    argo.restart_controller(number)
    verified = f'verified" namespace={clinic.namespace} '
    wait_until(lambda: argo.controller.logged(verified, after=said), "it had set and verified the weight")


def sidecar_killed(clinic: Petclinic) -> None:
    clinic.world.argo.sidecar.end(signal.SIGKILL)
    clinic.world.argo.start_sidecar()


def bridge_killed(clinic: Petclinic) -> None:
    (bridge,) = clinic.world.argo.bridges()
    os.kill(bridge, signal.SIGKILL)
    wait_until(lambda: bridge not in running_bridges(clinic.world), "it was gone")


def running_bridges(world: World) -> list[int]:
    """All running bridges, including those that their controller left behind."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            if (process / "exe").readlink().is_relative_to(world.cluster.directory):
                found.append(int(process.name))
    return found


def at_a_quarter(world: World, namespace: str) -> Petclinic:
    clinic = petclinic(world, namespace, steps=STEPS, replicas=REPLICAS)
    clinic.wait_promoted()
    clinic.set_image(NEW)
    wait_until_settled(clinic, 25)
    return clinic


def assert_shared(clinic: Petclinic, load: Load, weight: int) -> None:
    assert clinic.weights() == {STABLE: 100 - weight, CANARY: weight}
    assert weights_of(clinic.status()) == {"stable": 100 - weight, "canary": weight}
    assert_shares(load, {OLD: 100 - weight, NEW: weight})


def failures(clinic: Petclinic) -> int:
    return sum(count for _, count in clinic.counted_events())


def promote_to_the_end(clinic: Petclinic, load: Load) -> None:
    """Promotes from 50 to the end. No other weight was ever written."""
    clinic.cli("promote", "was")
    clinic.wait_promoted()
    wait_registered(clinic)
    assert_only(load, NEW)
    assert clinic.written() == [25, 50, 100, 0]
    assert running_bridges(clinic.world) == clinic.world.argo.bridges()
    assert len(clinic.world.argo.bridges()) == 1


@pytest.mark.parametrize(
    "restart",
    [controller_killed, controller_ended, sidecar_killed, bridge_killed],
    ids=lambda restart: restart.__name__.replace("_", "-"),
)
def test_a_restart_changes_no_weight(
    restart: Callable[[Petclinic], None], request: pytest.FixtureRequest, newest: World
) -> None:
    clinic = at_a_quarter(newest, request.node.callspec.id)
    with clinic.load(PER_SECOND) as load:
        begun = time.monotonic()
        restart(clinic)
        assert_shared(clinic, load, 25)
        assert clinic.written() == [25]
        with newest.cluster.cordoned():
            clinic.cli("promote", "was")
            clinic.wait(lambda status: status["updatedReplicas"] == 2, "it waited for another pod")
            restart(clinic)
            assert clinic.status()["currentStepIndex"] == 2
            assert_shared(clinic, load, 25)
        wait_until_settled(clinic, 50)
        assert_shared(clinic, load, 50)
        assert not tally(load.samples, begun, time.monotonic()).failures
        promote_to_the_end(clinic, load)
    assert {event.partition(":")[0] for event in clinic.events()} <= CUT_OFF


def test_a_step_waits_for_the_sidecar_and_continues_automatically(newest: World) -> None:
    clinic = at_a_quarter(newest, "sidecar-away")
    with clinic.load(PER_SECOND) as load:
        newest.argo.sidecar.end()
        try:
            clinic.cli("promote", "was")
            wait_until(lambda: failures(clinic) >= TRIES, "the controller had tried some times")
            assert_shared(clinic, load, 25)
            assert clinic.status()["currentStepIndex"] == 1
        finally:
            newest.argo.start_sidecar()
        wait_until_settled(clinic, 50)
        assert_shared(clinic, load, 50)
        promote_to_the_end(clinic, load)
    assert all(event.startswith(UNAVAILABLE) for event in clinic.events())
