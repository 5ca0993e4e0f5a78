"""The faults, and how each is brought about."""

import fcntl
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import grpc

from attack.faulty_server import Fault, FaultyServer, faulty_server
from attack.large_account import LARGE_ACCOUNT, TESTS
from attack.stage import REGIONS, Measured, Stage, client_of, measured, seconds_until_ok
from support.aws.credential_answers import ROLE, container_answer, in_seconds, sts_answer
from support.router.sidecar import CREDENTIALS, command, environment, volume_directories

_VALID_SECONDS = 3600
_RENEWED_SECONDS = 15 * 60  # so long before they expire, the sidecar looks for new credentials
_FIRST_CALLS_SECONDS = 8
_REFUSED_WITHIN_SECONDS = 2
_SMALLEST_PIPE = 4096
_PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    """As the table has it."""
    measure: Callable[[Stage, float], Measured]
    """With the deadline of the calls, in seconds."""
    in_short_pass: bool = False

    def measured(self, deadline: float) -> Measured:
        with volume_directories() as volumes, Stage(volumes) as stage:
            return self.measure(stage, deadline)


# AWS


def _aws(fault: Fault, stage: Stage, deadline: float) -> Measured:
    with stage.sidecar() as router:
        _call_once(stage, router.unix)
        broken = stage.aws.failing(fault, stage.is_about_victims)
        return measured(stage, router.unix, broken, deadline, was_met=lambda: stage.aws.hit > 0)


def _call_once(stage: Stage, address: str) -> None:
    with client_of(address) as stub:
        for call in (*stage.victims, *stage.neighbours):
            seconds_until_ok(partial(call, stub, _PATIENCE_SECONDS))


# Credentials


@dataclass(frozen=True, slots=True)
class Source:
    """A source of credentials."""

    name: str
    answer: Callable[[float | None], str]
    """Its credentials expire so many seconds from now, or have no expiration."""
    variables: Callable[[str, Path], dict[str, str]]
    """Get the server's address and an empty directory."""


def _variables_of_sts(address: str, directory: Path) -> dict[str, str]:
    token = directory / "token"
    token.write_text("token")
    return {
        "AWS_ENDPOINT_URL_STS": f"http://{address}",
        "AWS_ROLE_ARN": ROLE,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
    }


def _variables_of_a_container(address: str, _directory: Path) -> dict[str, str]:
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://{address}/"}


STS = Source(
    "STS", lambda seconds: sts_answer("" if seconds is None else in_seconds(seconds)), _variables_of_sts
)
CONTAINER = Source("The container's credentials endpoint", container_answer, _variables_of_a_container)


@contextmanager
def _server_of(source: Source, seconds: float) -> Iterator[FaultyServer]:
    """Its credentials expire so many seconds after it was asked."""
    with faulty_server(lambda *_: (200, source.answer(seconds).encode())) as server:
        yield server


@contextmanager
def _failing(source: Source, server: FaultyServer, fault: Fault | None) -> Iterator[None]:
    """Without a fault, the answers have no expiration."""
    if fault is not None:
        with server.failing(fault):
            yield
        return
    right, server.hit = server.answer, 0

    def answer(*_: object) -> tuple[int, bytes]:
        server.hit += 1
        return 200, source.answer(None).encode()

    server.answer = answer
    try:
        yield
    finally:
        server.answer = right


def _first_credentials(source: Source, fault: Fault | None, stage: Stage, deadline: float) -> Measured:
    """All calls need credentials, so that no neighbour can be served either."""
    with (
        _server_of(source, _VALID_SECONDS) as server,
        stage.sidecar(**source.variables(server.address, stage.volumes)) as router,
    ):
        broken = _failing(source, server, fault)
        return measured(stage, router.unix, broken, deadline, neighbours_are_served=False)


def _new_credentials(source: Source, fault: Fault | None, stage: Stage, deadline: float) -> Measured:
    with (
        _server_of(source, _RENEWED_SECONDS + _FIRST_CALLS_SECONDS) as server,
        stage.sidecar(**source.variables(server.address, stage.volumes)) as router,
    ):
        begun = time.monotonic()
        _call_once(stage, router.unix)
        time.sleep(max(0, begun + _FIRST_CALLS_SECONDS + 1 - time.monotonic()))
        broken = _failing(source, server, fault)
        until = time.monotonic() + _REFUSED_WITHIN_SECONDS

        def was_met() -> bool:
            """A server can't notice that its connections are refused."""
            return server.hit > 0 if fault is not Fault.REFUSES else time.monotonic() > until

        return measured(stage, router.unix, broken, deadline, was_met=was_met)


# The process


def _ended(number: signal.Signals, stage: Stage, deadline: float) -> Measured:
    """AWS takes a while, so that the signal arrives while calls are in flight."""
    with stage.sidecar() as router, router.stub() as stub, ThreadPoolExecutor() as threads:
        _call_once(stage, router.unix)
        stage.clinic.fault("DescribeRules", latencySeconds=0.3)
        begun = time.monotonic()
        calls = [threads.submit(call, stub, deadline) for call in (*stage.victims, *stage.neighbours)]
        time.sleep(0.2)  # less than AWS takes
        router.process.send_signal(number)
        codes = {call.result() for call in calls}
        seconds = time.monotonic() - begun
        router.wait()
        stage.clinic.no_faults()
    again = time.monotonic()
    with stage.sidecar() as router, router.stub() as stub:
        seconds_until_ok(partial(stage.victims[0], stub, deadline))
        return Measured(codes, seconds, time.monotonic() - again)


# The log


@contextmanager
def _logging_to_a_pipe(stage: Stage, *before: str) -> Iterator[tuple[str, IO[bytes]]]:
    """The address of a sidecar, and its log, which nobody reads."""
    variables = environment(f"http://{stage.aws.address}", **CREDENTIALS, PYTHONPATH=TESTS)
    flags = ("--log-level", "debug", "--regions", REGIONS)
    with subprocess.Popen(
        [*before, *command(stage.volumes, *flags, module=LARGE_ACCOUNT)],
        env=variables,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            address = f"unix:{stage.volumes}/router-socket/router.sock"
            with grpc.insecure_channel(address) as channel:
                grpc.channel_ready_future(channel).result(_PATIENCE_SECONDS)
            assert process.stderr is not None
            yield address, process.stderr
        finally:
            process.kill()


def _log_without_reader(stage: Stage, deadline: float) -> Measured:
    with _logging_to_a_pipe(stage) as (address, output):
        _call_once(stage, address)
        output.close()
        return measured(stage, address, nullcontext(), deadline)


def _log_that_is_full(stage: Stage, deadline: float) -> Measured:
    with _logging_to_a_pipe(stage) as (address, output):
        fcntl.fcntl(output, fcntl.F_SETPIPE_SZ, _SMALLEST_PIPE)
        for _ in range(10):
            _call_once(stage, address)
        return measured(stage, address, nullcontext(), deadline)


def _log_that_is_closed(stage: Stage, deadline: float) -> Measured:
    with _logging_to_a_pipe(stage, "sh", "-c", 'exec "$@" 2>&-', "sh") as (address, _):
        _call_once(stage, address)
        return measured(stage, address, nullcontext(), deadline)


_OF_AWS = (
    Fault.TRICKLES,
    Fault.HANGS,
    Fault.TOO_LARGE,
    Fault.CUT_OFF,
    Fault.TRUNCATED,
    Fault.CLOSES,
    Fault.FAILS,
)
_OF_SOURCES = {
    Fault.HANGS: Fault.HANGS.value,
    Fault.REFUSES: Fault.REFUSES.value,
    Fault.TRUNCATED: Fault.TRUNCATED.value,
    None: "answers without an expiration",
}
_MOMENTS = {
    _first_credentials: "there are no credentials yet",
    _new_credentials: "earlier credentials are valid",
}

CASES: tuple[Case, ...] = (
    *(
        Case(f"AWS {fault.value}", partial(_aws, fault), fault in {Fault.TRICKLES, Fault.TOO_LARGE})
        for fault in _OF_AWS
    ),
    *(
        Case(
            f"{source.name} {text}; {moment}",
            partial(measure, source, fault),
            fault is Fault.HANGS and (source is STS) == (measure is _first_credentials),
        )
        for measure, moment in _MOMENTS.items()
        for source in (STS, CONTAINER)
        for fault, text in _OF_SOURCES.items()
    ),
    Case("SIGTERM while calls are in flight", partial(_ended, signal.SIGTERM), in_short_pass=True),
    Case("SIGKILL while calls are in flight", partial(_ended, signal.SIGKILL)),
    Case("The program that reads the log is gone", _log_without_reader),
    Case("The log's pipe is full", _log_that_is_full, in_short_pass=True),
    Case("The sidecar's stderr is closed", _log_that_is_closed),
)
