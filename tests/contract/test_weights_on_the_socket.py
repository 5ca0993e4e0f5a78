"""SetWeight, VerifyWeight and RemoveManagedRoutes from a real socket to the ELBv2 API."""

from collections.abc import Callable
from typing import Any

import grpc
import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2_grpc as pb_grpc
from support.aws.proxy import Hold
from support.router.petclinic import Petclinic
from support.router.sidecar import code_of, wait_until_arrived

Stub = pb_grpc.TrafficRouterStub
Code = grpc.StatusCode


@pytest.mark.parametrize("weight", [0, 10, 25, 50, 75, 100])
def test_the_rule_gets_exactly_the_requested_weights_and_they_are_verified(
    stub: Stub, clinic: Petclinic, weight: int
) -> None:
    answer = stub.SetWeight(clinic.set_weight(weight))
    assert clinic.weights() == {"stable": 100 - weight, "canary": weight}
    (rule,) = answer.rules
    assert (rule.rule_arn, rule.changed) == (clinic.rule, True)
    assert [(group.service, group.weight) for group in rule.target_groups] == [
        ("was-stable", 100 - weight),
        ("was-canary", weight),
    ]
    verified = stub.VerifyWeight(clinic.verify_weight(weight))
    assert (verified.verification, verified.reason) == (pb.VERIFICATION_VERIFIED, "")
    assert [group.weight for group in verified.rules[0].target_groups] == [100 - weight, weight]


def test_ten_times_the_same_set_weight_is_one_modify_rule(stub: Stub, clinic: Petclinic) -> None:
    answers = [stub.SetWeight(clinic.set_weight(25)) for _ in range(10)]
    assert len(clinic.journal("ModifyRule")) == 1
    assert [answer.rules[0].changed for answer in answers] == [True] + [False] * 9


def test_twelve_at_once_are_one_modify_rule(clinic: Petclinic, stub_behind: Callable[[Hold], Stub]) -> None:
    """All twelve arrive while AWS does not answer. Each supersedes those before it."""
    hold = Hold("DescribeRules")
    stub = stub_behind(hold)
    calls = [stub.SetWeight.future(clinic.set_weight(25)) for _ in range(12)]
    hold.wait_for(1)
    wait_until_arrived(stub)
    hold.release()
    assert sorted(code_of(call).name for call in calls) == ["ABORTED"] * 11 + ["OK"]
    assert len(clinic.writes()) == 1
    assert clinic.weights() == {"stable": 75, "canary": 25}


@pytest.mark.parametrize(
    "applied",
    [
        pytest.param(False, id="before AWS has read"),
        pytest.param(True, id="before the read is answered"),
    ],
)
def test_an_abort_does_not_wait_for_the_read_of_a_rise_that_is_not_written_any_more(
    clinic: Petclinic, stub_behind: Callable[[Hold], Stub], applied: bool
) -> None:
    clinic.put_weights(stable=90, canary=10)
    hold = Hold("DescribeRules", applied=applied, first=True)
    stub = stub_behind(hold)
    rise = stub.SetWeight.future(clinic.set_weight(50))
    hold.wait_for(1)
    stub.SetWeight(clinic.set_weight(0))
    assert clinic.weights() == {"stable": 100, "canary": 0}
    hold.release()
    assert code_of(rise) == Code.ABORTED
    assert [groups_of(entry)[-1]["Weight"] for entry in clinic.writes()] == [0]


@pytest.mark.parametrize(
    "applied",
    [
        pytest.param(False, id="before AWS has written"),
        pytest.param(True, id="before the write is answered"),
    ],
)
def test_an_abort_has_the_last_word_wherever_it_overlaps_the_write_of_a_rise(
    clinic: Petclinic, stub_behind: Callable[[Hold], Stub], applied: bool
) -> None:
    clinic.put_weights(stable=90, canary=10)
    hold = Hold("ModifyRule", applied=applied, first=True)
    stub = stub_behind(hold)
    rise = stub.SetWeight.future(clinic.set_weight(50))
    hold.wait_for(1)
    abort = stub.SetWeight.future(clinic.set_weight(0))
    wait_until_arrived(stub)
    with pytest.raises(grpc.FutureTimeoutError):
        abort.exception(timeout=0.5)
    hold.release()
    assert (code_of(rise), code_of(abort)) == (Code.OK, Code.OK)
    assert [groups_of(entry)[-1]["Weight"] for entry in clinic.writes()] == [50, 0]
    assert clinic.weights() == {"stable": 100, "canary": 0}


def test_nothing_is_written_for_a_client_that_has_disconnected(
    clinic: Petclinic, stub_behind: Callable[[Hold], Stub]
) -> None:
    hold = Hold("DescribeRules", first=True)
    stub = stub_behind(hold)
    rise = stub.SetWeight.future(clinic.set_weight(50))
    hold.wait_for(1)
    rise.cancel()
    wait_until_arrived(stub)
    hold.release()
    # Another Rollout's call supersedes nothing, and waits until the first has left the listener.
    stub.SetWeight(clinic.set_weight(0, renamed(clinic, 2)))
    assert [groups_of(entry)[-1]["Weight"] for entry in clinic.writes()] == [0]


def test_a_call_that_waits_too_long_says_why_before_its_client_gives_up(
    clinic: Petclinic, stub_behind: Callable[[Hold], Stub]
) -> None:
    """Otherwise the Rollout's event would say no more than "deadline exceeded"."""
    hold = Hold("ModifyRule")
    stub = stub_behind(hold)
    first = stub.SetWeight.future(clinic.set_weight(10))
    hold.wait_for(1)
    with pytest.raises(grpc.RpcError) as caught:
        stub.SetWeight(clinic.set_weight(20, renamed(clinic, 2)), timeout=1)
    assert not first.done()
    hold.release()
    assert caught.value.code() == Code.DEADLINE_EXCEEDED
    assert "another call to the same listener" in str(caught.value.details())
    assert code_of(first) == Code.OK


def test_repeating_the_call_repairs_a_foreign_write(stub: Stub, clinic: Petclinic) -> None:
    stub.SetWeight(clinic.set_weight(25))
    clinic.put_weights(stable=100, canary=0)
    verified = stub.VerifyWeight(clinic.verify_weight(25))
    assert verified.verification == pb.VERIFICATION_NOT_VERIFIED
    assert verified.reason == (
        f"The weights in {clinic.rule.split(':')[-1]} do not match the request: was-stable has 100, expected "
        "75; was-canary has 0, expected 25. SetWeight repairs them. If this persists, find out what else "
        "modifies the rule (ModifyRule in CloudTrail)."
    )
    stub.SetWeight(clinic.set_weight(25))
    assert clinic.weights() == {"stable": 75, "canary": 25}


def test_the_next_call_repairs_a_write_without_a_response_whatever_it_reads(
    stub: Stub, clinic: Petclinic
) -> None:
    stub.SetWeight(clinic.set_weight(25))
    clinic.fault("ModifyRule", latencySeconds=2.5, times=1)
    with pytest.raises(grpc.RpcError) as caught:
        stub.SetWeight(clinic.set_weight(50))
    assert caught.value.code() == Code.UNAVAILABLE
    assert "may or may not have taken effect" in str(caught.value.details())
    before = len(clinic.journal("ModifyRule"))
    stub.SetWeight(clinic.set_weight(25))
    assert len(clinic.journal("ModifyRule")) > before
    assert clinic.weights() == {"stable": 75, "canary": 25}


def test_groups_that_are_not_ours_keep_their_share(stub: Stub, clinic: Petclinic) -> None:
    clinic.put_weights(web=60, stable=40)
    stub.SetWeight(clinic.set_weight(25))
    assert clinic.weights() == {"web": 150, "stable": 75, "canary": 25}
    stub.SetWeight(clinic.set_weight(100))
    assert clinic.weights() == {"web": 150, "stable": 0, "canary": 100}


def test_an_experiment_has_its_share_and_leaves_nothing_behind(stub: Stub, clinic: Petclinic) -> None:
    config = clinic.config()
    config["targetGroups"]["was-experiment"] = clinic.web
    rollout = clinic.rollout(config)
    request = clinic.set_weight(20, rollout)
    request.additional_destinations.add(weight=15, service_name="was-experiment", pod_template_hash="5d4")
    stub.SetWeight(request)
    assert clinic.weights() == {"stable": 65, "canary": 20, "web": 15}
    stub.SetWeight(clinic.set_weight(20, rollout))
    assert clinic.weights() == {"stable": 80, "canary": 20, "web": 0}


@pytest.mark.parametrize(("stable_is", "expected"), [("ping", (70, 30)), ("pong", (30, 70)), ("", (30, 70))])
def test_the_service_that_the_status_names_is_stable(
    stub: Stub, clinic: Petclinic, stable_is: str, expected: tuple[int, int]
) -> None:
    ping_pong = {"pingService": "was-stable", "pongService": "was-canary"}
    clinic.put_weights(stable=50, canary=50)
    rollout = clinic.rollout(pingPong=ping_pong, stableService="", canaryService="")
    rollout["status"]["canary"] = {"stablePingPong": stable_is}
    stub.SetWeight(clinic.set_weight(30, rollout))
    assert clinic.weights() == dict(zip(("stable", "canary"), expected, strict=True))


def test_the_maximum_may_be_a_thousand(stub: Stub, clinic: Petclinic) -> None:
    routing = clinic.rollout()["spec"]["strategy"]["canary"]["trafficRouting"] | {"maxTrafficWeight": 1000}
    stub.SetWeight(clinic.set_weight(5, clinic.rollout(trafficRouting=routing)))
    assert clinic.weights() == {"stable": 995, "canary": 5}


def test_remove_managed_routes_attaches_the_canary_at_0_and_then_writes_nothing(
    stub: Stub, clinic: Petclinic
) -> None:
    request = pb.RemoveManagedRoutesRequest(rollout=clinic.set_weight(0).rollout)
    stub.RemoveManagedRoutes(request)
    assert clinic.weights() == {"stable": 1, "canary": 0}
    first = ["DescribeRules", "DescribeTags", "ModifyRule"]
    assert [entry["action"] for entry in clinic.journal()] == first
    stub.RemoveManagedRoutes(request)
    # A new process reads every time at first: its predecessor may have just made a header rule.
    again = [entry["action"] for entry in clinic.journal()][len(first) :]
    assert set(again) <= {"DescribeRules"}


def test_everything_else_in_a_rule_is_kept(stub: Stub, clinic: Petclinic) -> None:
    """An HTTPS rule with a login, stickiness, a transform and several conditions."""
    listener = clinic.listen(443, "HTTPS")
    actions: Any = [
        {
            "Type": "authenticate-oidc",
            "Order": 1,
            "AuthenticateOidcConfig": {
                "Issuer": "https://example.com",
                "AuthorizationEndpoint": "https://example.com/authorize",
                "TokenEndpoint": "https://example.com/token",
                "UserInfoEndpoint": "https://example.com/user",
                "ClientId": "petclinic",
                "ClientSecret": "secret",
            },
        },
        {
            "Type": "forward",
            "Order": 2,
            "ForwardConfig": {
                "TargetGroups": [
                    {"TargetGroupArn": clinic.stable, "Weight": 2},
                    {"TargetGroupArn": clinic.web, "Weight": 2},
                ],
                "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 300},
            },
        },
    ]
    conditions: Any = [
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["petclinic.example.com"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Beta", "Values": ["yes"]}},
    ]
    transforms: Any = [
        {
            "Type": "url-rewrite",
            "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/petclinic/(.*)$", "Replace": "/$1"}]},
        }
    ]
    rule = clinic.client.create_rule(
        ListenerArn=listener, Priority=7, Conditions=conditions, Actions=actions, Transforms=transforms
    )["Rules"][0]["RuleArn"]
    (before,) = clinic.client.describe_rules(RuleArns=[rule])["Rules"]
    config = clinic.config(rules=[{"arn": rule}])
    stub.SetWeight(clinic.set_weight(10, clinic.rollout(config)))
    (after,) = clinic.client.describe_rules(RuleArns=[rule])["Rules"]
    groups = after["Actions"][1]["ForwardConfig"].pop("TargetGroups")
    before["Actions"][1]["ForwardConfig"].pop("TargetGroups")
    assert [(group["TargetGroupArn"], group["Weight"]) for group in groups] == [
        (clinic.stable, 90),
        (clinic.web, 100),
        (clinic.canary, 10),
    ]
    assert after == before


def test_calls_to_one_listener_share_reads_and_write_one_after_the_other(
    clinic: Petclinic, stub_behind: Callable[[Hold], Stub]
) -> None:
    """ModifyRule replaces the whole rule: what another call of this process wrote must not be undone."""
    hold = Hold("DescribeRules", first=True)
    stub = stub_behind(hold)
    calls = [
        stub.SetWeight.future(clinic.set_weight(weight, renamed(clinic, weight))) for weight in (10, 20, 30)
    ]
    hold.wait_for(1)
    wait_until_arrived(stub)
    assert not any(call.done() for call in calls)
    hold.release()
    assert {code_of(call) for call in calls} == {Code.OK}
    actions = [entry["action"] for entry in clinic.journal("DescribeRules", "ModifyRule")]
    assert actions.count("ModifyRule") == 3
    assert actions.count("DescribeRules") <= 2  # the second one serves all calls that waited for the first


def renamed(clinic: Petclinic, number: int) -> dict[str, Any]:
    """A Rollout with its own name, so that none of the calls supersedes another."""
    rollout = clinic.rollout()
    rollout["metadata"]["name"] = f"was-{number}"
    return rollout


def groups_of(entry: dict[str, Any]) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = entry["parameters"]["Actions"][0]["ForwardConfig"]["TargetGroups"]
    return groups
