"""Injected faults: lost answers, calls that are applied late, durations, and several actions."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from elbv2_emulator import Emulator, Fault


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(started: ExitStack, clock: Clock) -> Emulator:
    return started.enter_context(Emulator(clock=clock))


@pytest.fixture
def weights(elbv2: Any, petclinic: Any) -> Callable[[], list[int]]:
    def read() -> list[int]:
        (rule,) = elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"]
        return [group["Weight"] for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]]

    return read


@pytest.fixture
def impatient(emulator: Emulator, session: Any) -> Iterator[Any]:
    """A client with a read time-out of a fifth of a second."""
    client = session.client(
        "elbv2",
        region_name="eu-west-1",
        endpoint_url=emulator.url,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="not-a-secret",  # noqa: S106  the emulator does not check it
        config=Config(read_timeout=0.2, retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


def writes(emulator: Emulator) -> list[tuple[int | None, str | None, str | None]]:
    return [
        (entry.status, entry.error, entry.answered)
        for entry in list(emulator.journal.entries)
        if entry.action == "ModifyRule"
    ]


def test_a_late_write_overwrites_what_was_written_after_it_was_sent(
    *, emulator: Emulator, clock: Clock, elbv2: Any, petclinic: Any, weights: Callable[[], list[int]]
) -> None:
    emulator.faults.add(Fault("ModifyRule", answer="close", applied_after_seconds=5, times=1))
    with pytest.raises(ConnectionClosedError):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 2))
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(3, 4))
    clock.now += 4.9
    assert weights() == [3, 4]
    clock.now += 0.2
    assert weights() == [1, 2]
    assert writes(emulator) == [(200, None, None), (200, None, "close")]
    assert list(emulator.journal.entries)[-2].time == clock.now


def test_late_writes_that_are_due_at_the_same_time_are_applied_in_the_order_of_their_calls(
    *, emulator: Emulator, clock: Clock, elbv2: Any, petclinic: Any, weights: Callable[[], list[int]]
) -> None:
    emulator.faults.add(Fault("ModifyRule", answer="close", applied_after_seconds=5))
    for weight in range(1, 9):
        with pytest.raises(ConnectionClosedError):
            elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(weight, 0))
    clock.now += 5
    assert weights() == [8, 0]


def test_a_late_write_to_a_deleted_rule_is_refused_when_it_is_due(
    emulator: Emulator, clock: Clock, elbv2: Any, petclinic: Any
) -> None:
    emulator.faults.add(Fault("ModifyRule", answer="close", applied_after_seconds=5))
    with pytest.raises(ConnectionClosedError):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 2))
    elbv2.delete_rule(RuleArn=petclinic.rule)
    clock.now += 5
    elbv2.describe_rules(ListenerArn=petclinic.listener)
    assert writes(emulator) == [(400, "RuleNotFound", "close")]


def test_a_late_write_is_not_applied_to_a_state_that_was_loaded_since(
    *, emulator: Emulator, clock: Clock, elbv2: Any, petclinic: Any, weights: Callable[[], list[int]]
) -> None:
    saved = emulator.save()
    emulator.faults.add(Fault("ModifyRule", answer="close", applied_after_seconds=5))
    with pytest.raises(ConnectionClosedError):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 2))
    emulator.load(saved)
    clock.now += 5
    assert weights() == [90, 10]


def test_a_late_write_is_applied_even_if_no_other_call_arrives(
    emulator: Emulator, clock: Clock, elbv2: Any, petclinic: Any
) -> None:
    emulator.faults.add(Fault("ModifyRule", answer="close", applied_after_seconds=5))
    with pytest.raises(ConnectionClosedError):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 2))
    clock.now += 5
    while not writes(emulator):
        pass


def test_a_write_is_applied_at_once_although_its_answer_is_lost(
    emulator: Emulator, elbv2: Any, petclinic: Any, weights: Callable[[], list[int]]
) -> None:
    emulator.faults.add(Fault("ModifyRule", answer="close", applied_after_seconds=0))
    with pytest.raises(ConnectionClosedError):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 2))
    assert weights() == [1, 2]


def test_a_write_is_applied_although_it_is_answered_with_an_error(
    emulator: Emulator, elbv2: Any, petclinic: Any, weights: Callable[[], list[int]]
) -> None:
    emulator.faults.add(Fault("ModifyRule", error="InternalFailure", applied_after_seconds=0))
    with pytest.raises(ClientError, match="InternalFailure"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 2))
    assert weights() == [1, 2]
    assert writes(emulator) == [(200, None, "InternalFailure")]


def test_a_silent_fault_never_answers_and_applies_nothing(
    *, emulator: Emulator, impatient: Any, petclinic: Any, weights: Callable[[], list[int]]
) -> None:
    emulator.faults.add(Fault("ModifyRule", answer="silence"))
    with pytest.raises(ReadTimeoutError):
        impatient.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 2))
    assert weights() == [90, 10]
    assert writes(emulator) == [(None, None, "silence")]


def test_a_silent_fault_does_not_delay_the_shutdown(
    emulator: Emulator, elbv2: Any, started: ExitStack
) -> None:
    emulator.faults.add(Fault("*", answer="silence"))
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(elbv2.describe_load_balancers)
        while not emulator.journal.entries:
            assert not held.done()
        started.close()
        assert isinstance(held.exception(10), ConnectionClosedError)


def test_a_fault_ends_after_its_seconds(emulator: Emulator, clock: Clock, elbv2: Any, control: Any) -> None:
    control("POST", "faults", {"action": "*", "error": "ExpiredToken", "seconds": 10})
    clock.now += 4
    with pytest.raises(ClientError, match="ExpiredToken") as caught:
        elbv2.describe_load_balancers()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert [fault["seconds"] for fault in control("GET", "faults")] == [6]
    clock.now += 6
    assert control("GET", "faults") == []
    elbv2.describe_load_balancers()
    assert [fault.action for fault in emulator.faults.active] == []


@pytest.mark.parametrize(
    ("action", "reads_fail", "writes_fail"),
    [
        ("reads", True, False),
        ("writes", False, True),
        ("*", True, True),
        (["DescribeRules", "CreateRule"], True, False),
        (["ModifyRule", "DescribeTags"], False, True),
    ],
)
def test_a_fault_covers_the_actions_that_it_names(
    *, elbv2: Any, petclinic: Any, control: Any, action: Any, reads_fail: bool, writes_fail: bool
) -> None:
    added = control("POST", "faults", {"action": action, "error": "ServiceUnavailable"})
    assert added["action"] == action
    assert failed(lambda: elbv2.describe_rules(RuleArns=[petclinic.rule])) is reads_fail
    assert failed(lambda: elbv2.modify_rule(RuleArn=petclinic.rule)) is writes_fail


def failed(call: Callable[[], object]) -> bool:
    try:
        call()
    except ClientError:
        return True
    return False


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"action": "*", "answer": "nothing"}, "must be 'close' or 'silence'"),
        ({"action": "*", "answer": "close", "error": "A"}, "cannot have both 'error' and 'answer'"),
        (
            {"action": "*", "latencySeconds": 1, "appliedAfterSeconds": 1},
            "must also have 'error' or 'answer'",
        ),
        ({"action": "*", "answer": "close", "appliedAfterSeconds": -1}, "must be 0 or more"),
        ({"action": "*", "error": "A", "seconds": -1}, "must be 0 or more"),
        ({"action": [], "error": "A"}, "is not one of"),
        ({"action": ["*", "Modify"], "error": "A"}, "'Modify' is not one of"),
        ({"action": ["*", 1], "error": "A"}, "'action' cannot be"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(
    emulator: Emulator, http: Any, fault: dict[str, Any], complaint: str
) -> None:
    answer = http.request("POST", f"{emulator.url}/_emulator/faults", body=json.dumps(fault))
    assert answer.status == 400
    assert complaint in answer.data.decode()
    assert emulator.faults.active == ()
