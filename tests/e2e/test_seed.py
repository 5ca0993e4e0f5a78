"""The seed's canary on each controller: 10, 25, 50, 75, then all, two pods, and what its users got."""

import re
import sys
from pathlib import Path

import pytest

from cluster.counts import await_share, only
from cluster.load import Load
from cluster.petclinic import CANARY, NEW, OLD, STABLE, Petclinic, petclinic, weights_of
from cluster.process import process
from cluster.resting import wait_registered
from cluster.world import World
from support.aws.read_only import reads_instead_of_writing
from support.router.sidecar import CREDENTIALS, environment
from support.router.sidecar import command as sidecar_command

WEIGHTS = (10, 25, 50, 75)
STEPS = [step for weight in WEIGHTS for step in ({"setWeight": weight}, {"pause": {"duration": "5s"}})]


def shown(clinic: Petclinic) -> dict[str, str]:
    """The fields of `kubectl argo rollouts get rollout`, such as SetWeight."""
    text = clinic.cli("get", "rollout", "was", "--no-color")
    return dict(re.findall(r"^\s*(\w+): +(\S.*?)\s*$", text, re.MULTILINE))


def assert_exact(clinic: Petclinic, load: Load, weight: int) -> None:
    """What the controller says, what the rule has and what users get is this weight."""
    rule = clinic.weights()
    assert rule == {STABLE: 100 - weight, CANARY: weight}
    assert weights_of(clinic.status()) == {"stable": rule[STABLE], "canary": rule[CANARY]}
    seen = shown(clinic)
    assert (seen["SetWeight"], seen["ActualWeight"]) == (str(weight), str(weight))
    await_share(load, NEW, weight)


def test_users_get_the_share_that_was_asked_for(each: World) -> None:
    clinic = petclinic(each, "petclinic", steps=STEPS)
    clinic.wait_promoted()
    wait_registered(clinic)
    with clinic.load() as load:
        only(load, OLD)
        clinic.set_image(NEW)
        for index, weight in enumerate(WEIGHTS):
            clinic.wait_paused(weight)
            wait_registered(clinic)
            assert_exact(clinic, load, weight)
            assert clinic.status()["currentStepIndex"] == 2 * index + 1, "counted within the step"
        clinic.wait_promoted()
        wait_registered(clinic)
        only(load, NEW)
    assert clinic.events() == []
    assert clinic.written() == [*WEIGHTS, 100, 0]


ANSWERS_BY_ITSELF = Path(__file__).with_name("answers_by_itself.py")


@pytest.mark.parametrize("impostor", ["reads instead of writing", "answers by itself"])
def test_a_router_that_writes_nothing_is_found_out(impostor: str, newest: World, tmp_path: Path) -> None:
    argo = newest.argo
    command: dict[str, tuple[list[str], dict[str, str]]] = {
        "reads instead of writing": (sidecar_command(argo.volumes), reads_instead_of_writing(tmp_path)),
        "answers by itself": ([sys.executable, str(ANSWERS_BY_ITSELF), str(argo.socket)], {}),
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
            only(load, OLD)
            with pytest.raises(AssertionError):
                assert_exact(clinic, load, 10)
    finally:
        argo.start_sidecar()
