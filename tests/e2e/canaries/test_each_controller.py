"""A canary of 10, 25, 50, 75 and 100 % with two pods on each version of the controller: what users got."""

import re
import sys
from pathlib import Path

import pytest

from cluster.applications.petclinic import CANARY, NEW, OLD, STABLE, Petclinic, petclinic, weights_of
from cluster.applications.settled import wait_registered
from cluster.process import process
from cluster.traffic.load import Load
from cluster.traffic.shares import assert_only, assert_share
from cluster.world import World
from support.aws.read_only import reads_instead_of_writing
from support.manifest import ROOT
from support.router.sidecar import CREDENTIALS, environment
from support.router.sidecar import command as sidecar_command

WEIGHTS = (10, 25, 50, 75)
STEPS = [step for weight in WEIGHTS for step in ({"setWeight": weight}, {"pause": {"duration": "5s"}})]


def shown(clinic: Petclinic) -> dict[str, str]:
    """The fields of `kubectl argo rollouts get rollout`, such as SetWeight."""
    text = clinic.cli("get", "rollout", "was", "--no-color")
    return dict(re.findall(r"^\s*(\w+): +(\S.*?)\s*$", text, re.MULTILINE))


def assert_exact(clinic: Petclinic, load: Load, weight: int) -> None:
    """The controller's status, the rule and the share that users get all have this weight."""
    rule = clinic.weights()
    assert rule == {STABLE: 100 - weight, CANARY: weight}
    assert weights_of(clinic.status()) == {"stable": rule[STABLE], "canary": rule[CANARY]}
    seen = shown(clinic)
    assert (seen["SetWeight"], seen["ActualWeight"]) == (str(weight), str(weight))
    assert_share(load, NEW, weight)


def test_users_get_the_requested_share(each: World) -> None:
    clinic = petclinic(each, "petclinic", steps=STEPS)
    clinic.wait_promoted()
    wait_registered(clinic)
    with clinic.load() as load:
        assert_only(load, OLD)
        clinic.set_image(NEW)
        for index, weight in enumerate(WEIGHTS):
            clinic.wait_paused(weight)
            wait_registered(clinic)
            assert_exact(clinic, load, weight)
            assert clinic.status()["currentStepIndex"] == 2 * index + 1, "counted within the step"
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, NEW)
    assert clinic.events() == []
    assert clinic.written() == [*WEIGHTS, 100, 0]


ANSWERS_WITHOUT_ACTING = ROOT / "tests" / "support" / "router" / "answers_without_acting.py"


@pytest.mark.parametrize("impostor", ["reads instead of writing", "answers without acting"])
def test_a_router_that_writes_nothing_is_detected(impostor: str, newest: World, tmp_path: Path) -> None:
    argo = newest.argo
    command: dict[str, tuple[list[str], dict[str, str]]] = {
        "reads instead of writing": (sidecar_command(argo.volumes), reads_instead_of_writing(tmp_path)),
        "answers without acting": ([sys.executable, str(ANSWERS_WITHOUT_ACTING), str(argo.socket)], {}),
    }
    words, variables = command[impostor]
    clinic = petclinic(newest, impostor.replace(" ", "-")[:20], steps=STEPS)
    clinic.wait_promoted()
    wait_registered(clinic)
    argo.sidecar.end()
    try:
        with (
            process(
                "impostor",
                *words,
                logs=newest.cluster.directory,
                environment=environment(newest.endpoint, **CREDENTIALS) | variables,
            ),
            clinic.load() as load,
        ):
            clinic.set_image(NEW)
            clinic.wait(lambda status: weights_of(status)["canary"] == 10, "the controller believed it")
            assert_only(load, OLD)
            with pytest.raises(AssertionError):
                assert_exact(clinic, load, 10)
    finally:
        argo.start_sidecar()
