"""Health checks of real backends, with a clock that only the test moves."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
import trustme
from aiohttp import web

from elbv2_emulator import Emulator
from support.router.clock import StandingClock

TARGET = {"Id": "10.64.0.3", "Port": 8080}
ADDRESS = "10.64.0.3:8080"
INTERVAL, TIMEOUT = 300, 120


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def emulator(started: ExitStack, clock: StandingClock) -> Emulator:
    return started.enter_context(Emulator(clock=clock))


@pytest.fixture
def health(elbv2: Any, petclinic: Any) -> Callable[..., Mapping[str, str]]:
    """The target's health as AWS describes it, in the stable group unless another is named."""

    def read(group: str = petclinic.stable) -> Mapping[str, str]:
        (target,) = elbv2.describe_target_health(TargetGroupArn=group, Targets=[TARGET])[
            "TargetHealthDescriptions"
        ]
        described: Mapping[str, str] = target["TargetHealth"]
        return described

    return read


@pytest.fixture
def wait_for(
    health: Callable[..., Mapping[str, str]], clock: StandingClock
) -> Callable[..., Mapping[str, str]]:
    """Wait until the target is in this state; between reads the clock moves by `seconds_per_read`."""

    def wait(state: str, seconds_per_read: float = 0) -> Mapping[str, str]:
        deadline = time.monotonic() + 20
        while (now := health())["State"] != state:
            assert time.monotonic() < deadline, now
            clock.now += seconds_per_read
        return now

    return wait


@pytest.fixture
def register(elbv2: Any, petclinic: Any, control: Any) -> Callable[..., None]:
    """Register the target in the stable group, with these health check settings and this backend."""

    def do(backend: str | None = None, **settings: Any) -> None:
        settings = {
            "HealthCheckIntervalSeconds": INTERVAL,
            "HealthCheckTimeoutSeconds": TIMEOUT,
            **settings,
        }
        elbv2.modify_target_group(TargetGroupArn=petclinic.stable, **settings)
        if backend is not None:
            control("PUT", "addresses", {ADDRESS: backend})
        elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[TARGET])

    return do


def test_a_new_target_is_checked_at_once_and_healthy_after_its_first_check(
    backends: Any, register: Any, wait_for: Any
) -> None:
    backend = backends.start()
    register(backend.address, HealthCheckPath="/actuator/health?full=%2F")
    assert wait_for("healthy") == {"State": "healthy"}
    (check,) = backend.checks
    assert (check.method, check.raw_path) == ("GET", "/actuator/health?full=%2F")
    assert check.headers["Host"] == ADDRESS
    assert check.headers["User-Agent"] == "ELB-HealthChecker/2.0"
    assert backend.requests == []


def test_a_target_becomes_unhealthy_and_healthy_again(backends: Any, register: Any, wait_for: Any) -> None:
    backend = backends.start()
    register(backend.address, UnhealthyThresholdCount=3, HealthyThresholdCount=2)
    wait_for("healthy")
    backend.health = 503
    assert wait_for("unhealthy", seconds_per_read=2) == {
        "State": "unhealthy",
        "Reason": "Target.ResponseCodeMismatch",
        "Description": "Health checks failed with these codes: [503]",
    }
    assert len(backend.checks) == 1 + 3
    backend.health = 200
    wait_for("healthy", seconds_per_read=2)
    assert len(backend.checks) == 1 + 3 + 2


def test_a_redirect_is_an_answer_and_is_not_followed(backends: Any, register: Any, wait_for: Any) -> None:
    backend = backends.start()
    backend.health = 302
    register(backend.address, Matcher={"HttpCode": "200,302"})
    wait_for("healthy")
    assert len(backend.checks) == 1


@contextmanager
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@contextmanager
def refusing() -> Iterator[str]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def test_a_check_without_an_answer_times_out(register: Any, wait_for: Any) -> None:
    with silent() as address:
        register(address)
        expected = {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"}
        assert wait_for("unhealthy", seconds_per_read=2) == expected


def test_a_refused_connection_is_a_failed_check(register: Any, wait_for: Any) -> None:
    failed = {
        "State": "unhealthy",
        "Reason": "Target.FailedHealthChecks",
        "Description": "Health checks failed",
    }
    with refusing() as address:
        register(address)
        assert wait_for("unhealthy", seconds_per_read=2) == failed


def test_a_target_without_a_backend_fails_its_check_and_is_never_connected_to(
    register: Any, wait_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected: list[Any] = []
    connect, connect_later = socket.socket.connect, socket.socket.connect_ex

    def record(client: socket.socket, to: Any) -> None:
        connected.append(to)
        connect(client, to)

    def record_later(client: socket.socket, to: Any) -> int:
        connected.append(to)
        return connect_later(client, to)

    monkeypatch.setattr(socket.socket, "connect", record)
    monkeypatch.setattr(socket.socket, "connect_ex", record_later)
    register()
    assert wait_for("unhealthy", seconds_per_read=2)["Reason"] == "Target.FailedHealthChecks"
    assert [to for to in connected if not to[0].startswith("127.")] == []


@pytest.fixture
def wait_for_checks(
    elbv2: Any, petclinic: Any, backends: Any, control: Any, wait_healthy: Any
) -> Callable[[], None]:
    """Wait until all due checks have started: the check of another target, which starts later, has passed."""

    def do() -> None:
        control("PUT", "addresses", {"10.64.0.4:8080": backends.start().address})
        elbv2.register_targets(TargetGroupArn=petclinic.canary, Targets=[{"Id": "10.64.0.4"}])
        wait_healthy(petclinic.canary)

    return do


def test_a_target_is_checked_at_once_when_it_gets_a_backend(
    *, backends: Any, control: Any, register: Any, wait_for_checks: Any, health: Any, wait_for: Any
) -> None:
    register()
    wait_for_checks()
    assert health() == {
        "State": "initial",
        "Reason": "Elb.InitialHealthChecking",
        "Description": "Initial health checks in progress",
    }
    control("PUT", "addresses", {ADDRESS: backends.start().address})
    wait_for("healthy")


def test_a_running_check_is_not_started_again(register: Any, wait_for_checks: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        register(f"127.0.0.1:{server.getsockname()[1]}")
        first, _ = server.accept()
        wait_for_checks()
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
        first.close()


def test_the_check_after_a_time_out_starts_one_interval_after_the_one_that_timed_out(
    register: Any, wait_for_checks: Any, clock: StandingClock
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        register(f"127.0.0.1:{server.getsockname()[1]}", UnhealthyThresholdCount=2)
        first, _ = server.accept()
        assert first.recv(65536)
        clock.now += TIMEOUT
        assert first.recv(1) == b"", "the check that timed out has ended"
        first.close()
        clock.now += INTERVAL - TIMEOUT - 1
        wait_for_checks()
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
        clock.now += 1
        server.settimeout(20)
        second, _ = server.accept()
        second.close()


def test_a_check_uses_the_health_check_port_of_the_group(
    backends: Any, control: Any, register: Any, wait_for: Any
) -> None:
    traffic, management = backends.start(), backends.start()
    control("PUT", "addresses", {"10.64.0.3:8081": management.address})
    register(traffic.address, HealthCheckPort="8081")
    wait_for("healthy")
    assert [len(traffic.checks), len(management.checks)] == [0, 1]
    assert management.checks[0].headers["Host"] == "10.64.0.3:8081"


def test_a_check_over_https_accepts_any_certificate(backends: Any, register: Any, wait_for: Any) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("petclinic.example.com").configure_cert(context)
    register(backends.start(ssl_context=context).address, HealthCheckProtocol="HTTPS")
    wait_for("healthy")


def test_a_target_in_no_rule_is_not_checked(
    *, elbv2: Any, backends: Any, make_group: Any, register: Any, health: Any, wait_for: Any
) -> None:
    backend, group = backends.start(), make_group("apart")
    elbv2.register_targets(TargetGroupArn=group, Targets=[TARGET])
    register(backend.address)
    wait_for("healthy")
    assert len(backend.checks) == 1
    assert health(group)["Reason"] == "Target.NotInUse"
    elbv2.deregister_targets(TargetGroupArn=group, Targets=[TARGET])
    assert health(group)["Reason"] == "Target.NotRegistered"


def test_a_group_that_is_used_again_is_checked_again(
    *, elbv2: Any, petclinic: Any, backends: Any, register: Any, health: Any, wait_for: Any
) -> None:
    backend = backends.start()
    register(backend.address)
    wait_for("healthy")
    elbv2.modify_rule(
        RuleArn=petclinic.rule, Actions=[{"Type": "forward", "TargetGroupArn": petclinic.canary}]
    )
    assert health()["State"] == "unused"
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    wait_for("healthy")
    assert len(backend.checks) == 2


@pytest.mark.parametrize("delay", [300, 5])
def test_a_deregistered_target_drains_for_the_groups_delay(
    *,
    elbv2: Any,
    petclinic: Any,
    clock: StandingClock,
    backends: Any,
    register: Any,
    health: Any,
    wait_for: Any,
    delay: int,
) -> None:
    attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": str(delay)}
    elbv2.modify_target_group_attributes(TargetGroupArn=petclinic.stable, Attributes=[attribute])
    register(backends.start().address)
    wait_for("healthy")
    elbv2.deregister_targets(TargetGroupArn=petclinic.stable, Targets=[TARGET])
    clock.now += delay - 0.1
    # Deregistering the target again does not restart its draining.
    elbv2.deregister_targets(TargetGroupArn=petclinic.stable, Targets=[TARGET])
    assert health() == {
        "State": "draining",
        "Reason": "Target.DeregistrationInProgress",
        "Description": "Target deregistration is in progress",
    }
    clock.now += 0.1
    assert health()["Reason"] == "Target.NotRegistered"
    assert elbv2.describe_target_health(TargetGroupArn=petclinic.stable)["TargetHealthDescriptions"] == []


def test_a_draining_target_that_is_registered_again_starts_over(
    *,
    elbv2: Any,
    petclinic: Any,
    clock: StandingClock,
    backends: Any,
    register: Any,
    health: Any,
    wait_for: Any,
) -> None:
    backend = backends.start()
    register(backend.address)
    wait_for("healthy")
    elbv2.deregister_targets(TargetGroupArn=petclinic.stable, Targets=[TARGET])
    register()
    wait_for("healthy")
    assert len(backend.checks) == 2
    clock.now += 301
    assert health()["State"] == "healthy"


def test_a_draining_target_finishes_its_request_and_gets_no_other(
    *, elbv2: Any, petclinic: Any, backends: Any, register: Any, wait_for: Any, listener_url: Any, http: Any
) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    async def slow(_request: web.BaseRequest) -> web.StreamResponse:
        arrived.set()
        await asyncio.to_thread(go_on.wait, 20)
        return web.Response(text="finished")

    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=petclinic.split(1, 0))
    register(backends.start(slow).address)
    wait_for("healthy")
    url = listener_url(petclinic.listener)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(http.request, "GET", url)
        assert arrived.wait(20)
        elbv2.deregister_targets(TargetGroupArn=petclinic.stable, Targets=[TARGET])
        assert http.request("GET", url).status == 503
        go_on.set()
        assert running.result(20).data == b"finished"
