"""How fresh the read of a SetWeight must be."""

import pytest

from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.last_intents import LastIntents
from elbv2_trafficrouter.routing.ports import REUSE_SECONDS
from support.router.intents import WEB, asking_for, configuration
from support.router.runtime import Runtime

INTENT = asking_for(25)
NOW = 100.0


@pytest.fixture
def runtime() -> Runtime:
    return Runtime(NOW)


@pytest.fixture
def intents(runtime: Runtime) -> LastIntents:
    return LastIntents(runtime)


def test_an_intent_that_has_not_succeeded_needs_a_read_that_begins_now(intents: LastIntents) -> None:
    assert intents.begin(INTENT) == NOW
    assert intents.begin(INTENT) == NOW


def test_an_intent_that_succeeded_takes_a_read_that_began_up_to_two_seconds_ago(intents: LastIntents) -> None:
    intents.record_success(INTENT)
    assert intents.begin(asking_for(25)) == NOW - REUSE_SECONDS


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(asking_for(0), id="weight"),
        pytest.param(asking_for(25, is_aborted=True), id="abort"),
        pytest.param(asking_for(25, uid="another"), id="recreated Rollout"),
        pytest.param(
            asking_for(25, config=configuration(groups={"was-experiment": WEB})), id="configuration"
        ),
    ],
)
def test_any_other_intent_needs_a_read_that_begins_now(intents: LastIntents, other: Intent) -> None:
    intents.record_success(INTENT)
    assert intents.begin(other) == NOW
    assert intents.begin(INTENT) == NOW  # the other one may have been written in part


def test_rollouts_do_not_share_their_intents(intents: LastIntents) -> None:
    intents.record_success(INTENT)
    assert intents.begin(asking_for(25, rollout="other")) == NOW
    assert intents.begin(asking_for(25, namespace="other")) == NOW
    assert intents.begin(INTENT) < NOW


def test_the_intents_of_rollouts_that_are_gone_are_forgotten(intents: LastIntents, runtime: Runtime) -> None:
    for number in range(1000):
        intents.record_success(asking_for(25, rollout=f"{number}"))
    assert len(intents) == 1000
    runtime.seconds += 3601
    intents.record_success(INTENT)
    assert len(intents) == 1
