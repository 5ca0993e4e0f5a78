"""A sidecar under a fault: victims, whose calls meet it, and neighbours, whose calls must not notice it."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from email.message import Message
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self
from urllib.parse import unquote

import boto3
import grpc
import urllib3

from attack.faulty_server import Answer, faulty_server
from attack.large_account import LARGE_ACCOUNT, TESTS
from elbv2_emulator import Emulator
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.router.petclinic import Petclinic, petclinic, petclinic_of
from support.router.sidecar import CREDENTIALS, Sidecar, environment, sidecar

Stub = pb_grpc.TrafficRouterStub
Call = Callable[[Stub, float], str]
"""Makes a call with a deadline of so many seconds. Returns its code."""

REGIONS = "eu-west-1,eu-central-1"
VICTIMS = 4
_RECOVERY_SECONDS = 60
_PATIENCE_SECONDS = 20
_SECONDS_BETWEEN_ATTEMPTS = 0.02


@dataclass(frozen=True, slots=True)
class Measured:
    codes: set[str]
    """Of the victims' calls."""
    seconds: float
    """Until the slowest of the victims' calls ended."""
    seconds_to_recover: float
    """From the end of the fault until a victim's call had succeeded."""
    seconds_of_another: float | None = None
    """The slowest neighbour's call. None if the fault leaves nothing that could serve a neighbour."""
    codes_of_others: frozenset[str] = frozenset()


class Stage:
    """The victims' Rollouts are on rules of one listener; a neighbour's is on another listener, and another
    neighbour's in another region.
    """

    def __init__(self, volumes: Path) -> None:
        self.volumes = volumes
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        emulator = self._stack.enter_context(Emulator())
        self._emulator_url = emulator.url
        self.clinic = petclinic(emulator.url)
        self.aws = self._stack.enter_context(faulty_server(self._answer_of_aws))
        self.victims = [
            _calls(self.clinic, self._rule(self.clinic.listener, number)) for number in range(VICTIMS)
        ]
        beside = self._rule(self.clinic.listen(8080), 0)
        far = petclinic_of(_client(emulator.url, "eu-central-1"), emulator.url)
        self.neighbours = [_calls(self.clinic, beside), _calls(far, far.rule)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _rule(self, listener: str, number: int) -> str:
        return self.clinic.client.create_rule(
            ListenerArn=listener,
            Priority=100 + number,
            Conditions=[{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{number}*"]}}],
            Actions=[{"Type": "forward", "TargetGroupArn": self.clinic.stable}],
        )["Rules"][0]["RuleArn"]

    def _answer_of_aws(self, request: bytes, headers: Message) -> Answer:
        sent = {name: value for name, value in headers.items() if name.lower() != "host"}
        answer = urllib3.request("POST", self._emulator_url, body=request, headers=sent, retries=False)
        return answer.status, answer.data

    def is_about_victims(self, request: bytes) -> bool:
        """Whether a request to AWS names the victims' listener or one of its rules."""
        return self.clinic.listener.split(":listener/")[1] in unquote(request.decode())

    @contextmanager
    def sidecar(self, **variables: str) -> Iterator[Sidecar]:
        """With these variables for credentials, or else with credentials that are always valid."""
        settings = environment(f"http://{self.aws.address}", **(variables or CREDENTIALS), PYTHONPATH=TESTS)
        with sidecar(self.volumes, settings, "--regions", REGIONS, module=LARGE_ACCOUNT) as router:
            yield router


def _client(url: str, region: str) -> Any:
    session = boto3.session.Session(
        region_name=region,
        aws_access_key_id="AKIAI44QH8DHBEXAMPLE",
        aws_secret_access_key="example",  # noqa: S106  the emulator checks no signature
    )
    return session.client("elbv2", endpoint_url=url)


def _calls(clinic: Petclinic, rule: str) -> Call:
    """Calls for a Rollout of its own, each of which changes the rule's weights."""
    groups = {"was-stable": clinic.stable, "was-canary": clinic.canary}
    rollout = clinic.rollout({"rules": [{"arn": rule}], "targetGroups": groups})
    rollout["metadata"] |= {"name": rule[-8:], "uid": rule[-8:]}
    weights = (number % 90 + 1 for number in count())
    guard = threading.Lock()

    def call(stub: Stub, seconds: float) -> str:
        with guard:
            request = clinic.set_weight(next(weights), rollout)
        try:
            stub.SetWeight(request, timeout=seconds)
        except grpc.RpcError as error:
            failure: Any = error
            return str(failure.code().name)
        return "OK"

    return call


@contextmanager
def client_of(address: str) -> Iterator[Stub]:
    """A client with a connection of its own."""
    with grpc.insecure_channel(address, [("grpc.use_local_subchannel_pool", 1)]) as channel:
        yield Stub(channel)


def measured(
    stage: Stage,
    address: str,
    fault: AbstractContextManager[object],
    deadline: float,
    *,
    neighbours_are_served: bool = True,
    was_met: Callable[[], bool] = lambda: True,
) -> Measured:
    """The victims call once while the fault lasts, all at once.

    The neighbours call until the victims' calls have ended and something has met the fault.
    """
    done = threading.Event()
    with client_of(address) as stub, client_of(address) as another, ThreadPoolExecutor() as threads:
        with fault:
            begun = time.monotonic()
            others = [
                threads.submit(_slowest, partial(call, another, deadline), done) for call in stage.neighbours
            ]
            calls = [threads.submit(_timed, partial(call, stub, deadline)) for call in stage.victims]
            ends = [call.result() for call in calls]
            has_met = _wait_for(was_met)
            done.set()
            of_others = [other.result() for other in others]
        recovered = seconds_until_ok(partial(stage.victims[0], stub, deadline))
    assert has_met, "nothing met the fault"
    return Measured(
        codes={code for code, _ in ends},
        seconds=max(seconds for _, seconds in ends) - begun,
        seconds_to_recover=recovered,
        seconds_of_another=max(seconds for _, seconds in of_others) if neighbours_are_served else None,
        codes_of_others=frozenset().union(*(codes for codes, _ in of_others)),
    )


def _wait_for(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + _PATIENCE_SECONDS
    while not (is_met := condition()) and time.monotonic() < until:
        time.sleep(_SECONDS_BETWEEN_ATTEMPTS)
    return is_met


def seconds_until_ok(call: Callable[[], str]) -> float:
    begun = time.monotonic()
    while (code := call()) != "OK":
        if time.monotonic() - begun > _RECOVERY_SECONDS:
            raise AssertionError(f"calls still end with {code}, {_RECOVERY_SECONDS} s after the fault")
        time.sleep(_SECONDS_BETWEEN_ATTEMPTS)
    return time.monotonic() - begun


def _timed(call: Callable[[], str]) -> tuple[str, float]:
    """The call's code, and when it ended."""
    code = call()
    return code, time.monotonic()


def _slowest(call: Callable[[], str], done: threading.Event) -> tuple[set[str], float]:
    """The codes of the calls until it is done, and the seconds of the slowest one."""
    codes, slowest = set[str](), 0.0
    while not (done.is_set() and codes):
        begun = time.monotonic()
        codes.add(call())
        slowest = max(slowest, time.monotonic() - begun)
    return codes, slowest
