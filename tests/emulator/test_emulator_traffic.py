"""Real requests through a listener to real backends: rules, weights, health, answers without a backend."""

import socket
from collections import Counter
from collections.abc import Callable, Mapping
from math import comb
from typing import Any

import pytest
import urllib3

STABLE, CANARY = "10.64.0.3", "10.64.0.4"


@pytest.fixture
def served(elbv2: Any, petclinic: Any, backends: Any, control: Any, wait_healthy: Any) -> Mapping[str, Any]:
    """A backend of each version, registered under its pod's address."""
    running = {"stable": backends.start(text="1.0.0"), "canary": backends.start(text="1.0.1")}
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": STABLE, "Port": 8080}])
    elbv2.register_targets(TargetGroupArn=petclinic.canary, Targets=[{"Id": CANARY, "Port": 8080}])
    control(
        "PUT",
        "addresses",
        {f"{STABLE}:8080": running["stable"].address, f"{CANARY}:8080": running["canary"].address},
    )
    wait_healthy(petclinic.stable, petclinic.canary)
    return running


@pytest.fixture
def get(petclinic: Any, listener_url: Any, http: urllib3.PoolManager) -> Callable[..., tuple[int, str]]:
    url = listener_url(petclinic.listener)

    def request(path: str = "/petclinic/", **headers: str) -> tuple[int, str]:
        answer = http.request("GET", url + path, headers=headers, redirect=False)
        return answer.status, answer.data.decode()

    return request


def call_healthy(control: Any, group: str) -> None:
    """Have the target of stable's pod in this group taken for healthy, whatever its checks say."""
    target = {"id": STABLE, "port": 8080, "state": "healthy"}
    control("PUT", "health", {"targetGroupArn": group, "targets": [target]})


def interval(requests: int, percent: int, one_in: int) -> tuple[int, int]:
    """The counts outside of which a binomial count falls less than once in so many times.

    Exact: each tail is summed in whole numbers and is less than half of 1/one_in.
    """
    everything = 100**requests

    def tail(counts: range) -> int:
        total = 0
        for count in counts:
            total += comb(requests, count) * percent**count * (100 - percent) ** (requests - count)
            if 2 * one_in * total >= everything:
                return count
        raise AssertionError

    return tail(range(requests + 1)), tail(range(requests, -1, -1))


def test_the_interval_is_the_exact_binomial_one() -> None:
    assert interval(10, 50, 100) == (1, 9)  # 2/1024 is less than 1/100, 22/1024 is not


@pytest.mark.usefixtures("served")
def test_requests_are_shared_out_by_weight(get: Callable[..., tuple[int, str]], served: Any) -> None:
    """Fails by chance less than once in a million runs: exact binomial interval of 1,500 draws at 10%."""
    requests = 1500
    assert Counter(get() for _ in range(requests)).keys() == {(200, "1.0.0"), (200, "1.0.1")}
    least, most = interval(requests, 10, 1_000_000)
    assert least <= len(served["canary"].seen) <= most
    assert len(served["stable"].seen) + len(served["canary"].seen) == requests


def test_a_change_of_weights_holds_from_the_next_request_on(
    elbv2: Any, petclinic: Any, served: Any, get: Callable[..., tuple[int, str]]
) -> None:
    for stable, canary, expected in ((0, 1, "1.0.1"), (1, 0, "1.0.0"), (0, 999, "1.0.1")):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(stable, canary))
        assert {get() for _ in range(20)} == {(200, expected)}
    assert len(served["stable"].seen) == 20


@pytest.mark.usefixtures("served")
def test_the_rule_of_the_lowest_priority_number_decides(
    elbv2: Any, petclinic: Any, get: Callable[..., tuple[int, str]]
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    elbv2.set_rule_priorities(RulePriorities=[{"RuleArn": petclinic.rule, "Priority": 10}])
    for priority, condition in (
        (5, {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Canary", "Values": ["yes"]}}),
        (20, {"Field": "path-pattern", "Values": ["/*"]}),
    ):
        elbv2.create_rule(
            ListenerArn=petclinic.listener,
            Priority=priority,
            Conditions=[condition],
            Actions=[
                {
                    "Type": "fixed-response",
                    "FixedResponseConfig": {"StatusCode": "200", "MessageBody": str(priority)},
                }
            ],
        )
    assert get("/petclinic/") == (200, "1.0.0")
    assert get("/petclinic/", **{"X-Canary": "yes"}) == (200, "5")
    assert get("/vets") == (200, "20")
    assert get("/petclinic?a=/b") == (200, "1.0.0")


def test_targets_of_a_group_take_turns(
    *, elbv2: Any, petclinic: Any, backends: Any, control: Any, wait_healthy: Any, get: Any
) -> None:
    for number in range(3):
        elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": f"10.64.1.{number}"}])
        control("PUT", "addresses", {f"10.64.1.{number}:8080": backends.start(text=str(number)).address})
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    wait_healthy(petclinic.stable)
    assert [get()[1] for _ in range(7)] == ["0", "1", "2", "0", "1", "2", "0"]


def test_a_group_without_targets_answers_503(elbv2: Any, petclinic: Any, get: Any) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    assert get()[0] == 503


@pytest.mark.usefixtures("served")
def test_there_is_no_failover_to_another_group(elbv2: Any, petclinic: Any, get: Any) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(0, 1))
    elbv2.deregister_targets(TargetGroupArn=petclinic.canary, Targets=[{"Id": CANARY, "Port": 8080}])
    assert {get()[0] for _ in range(5)} == {503}


@pytest.mark.parametrize("weights", [(0, 0), (0,)])
@pytest.mark.usefixtures("served")
def test_no_weight_at_all_answers_503(elbv2: Any, petclinic: Any, get: Any, weights: tuple[int, ...]) -> None:
    actions = petclinic.split(0, 0)
    del actions[0]["ForwardConfig"]["TargetGroups"][len(weights) :]
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=actions)
    assert get()[0] == 503


@pytest.mark.parametrize(
    ("first", "second", "answers"),
    [
        pytest.param("healthy", "unhealthy", {(200, "1.0.0")}, id="healthy ones only"),
        pytest.param("unhealthy", "unhealthy", {(200, "1.0.0"), (200, "1.0.1")}, id="fail open"),
        pytest.param("healthy", "draining", {(200, "1.0.0")}, id="draining gets nothing"),
        pytest.param("initial", "unhealthy", {(200, "1.0.1")}, id="initial gets nothing"),
    ],
)
@pytest.mark.usefixtures("served")
def test_health_decides_among_the_targets_of_a_group(
    *, elbv2: Any, petclinic: Any, control: Any, get: Any, first: str, second: str, answers: Any
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": CANARY, "Port": 8080}])
    targets = [
        {"id": STABLE, "port": 8080, "state": first},
        {"id": CANARY, "port": 8080, "state": second},
    ]
    control("PUT", "health", {"targetGroupArn": petclinic.stable, "targets": targets})
    assert {get() for _ in range(6)} == answers


@pytest.mark.usefixtures("served")
def test_a_group_in_registration_answers_503(elbv2: Any, petclinic: Any, control: Any, get: Any) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    targets = [{"id": STABLE, "port": 8080, "state": "initial"}]
    control("PUT", "health", {"targetGroupArn": petclinic.stable, "targets": targets})
    assert get()[0] == 503


def test_a_target_without_an_address_here_answers_502_and_is_never_connected_to(
    elbv2: Any, petclinic: Any, control: Any, get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    connected: list[Any] = []
    connect = socket.socket.connect

    def watched(one: socket.socket, to: Any) -> None:
        connected.append(to)
        connect(one, to)

    monkeypatch.setattr(socket.socket, "connect", watched)
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": STABLE, "Port": 8080}])
    call_healthy(control, petclinic.stable)
    assert get()[0] == 502
    assert [to for to in connected if not to[0].startswith("127.")] == []


def test_a_backend_that_refuses_answers_502(elbv2: Any, petclinic: Any, control: Any, get: Any) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": STABLE, "Port": 8080}])
    call_healthy(control, petclinic.stable)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        control("PUT", "addresses", {f"{STABLE}:8080": f"127.0.0.1:{unused.getsockname()[1]}"})
        assert get()[0] == 502


@pytest.mark.usefixtures("served")
def test_an_address_that_was_taken_away_answers_502(
    elbv2: Any, petclinic: Any, control: Any, get: Any
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    assert get() == (200, "1.0.0")
    control("PUT", "addresses", {f"{STABLE}:8080": None})
    assert get()[0] == 502


def test_a_fixed_response_is_given_as_it_is_written(
    elbv2: Any, petclinic: Any, listener_url: Any, http: urllib3.PoolManager
) -> None:
    config = {"StatusCode": "503", "ContentType": "application/json", "MessageBody": '{"é": 1}'}
    elbv2.modify_listener(
        ListenerArn=petclinic.listener,
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": config}],
    )
    answer = http.request("GET", listener_url(petclinic.listener))
    assert (answer.status, answer.data.decode()) == (503, '{"é": 1}')
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    ("config", "location"),
    [
        ({"Port": "8443"}, "https://www.example.com:8443/a/b?c=d"),
        ({"Protocol": "HTTP", "Port": "80", "Path": "/new/#{path}"}, "http://www.example.com:80/new/a/b?c=d"),
        ({"Host": "new.#{host}", "Query": ""}, "https://new.www.example.com:443/a/b"),
    ],
)
def test_a_redirect_keeps_what_it_does_not_change(
    *, elbv2: Any, petclinic: Any, listener_url: Any, http: urllib3.PoolManager, config: Any, location: str
) -> None:
    elbv2.modify_listener(
        ListenerArn=petclinic.listener,
        DefaultActions=[{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", **config}}],
    )
    answer = http.request(
        "GET",
        listener_url(petclinic.listener) + "/a/b?c=d",
        headers={"Host": "www.example.com"},
        redirect=False,
    )
    assert (answer.status, answer.headers["Location"]) == (302, location)
