"""The seed's canary on each controller: 10, 25, 50, 75, then all, two pods, and what its users got."""

import re
from collections.abc import Iterator

import pytest

from cluster import programs
from cluster.counts import await_share, only
from cluster.petclinic import CANARY, NEW, OLD, STABLE, Petclinic, petclinic, weights_of
from cluster.world import World, world

WEIGHTS = (10, 25, 50, 75)
STEPS = [step for weight in WEIGHTS for step in ({"setWeight": weight}, {"pause": {"duration": "5s"}})]


@pytest.fixture(scope="module", params=programs.CONTROLLERS)
def each(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    version: str = request.param
    if version == programs.NEWEST:
        yield request.getfixturevalue("newest")
        return
    with world(tmp_path_factory.mktemp(version), version) as running:
        yield running


def shown(clinic: Petclinic) -> dict[str, str]:
    """The fields of `kubectl argo rollouts get rollout`, such as SetWeight."""
    text = clinic.cli("get", "rollout", "was", "--no-color")
    return dict(re.findall(r"^\s*(\w+): +(\S.*?)\s*$", text, re.MULTILINE))


def test_users_get_the_share_that_was_asked_for(each: World) -> None:
    clinic = petclinic(each, "petclinic", steps=STEPS)
    clinic.wait_promoted()
    with clinic.load() as load:
        only(load, OLD)
        clinic.set_image(NEW)
        for index, weight in enumerate(WEIGHTS):
            status = clinic.wait_paused(weight)
            assert status["currentStepIndex"] == 2 * index + 1
            rule = clinic.weights()
            assert rule == {STABLE: 100 - weight, CANARY: weight}
            assert weights_of(status) == {"stable": rule[STABLE], "canary": rule[CANARY]}
            seen = shown(clinic)
            assert (seen["SetWeight"], seen["ActualWeight"]) == (str(weight), str(weight))
            await_share(load, NEW, weight)
            assert clinic.status()["currentStepIndex"] == 2 * index + 1, "counted within the step"
        clinic.wait_promoted()
        only(load, NEW)
    assert clinic.events() == []
