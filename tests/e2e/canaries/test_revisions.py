"""The first revision, the next one, one that comes during a canary, and the way back."""

from collections.abc import Callable
from itertools import count

import pytest

from cluster.applications.petclinic import CANARY, NEW, OLD, STABLE, Petclinic, petclinic, weights_of
from cluster.applications.settled import wait_registered, wait_until_settled
from cluster.traffic.load import Load
from cluster.traffic.shares import assert_only, assert_shares
from cluster.world import World
from support.manifest import Object

NEWER = "1.0.2"
STEPS: list[Object] = [{"setWeight": 25}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}]
SOON = {"scaleDownDelaySeconds": 2, "abortScaleDownDelaySeconds": 2}
WALK = [25, 50, 100, 0]

_numbers = count()


@pytest.fixture
def clinic(newest: World) -> Petclinic:
    """A Rollout that runs its first revision."""
    clinic = petclinic(newest, f"revisions-{next(_numbers)}", steps=STEPS, canary=SOON)
    clinic.wait_promoted()
    wait_registered(clinic)
    return clinic


def walk(clinic: Petclinic, load: Load, old: str, new: str) -> None:
    """Goes from 25 to the promotion, and counts requests at each step."""
    wait_until_settled(clinic, 25)
    assert_shares(load, {old: 75, new: 25})
    clinic.cli("promote", "was")
    wait_until_settled(clinic, 50)
    assert_shares(load, {old: 50, new: 50})
    clinic.cli("promote", "was")
    clinic.wait_promoted()
    wait_registered(clinic)
    assert_only(load, new)


def test_a_rule_that_is_correct_is_not_written_for_the_first_revision(clinic: Petclinic) -> None:
    with clinic.load() as load:
        assert_only(load, OLD)
    assert clinic.weights() == {STABLE: 100, CANARY: 0}
    assert weights_of(clinic.status()) == {"stable": 100, "canary": 0}
    assert clinic.calls("DescribeRules")
    assert clinic.calls("ModifyRule") == []
    assert clinic.events() == []


def test_the_canarys_group_is_attached_at_0_before_the_first_pods_are_available(newest: World) -> None:
    unavailable, available = {"minReadySeconds": 300}, {"minReadySeconds": 0}
    clinic = petclinic(newest, "attached", steps=STEPS, spec=unavailable, weights={STABLE: 100})
    clinic.wait(lambda _: CANARY in clinic.weights(), "the group was attached")
    assert clinic.weights() == {STABLE: 100, CANARY: 0}
    assert clinic.status().get("availableReplicas", 0) == 0
    clinic.patch({"spec": available})
    clinic.wait_promoted()
    wait_registered(clinic)
    with clinic.load() as load:
        assert_only(load, OLD)
    assert clinic.written() == [0]
    assert clinic.events() == []


def test_revisions_follow_each_other(clinic: Petclinic) -> None:
    with clinic.load() as load:
        clinic.set_image(NEW)
        walk(clinic, load, OLD, NEW)
        clinic.set_image(NEWER)
        walk(clinic, load, NEW, NEWER)
    assert clinic.written() == 2 * WALK
    assert clinic.events() == []


def test_a_third_revision_takes_the_place_of_the_second(newest: World) -> None:
    begin_at_0: list[Object] = [{"setWeight": 0}, {"pause": {}}]
    clinic = petclinic(newest, "third", steps=[*begin_at_0, *STEPS], canary=SOON)
    clinic.wait_promoted()
    with clinic.load() as load:
        clinic.set_image(NEW)
        wait_until_settled(clinic, 0)
        clinic.cli("promote", "was")
        wait_until_settled(clinic, 25)
        assert_shares(load, {OLD: 75, NEW: 25})
        clinic.set_image(NEWER)
        wait_until_settled(clinic, 0)
        assert_only(load, OLD)
        clinic.cli("promote", "was")
        walk(clinic, load, OLD, NEWER)
    assert clinic.written() == [25, 0, *WALK]
    assert clinic.events() == []


def undo(clinic: Petclinic) -> None:
    clinic.cli("undo", "was")


def set_the_old_image(clinic: Petclinic) -> None:
    clinic.set_image(OLD)


@pytest.mark.parametrize("go_back", [undo, set_the_old_image])
def test_the_stable_revision_gets_everything_back_when_a_canary_is_given_up(
    go_back: Callable[[Petclinic], None], clinic: Petclinic
) -> None:
    with clinic.load() as load:
        clinic.set_image(NEW)
        wait_until_settled(clinic, 25)
        assert_shares(load, {OLD: 75, NEW: 25})
        go_back(clinic)
        clinic.wait_promoted()
        wait_registered(clinic)
        assert_only(load, OLD)
    assert clinic.written() == [25, 0]
    assert clinic.events() == []


def test_undo_after_the_promotion_is_a_canary_of_the_old_revision(clinic: Petclinic) -> None:
    with clinic.load() as load:
        clinic.set_image(NEW)
        walk(clinic, load, OLD, NEW)
        clinic.cli("undo", "was")
        walk(clinic, load, NEW, OLD)
    assert clinic.written() == 2 * WALK
    assert clinic.events() == []
