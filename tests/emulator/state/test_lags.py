"""Registrations, reads and traffic lag behind writes, as a client observes it."""

import time
from contextlib import ExitStack
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from elbv2_emulator import Emulator
from elbv2_emulator.state.timing import Timing
from support.router.clock import StandingClock

TARGET = {"Id": "10.64.0.3", "Port": 8080}


class Scripted(Random):
    """Draws the newest version, or the oldest while `oldest` is set."""

    oldest = False

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        return start if self.oldest or stop is None else stop - step


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def random() -> Scripted:
    return Scripted()


@pytest.fixture
def emulator(started: ExitStack, clock: StandingClock, random: Scripted) -> Emulator:
    return started.enter_context(Emulator(clock=clock, random=random, timing=Timing()))


def weights(elbv2: Any, rule: str) -> list[int]:
    (found,) = elbv2.describe_rules(RuleArns=[rule])["Rules"]
    return [group["Weight"] for group in found["Actions"][0]["ForwardConfig"]["TargetGroups"]]


def test_a_later_read_may_be_older(
    *, emulator: Emulator, elbv2: Any, petclinic: Any, clock: StandingClock, random: Scripted
) -> None:
    emulator.timing.describe_lag_seconds = 5
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(75, 25))
    reads = []
    for random.oldest in (False, True, False):
        reads.append(weights(elbv2, petclinic.rule))
    assert reads == [[75, 25], [90, 10], [75, 25]]
    random.oldest = True
    clock.now += 4.9
    assert weights(elbv2, petclinic.rule) == [90, 10]
    clock.now += 0.1
    assert weights(elbv2, petclinic.rule) == [75, 25]


def test_a_new_rule_may_not_be_visible_yet_but_can_be_modified(
    *, emulator: Emulator, elbv2: Any, petclinic: Any, random: Scripted
) -> None:
    emulator.timing.describe_lag_seconds = 5
    random.oldest = True
    made = elbv2.create_rule(
        ListenerArn=petclinic.listener,
        Priority=2,
        Conditions=[{"Field": "path-pattern", "Values": ["/vets*"]}],
        Actions=petclinic.split(1, 0),
    )["Rules"][0]["RuleArn"]
    with pytest.raises(ClientError, match="RuleNotFound"):
        elbv2.describe_rules(RuleArns=[made])
    elbv2.modify_rule(RuleArn=made, Actions=petclinic.split(0, 1))
    with pytest.raises(ClientError, match="PriorityInUse"):
        elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": made, "Priority": 1}])
    elbv2.delete_rule(RuleArn=made)


def test_traffic_follows_a_write_after_the_data_plane_lag(
    *, emulator: Emulator, elbv2: Any, petclinic: Any, clock: StandingClock, listener_url: Any, http: Any
) -> None:
    emulator.timing.data_plane_lag_seconds = 5
    fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=[fixed])
    assert elbv2.describe_rules(ListenerArn=petclinic.listener)["Rules"][-1]["Actions"][0] == {
        **fixed,
        "Order": 1,
    }
    url = listener_url(petclinic.listener)
    assert http.request("GET", url).status == 404
    clock.now += 4.9
    assert http.request("GET", url).status == 404
    clock.now += 0.1
    assert http.request("GET", url).status == 200


def test_a_target_exists_after_the_registration_lag(
    *,
    emulator: Emulator,
    elbv2: Any,
    petclinic: Any,
    clock: StandingClock,
    backends: Any,
    control: Any,
    wait_healthy: Any,
) -> None:
    early, late = backends.start(), backends.start()
    control("PUT", "addresses", {"10.64.0.3:8080": late.address, "10.64.0.4:8080": early.address})
    emulator.timing.registration_lag_seconds = 10
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[TARGET])
    clock.now += 9.9
    emulator.timing.registration_lag_seconds = 0
    elbv2.register_targets(TargetGroupArn=petclinic.canary, Targets=[{"Id": "10.64.0.4"}])
    wait_healthy(petclinic.canary)
    (target,) = elbv2.describe_target_health(TargetGroupArn=petclinic.stable)["TargetHealthDescriptions"]
    assert target["TargetHealth"] == {
        "State": "initial",
        "Reason": "Elb.RegistrationInProgress",
        "Description": "Target registration is in progress",
    }
    assert late.checks == []
    clock.now += 0.1
    wait_healthy(petclinic.stable)
    assert len(late.checks) == 1


def test_lags_and_throttling_are_set_through_control(emulator: Emulator, control: Any) -> None:
    default = {
        "registrationLagSeconds": 0,
        "describeLagSeconds": 0,
        "dataPlaneLagSeconds": 0,
        "dataPlaneBatchSeconds": 0,
        "throttling": False,
    }
    assert control("GET", "time") == default
    control("PUT", "time", {"registrationLagSeconds": 1, "describeLagSeconds": 2.5})
    settings = control(
        "PUT", "time", {"dataPlaneLagSeconds": 3, "dataPlaneBatchSeconds": 10, "throttling": True}
    )
    assert settings == {
        "registrationLagSeconds": 1,
        "describeLagSeconds": 2.5,
        "dataPlaneLagSeconds": 3,
        "dataPlaneBatchSeconds": 10,
        "throttling": True,
    }
    assert emulator.timing == Timing(1, 2.5, 3, 10, throttling=True)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ([], "must be an object"),
        ({"describeLagSeconds": 1, "lag": 1}, "'lag' is not one of registrationLagSeconds, "),
        ({"throttling": True, "describeLagSeconds": -1}, "must be 0 or more"),
        ({"describeLagSeconds": float("inf")}, "must be 0 or more"),
        ({"dataPlaneBatchSeconds": -1}, "must be 0 or more"),
        ({"dataPlaneBatchSeconds": "10"}, "cannot be '10'"),
        ({"describeLagSeconds": True}, "cannot be True"),
        ({"describeLagSeconds": "1"}, "cannot be '1'"),
        ({"describeLagSeconds": 1, "throttling": 1}, "must be true or false, not 1"),
    ],
)
def test_an_invalid_setting_of_time_changes_nothing(
    emulator: Emulator, http: Any, body: Any, complaint: str
) -> None:
    answer = http.request("PUT", f"{emulator.url}/_emulator/time", json=body)
    assert answer.status == 400
    assert complaint in answer.data.decode()
    assert emulator.timing == Timing()


def test_the_journal_uses_the_emulators_clock(elbv2: Any, control: Any, clock: StandingClock) -> None:
    elbv2.describe_load_balancers()
    assert control("GET", "journal")[-1]["time"] == clock.now != pytest.approx(time.time())
