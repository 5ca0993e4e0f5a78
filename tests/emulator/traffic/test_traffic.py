"""Real requests through a listener to real backends: rules, weights, health, the listener's own responses."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
import urllib3

from support.emulator.backends import CANARY, STABLE


def set_healthy(control: Any, group: str) -> None:
    """Set the target of the stable pod in this group to healthy, whatever its checks find."""
    target = {"id": STABLE, "port": 8080, "state": "healthy"}
    control("PUT", "health", {"targetGroupArn": group, "targets": [target]})


def test_a_change_of_weights_applies_from_the_next_request_on(
    elbv2: Any, petclinic: Any, served: Any, get: Callable[..., tuple[int, str]]
) -> None:
    for stable, canary, expected in ((0, 1, "1.0.1"), (1, 0, "1.0.0"), (0, 999, "1.0.1")):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(stable, canary))
        assert {get() for _ in range(20)} == {(200, expected)}
    assert len(served["stable"].requests) == 20


@pytest.mark.usefixtures("served")
def test_the_matching_rule_with_the_lowest_priority_number_is_used(
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


@pytest.mark.undocumented
@pytest.mark.parametrize("weights", [(0, 0), (0,)])
@pytest.mark.usefixtures("served")
def test_a_forward_without_any_weight_answers_503(
    elbv2: Any, petclinic: Any, get: Any, weights: tuple[int, ...]
) -> None:
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


@pytest.mark.undocumented
@pytest.mark.parametrize(("served_too", "answer"), [(False, 503), (True, 200)])
@pytest.mark.usefixtures("served")
def test_a_group_with_only_initial_targets_answers_as_configured(
    *, elbv2: Any, petclinic: Any, control: Any, get: Any, served_too: bool, answer: int
) -> None:
    assert control("PUT", "traffic", {"serveInitial": served_too})["serveInitial"] is served_too
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    targets = [{"id": STABLE, "port": 8080, "state": "initial"}]
    control("PUT", "health", {"targetGroupArn": petclinic.stable, "targets": targets})
    assert get()[0] == answer


def test_a_target_without_a_backend_answers_502_and_is_never_connected_to(
    elbv2: Any, petclinic: Any, control: Any, get: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    connected: list[Any] = []
    connect = socket.socket.connect

    def record(client: socket.socket, to: Any) -> None:
        connected.append(to)
        connect(client, to)

    monkeypatch.setattr(socket.socket, "connect", record)
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": STABLE, "Port": 8080}])
    set_healthy(control, petclinic.stable)
    assert get()[0] == 502
    assert [to for to in connected if not to[0].startswith("127.")] == []


def test_a_backend_that_refuses_answers_502(elbv2: Any, petclinic: Any, control: Any, get: Any) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": STABLE, "Port": 8080}])
    set_healthy(control, petclinic.stable)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        control("PUT", "addresses", {f"{STABLE}:8080": f"127.0.0.1:{unused.getsockname()[1]}"})
        assert get()[0] == 502


@pytest.mark.usefixtures("served")
def test_a_target_whose_backend_was_removed_answers_502(
    elbv2: Any, petclinic: Any, control: Any, get: Any
) -> None:
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 0))
    assert get() == (200, "1.0.0")
    control("PUT", "addresses", {f"{STABLE}:8080": None})
    assert get()[0] == 502


def test_a_fixed_response_is_sent_as_it_is_configured(
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


@pytest.mark.parametrize(("source", "answer"), [("127.0.0.2", 200), ("127.0.0.3", 404)])
def test_source_ip_is_the_address_of_the_connection(
    *, elbv2: Any, petclinic: Any, emulator: Any, listener_url: Any, source: str, answer: int
) -> None:
    elbv2.create_rule(
        ListenerArn=petclinic.listener,
        Priority=9,
        Conditions=[{"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.2/32"]}}],
        Actions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
    )
    with urllib3.PoolManager(ca_cert_data=emulator.ca, source_address=(source, 0)) as client:
        headers = {"X-Forwarded-For": "127.0.0.2"}
        assert client.request("GET", listener_url(petclinic.listener), headers=headers).status == answer


def test_a_group_of_another_protocol_version_answers_464(
    *, elbv2: Any, ground: Any, petclinic: Any, listener_url: Any, http: urllib3.PoolManager
) -> None:
    (group,) = elbv2.create_target_group(
        Name="http2", Protocol="HTTP", ProtocolVersion="HTTP2", Port=8080, VpcId=ground.vpc, TargetType="ip"
    )["TargetGroups"]
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}]
    elbv2.modify_listener(ListenerArn=petclinic.listener, DefaultActions=forward)
    assert http.request("GET", listener_url(petclinic.listener)).status == 464
