"""/_emulator/: journal, address map, faults, health and listeners. A wrong body changes nothing."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError

from elbv2_emulator import Emulator
from elbv2_emulator.state.journal import NEWEST, Entry, Journal


def test_the_journal_has_every_call(elbv2: Any, petclinic: Any, control: Any) -> None:
    assert control("DELETE", "journal") == []
    before = time.time()
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(75, 25))
    with pytest.raises(ClientError):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1000, 0))
    with pytest.raises(ClientError):
        elbv2.describe_ssl_policies()
    applied, refused, unknown = control("GET", "journal")
    assert before <= applied.pop("time") <= refused.pop("time") <= time.time()
    assert applied == {
        "action": "ModifyRule",
        "parameters": {"RuleArn": petclinic.rule, "Actions": petclinic.split(75, 25)},
        "principal": "AKIAIOSFODNN7EXAMPLE",
        "status": 200,
        "error": None,
    }
    assert (refused["status"], refused["error"]) == (400, "ValidationError")
    assert refused["parameters"]["Actions"] == petclinic.split(1000, 0)
    assert (unknown["action"], unknown["error"]) == ("DescribeSSLPolicies", "InvalidAction")


@pytest.mark.parametrize("client_id", [{"ClientId": "petclinic"}, {}], ids=["applied", "refused"])
def test_the_journal_has_no_client_secret(
    elbv2: Any, petclinic: Any, control: Any, client_id: dict[str, str]
) -> None:
    names = ("Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint")
    config = dict.fromkeys(names, "https://idp.example.com/") | client_id
    login = {"Type": "authenticate-oidc", "Order": 1}
    (forward,) = petclinic.split(1, 0)
    actions = [
        {**login, "AuthenticateOidcConfig": {**config, "ClientSecret": "s3cret"}},
        {**forward, "Order": 2},
    ]
    with nullcontext() if client_id else pytest.raises(ClientError, match="ValidationError"):
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=actions)
    parameters = control("GET", "journal")[-1]["parameters"]
    assert parameters["Actions"][0]["AuthenticateOidcConfig"] == {**config, "ClientSecret": "***"}
    assert "s3cret" not in json.dumps(parameters)


def test_the_journal_keeps_the_newest_entries() -> None:
    journal = Journal()
    for number in range(NEWEST + 2):
        journal.add(Entry(float(number), "DescribeRules", {}, None, 200, None))
    assert len(journal.entries) == NEWEST
    assert [journal.entries[0].time, journal.entries[-1].time] == [2, NEWEST + 1]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ("AccessDenied", 403),
        ("ExpiredToken", 403),
        ("Throttling", 400),
        ("ServiceUnavailable", 503),
        ("InternalFailure", 500),
        ("TooManyUniqueTargetGroupsPerLoadBalancer", 400),
    ],
)
def test_a_fault_returns_an_error_and_applies_nothing(
    elbv2: Any, petclinic: Any, control: Any, error: str, status: int
) -> None:
    before = elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"]
    fault = {"action": "ModifyRule", "error": error, "message": "As you wished <&>"}
    control("POST", "faults", fault)
    for _ in range(2):
        with pytest.raises(ClientError, match=rf"\({error}\).*As you wished <&>") as caught:
            elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 1))
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"] == before
    assert control("DELETE", "faults") == []
    elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(1, 1))


def test_a_fault_ends_after_its_times(elbv2: Any, control: Any) -> None:
    control("POST", "faults", {"action": "*", "error": "Throttling", "times": 2})
    for left in (1, 0):
        with pytest.raises(ClientError, match="Throttling"):
            elbv2.describe_load_balancers()
        assert [fault["times"] for fault in control("GET", "faults")] == ([left] if left else [])
    elbv2.describe_load_balancers()


def test_a_fault_does_not_affect_other_actions(elbv2: Any, petclinic: Any, control: Any) -> None:
    control("POST", "faults", {"action": "ModifyRule", "error": "AccessDenied", "times": 1})
    elbv2.describe_rules(RuleArns=[petclinic.rule])
    assert len(control("GET", "faults")) == 1


def test_a_delayed_write_is_applied_late_while_other_calls_proceed(
    elbv2: Any, petclinic: Any, control: Any
) -> None:
    """The write that was sent first is delayed, and overwrites the one that was sent after it."""
    control("POST", "faults", {"action": "ModifyRule", "latencySeconds": 1, "times": 1})
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(elbv2.modify_rule, RuleArn=petclinic.rule, Actions=petclinic.split(1, 2))
        deadline = time.monotonic() + 5
        while control("GET", "faults") and time.monotonic() < deadline:
            pass
        elbv2.modify_rule(RuleArn=petclinic.rule, Actions=petclinic.split(3, 4))
        assert not late.done()
        (rule,) = elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"]
        assert [group["Weight"] for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]] == [3, 4]
        late.result(10)
    (rule,) = elbv2.describe_rules(RuleArns=[petclinic.rule])["Rules"]
    assert [group["Weight"] for group in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]] == [1, 2]
    writes = [entry for entry in control("GET", "journal") if entry["action"] == "ModifyRule"]
    weights = [
        [group["Weight"] for group in write["parameters"]["Actions"][0]["ForwardConfig"]["TargetGroups"]]
        for write in writes
    ]
    assert weights == [[3, 4], [1, 2]]


def test_faults_of_an_action_and_of_all_add_up(elbv2: Any, control: Any) -> None:
    control("POST", "faults", {"action": "*", "latencySeconds": 0.1})
    control("POST", "faults", {"action": "DescribeLoadBalancers", "error": "ServiceUnavailable"})
    started = time.monotonic()
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        elbv2.describe_load_balancers()
    assert time.monotonic() - started >= 0.1


def test_addresses_are_merged_and_removed_by_null(control: Any) -> None:
    control("PUT", "addresses", {"10.64.0.3:8080": "127.0.0.1:9001", "10.64.0.4:8080": "127.0.0.2:9002"})
    control("PUT", "addresses", {"10.64.0.3:8080": None, "10.64.0.5:8080": "[::1]:9003", "10.9.9.9:1": None})
    expected = {"10.64.0.4:8080": "127.0.0.2:9002", "10.64.0.5:8080": "[::1]:9003"}
    assert control("GET", "addresses") == expected


@pytest.mark.parametrize(
    ("method", "path", "body", "complaint"),
    [
        pytest.param("PUT", "addresses", {"a:1": "10.64.0.3:80"}, "not on loopback", id="another machine"),
        pytest.param("PUT", "addresses", {"a:1": "0.0.0.0:80"}, "not on loopback", id="all addresses"),
        pytest.param("PUT", "addresses", {"a:1": "localhost:80"}, "does not begin with an IP", id="a name"),
        pytest.param("PUT", "addresses", {"a:1": "127.0.0.1"}, "not an address and a port", id="no port"),
        pytest.param("PUT", "addresses", {"a:1": 9001}, "must be an object like", id="a number"),
        pytest.param(
            "PUT", "addresses", {"10.64.0.3": "127.0.0.1:1"}, "id and port", id="a target without port"
        ),
        pytest.param("PUT", "addresses", [], "must be an object like", id="a list"),
        pytest.param("PUT", "addresses", None, "not JSON", id="nothing"),
        pytest.param(
            "POST", "faults", {"action": "ModifyRule"}, "'latencySeconds' or 'error'", id="no effect"
        ),
        pytest.param("POST", "faults", {"error": "Throttling"}, 'an object with "action"', id="no action"),
        pytest.param(
            "POST", "faults", {"action": "ModifyRules", "error": "A"}, "ModifyRules", id="a misspelt action"
        ),
        pytest.param(
            "POST", "faults", {"action": "*", "delay": 1}, "'delay' is not one of", id="unknown key"
        ),
        pytest.param("POST", "faults", {"action": "*", "latencySeconds": -1}, "0 or more", id="the past"),
        pytest.param("POST", "faults", {"action": "*", "latencySeconds": "1"}, "cannot be '1'", id="text"),
        pytest.param("POST", "faults", {"action": "*", "error": "A", "times": 0}, "1 or more", id="never"),
        pytest.param(
            "POST", "faults", {"action": "*", "error": "A", "times": True}, "cannot be True", id="boolean"
        ),
        pytest.param("PUT", "health", {"targets": []}, "The body must be", id="no group"),
        pytest.param(
            "PUT", "health", {"targetGroupArn": "x", "targets": []}, "no target group 'x'", id="what group"
        ),
        pytest.param(
            "PUT", "health", {"targetGroupArn": 1, "targets": []}, "cannot be 1", id="a number as ARN"
        ),
    ],
)
def test_a_wrong_body_is_answered_with_a_sentence_and_changes_nothing(
    *,
    emulator: Emulator,
    http: urllib3.PoolManager,
    control: Any,
    method: str,
    path: str,
    body: Any,
    complaint: str,
) -> None:
    before = [control("GET", what) for what in ("addresses", "faults", "health")]
    data = b"" if body is None else json.dumps(body).encode()
    answer = http.request(method, f"{emulator.url}/_emulator/{path}", body=data)
    assert answer.status == 400
    assert complaint in answer.data.decode()
    assert [control("GET", what) for what in ("addresses", "faults", "health")] == before


def test_one_wrong_backend_leaves_the_whole_map_as_it_was(
    emulator: Emulator, http: Any, control: Any
) -> None:
    body = json.dumps({"a:1": "127.0.0.1:1", "b:1": "10.64.0.3:1"})
    assert http.request("PUT", f"{emulator.url}/_emulator/addresses", body=body).status == 400
    assert control("GET", "addresses") == {}


@pytest.mark.parametrize(
    ("target", "complaint"),
    [
        ({"id": "10.64.0.9", "port": 8080, "state": "healthy"}, "is not registered"),
        ({"id": "10.64.0.3", "port": 8080, "state": "unused"}, "must be one of"),
        ({"id": "10.64.0.3", "port": "8080", "state": "healthy"}, "its port a number"),
        ({"id": "10.64.0.3", "state": "healthy"}, "Each target must be"),
    ],
)
def test_health_is_set_for_registered_targets_only(
    *, emulator: Emulator, http: Any, elbv2: Any, petclinic: Any, control: Any, target: Any, complaint: str
) -> None:
    elbv2.register_targets(TargetGroupArn=petclinic.stable, Targets=[{"Id": "10.64.0.3"}])
    before = control("GET", "health")
    good = {"id": "10.64.0.3", "port": 8080, "state": "unhealthy"}
    body = json.dumps({"targetGroupArn": petclinic.stable, "targets": [good, target]})
    answer = http.request("PUT", f"{emulator.url}/_emulator/health", body=body)
    assert answer.status == 400
    assert complaint in answer.data.decode()
    assert control("GET", "health") == before


def test_listeners_are_shown_with_their_addresses(petclinic: Any, control: Any) -> None:
    (listener,) = control("GET", "listeners")
    address = listener.pop("address")
    assert address.startswith("127.0.0.1:")
    assert listener == {
        "url": f"https://{address}",
        "listenerArn": petclinic.listener,
        "loadBalancerArn": petclinic.balancer,
        "protocol": "HTTPS",
        "port": 443,
    }


def test_an_emulator_that_stopped_leaves_no_thread_and_no_open_port(
    *, started: ExitStack, emulator: Emulator, petclinic: Any, listener_url: Any, http: urllib3.PoolManager
) -> None:
    urls = (f"{emulator.url}/_emulator/journal", listener_url(petclinic.listener))
    assert [http.request("GET", url).status for url in urls] == [200, 404]
    assert "elbv2-emulator" in [thread.name for thread in threading.enumerate()]

    started.close()

    assert "elbv2-emulator" not in [thread.name for thread in threading.enumerate()]
    for url in urls:
        with socket.socket() as client, pytest.raises(ConnectionRefusedError):
            client.connect(("127.0.0.1", urllib3.util.parse_url(url).port))
