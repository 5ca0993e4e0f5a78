"""A call's message, made of JSON as the CRD writes it → Intent."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.request import InvalidConfig, InvalidRequest, UnknownKeys
from elbv2_trafficrouter.rollout.intent import Destination, HeaderRoute
from elbv2_trafficrouter.rollout.request import read_header_route, read_identified, read_intent

PLUGIN = "trafficrouter/elbv2"
OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE = f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
SERVICES = ("was-stable", "was-canary", "was-ping", "was-pong", "was-blue", "was-green")
GROUPS = {service: f"{OWNER}:targetgroup/{service}/73e2d6bc24d8a067" for service in SERVICES}
BLOCK = {"rules": [{"arn": RULE}], "targetGroups": GROUPS}
INT32 = (-(2**31), 2**31 - 1)

Json = dict[str, Any]


def rollout(
    canary: Mapping[str, object] | None = None,
    routing: Mapping[str, object] | None = None,
    status: Mapping[str, object] | None = None,
) -> Json:
    """A Rollout with fields that the contract does not know; `canary`, `routing`, `status` add or replace."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {
            "name": "was",
            "namespace": "petclinic",
            "uid": "0c9e4d2c-6f0b-4f8e-9a3e-4f3f0f0a7a11",
            "generation": 7,
            "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}],
        },
        "spec": {
            "replicas": 4,
            "template": {"spec": {"containers": [{"name": "was", "image": "was:1.0.1"}]}},
            "strategy": {
                "canary": {
                    "stableService": "was-stable",
                    "canaryService": "was-canary",
                    "maxSurge": "25%",
                    "steps": [
                        {"setWeight": 10},
                        {"pause": {}},
                        {"setWeight": 25},
                        {"pause": {"duration": "30s"}},
                    ],
                    "trafficRouting": {"plugins": {PLUGIN: BLOCK}, **(routing or {})},
                    **(canary or {}),
                }
            },
        },
        "status": {
            "stableRS": "6b8f9d7c5",
            "currentPodHash": "7c9d8e6f4",
            "phase": "Paused",
            **(status or {}),
        },
    }


def request(of: Json, weight: int | None = 25, additional: list[Json] | None = None) -> pb.SetWeightRequest:
    message: Json = {"rollout": of, "additionalDestinations": additional or []}
    if weight is not None:
        message["desiredWeight"] = weight
    return json_format.ParseDict(message, pb.SetWeightRequest(), ignore_unknown_fields=True)


def refused(asked: pb.SetWeightRequest, plugin: str = PLUGIN) -> InvalidRequest | InvalidConfig:
    with pytest.raises(Problem) as caught:
        read_intent(asked, plugin)
    assert isinstance(caught.value, InvalidRequest | InvalidConfig)
    return caught.value


def experiment(service: str = "was-blue", weight: int = 5) -> Json:
    return {"serviceName": service, "weight": weight, "podTemplateHash": "5d4c3b2a1"}


# Services


def test_an_intent_names_its_rollout_and_the_shares_of_stable_and_canary() -> None:
    intent = read_intent(request(rollout(), 25), PLUGIN)
    assert (intent.namespace, intent.rollout) == ("petclinic", "was")
    assert intent.stable == Destination("was-stable", Fraction(3, 4))
    assert intent.canary == Destination("was-canary", Fraction(1, 4))
    assert intent.additional_destinations == ()
    assert intent.max_weight == 100
    assert intent.config.rule_arns == (RULE,)


def test_a_verification_is_read_like_the_weight_that_it_verifies() -> None:
    asked = request(rollout(), 25, [experiment()])
    verification = pb.VerifyWeightRequest.FromString(asked.SerializeToString())
    assert read_intent(verification, PLUGIN) == read_intent(asked, PLUGIN)


def test_without_a_weight_everything_is_left_to_stable() -> None:
    intent = read_identified(request(rollout(), 25, [experiment()]).rollout, PLUGIN)
    assert [destination.share for destination in intent.destinations] == [1, 0]


# Managed routes


def set_header_route(of: Json, name: str = "beta") -> pb.SetHeaderRouteRequest:
    message = {"rollout": of, "setHeaderRoute": {"name": name}}
    return json_format.ParseDict(message, pb.SetHeaderRouteRequest(), ignore_unknown_fields=True)


MANAGED = {"managedRoutes": [{"name": "beta"}]}


def test_a_header_route_comes_with_an_intent_without_a_canary_share() -> None:
    intent, route = read_header_route(set_header_route(rollout(routing=MANAGED)), PLUGIN)
    assert route == HeaderRoute("beta")
    assert intent.managed_routes.names == ("beta",)
    assert intent.canary.share == 0


def test_a_name_that_is_not_managed_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="which is not among the Rollout's"):
        read_header_route(set_header_route(rollout(routing=MANAGED), "internal"), PLUGIN)


@pytest.mark.parametrize(
    "status", [{"abort": True}, {"promoteFull": True}, {"stableRS": "7c9d8e6f4"}], ids=str
)
def test_an_update_that_has_ended_does_not_fail_because_of_a_name(status: Json) -> None:
    asked = set_header_route(rollout(routing=MANAGED, status=status), "internal")
    intent, _ = read_header_route(asked, PLUGIN)
    assert not intent.managed_routes.may_exist


def test_a_rollout_whose_rules_are_tagged_needs_a_uid() -> None:
    of = rollout()
    del of["metadata"]["uid"]
    with pytest.raises(InvalidRequest, match=r"rollout\.metadata\.uid is missing"):
        read_identified(request(of).rollout, PLUGIN)
    assert read_intent(request(of), PLUGIN).uid == ""


# Ping-pong


@pytest.mark.parametrize(
    ("position", "stable", "canary"),
    [
        pytest.param({"canary": {"stablePingPong": "ping"}}, "was-ping", "was-pong", id="ping is stable"),
        pytest.param({"canary": {"stablePingPong": "pong"}}, "was-pong", "was-ping", id="pong is stable"),
        pytest.param({"canary": {}}, "was-pong", "was-ping", id="not set"),
        pytest.param({}, "was-pong", "was-ping", id="no canary status"),
    ],
)
def test_ping_and_pong_take_turns_at_being_stable(position: Json, stable: str, canary: str) -> None:
    """As upstream has it: whatever is not `ping` means that pong is stable."""
    ping_pong = {"pingPong": {"pingService": "was-ping", "pongService": "was-pong"}}
    intent = read_intent(request(rollout(ping_pong, status=position)), PLUGIN)
    assert (intent.stable.service, intent.canary.service) == (stable, canary)


@pytest.mark.parametrize(
    ("canary", "field"),
    [
        pytest.param({"stableService": ""}, "stableService", id="stable"),
        pytest.param({"canaryService": None}, "canaryService", id="canary"),
        pytest.param({"pingPong": {}}, "pingPong.pingService", id="ping and pong"),
        pytest.param({"pingPong": {"pongService": "was-pong"}}, "pingPong.pingService", id="ping"),
        pytest.param({"pingPong": {"pingService": "was-ping"}}, "pingPong.pongService", id="pong"),
    ],
)
def test_a_missing_service_is_refused_with_its_field(canary: Json, field: str) -> None:
    problem = refused(request(rollout(canary)))
    assert problem.sentence == f"spec.strategy.canary.{field} is missing. Name a Service there."


@pytest.mark.parametrize(
    "canary",
    [
        pytest.param({"canaryService": "was-stable"}, id="stable and canary"),
        pytest.param(
            {"pingPong": {"pingService": "was-stable", "pongService": "was-stable"}}, id="ping and pong"
        ),
    ],
)
def test_one_service_for_both_is_refused(canary: Json) -> None:
    assert "are both 'was-stable'. Stable and canary each need their own Service." in str(
        refused(request(rollout(canary)))
    )


@pytest.mark.parametrize(
    ("canary", "additional", "service"),
    [
        pytest.param({"stableService": "was-other"}, [], "was-other", id="stable"),
        pytest.param({"canaryService": "was-other"}, [], "was-other", id="canary"),
        pytest.param({}, [experiment("was-other")], "was-other", id="an experiment's"),
        pytest.param({}, [experiment("was-other", weight=0)], "was-other", id="an experiment's at 0"),
    ],
)
def test_a_service_without_a_target_group_is_refused(
    canary: Json, additional: list[Json], service: str
) -> None:
    problem = refused(request(rollout(canary), 25, additional))
    assert problem.sentence.startswith(
        f"plugins['{PLUGIN}'].targetGroups has no target group for the Service '{service}'."
    )


NAME_THE_SERVICE = (
    "Set service: {name: NAME} in the template of the experiment step, and add NAME with the ARN of its "
    "target group to targetGroups."
)


@pytest.mark.parametrize(
    ("service", "sentence"),
    [
        pytest.param(
            "was-7c9f8b6d5d-2-0-canaryexp",
            f"plugins['{PLUGIN}'].targetGroups has no target group for the Service "
            f"'was-7c9f8b6d5d-2-0-canaryexp'. {NAME_THE_SERVICE} Services that have one: 'was-blue', "
            "'was-canary', 'was-green', 'was-ping', 'was-pong', 'was-stable'.",
            id="named by Argo Rollouts",
        ),
        pytest.param(
            "",
            f"additional_destinations[0].service_name is empty. {NAME_THE_SERVICE}",
            id="without a Service",
        ),
    ],
)
def test_an_experiment_needs_a_service_whose_name_stays(service: str, sentence: str) -> None:
    """Its default name changes with every revision, so it cannot be mapped."""
    assert refused(request(rollout(), 0, [experiment(service, 20)])).sentence == sentence


@pytest.mark.parametrize("field", ["name", "namespace"])
def test_a_rollout_without_a_name_or_namespace_is_refused(field: str) -> None:
    of = rollout()
    del of["metadata"][field]
    assert refused(request(of)).metadata == {"field": f"rollout.metadata.{field}"}


@pytest.mark.parametrize("field", ["name", "namespace"])
def test_a_name_that_kubernetes_would_not_accept_is_refused(field: str) -> None:
    of = rollout()
    of["metadata"][field] = "x" * 254
    assert refused(request(of)).metadata == {"field": f"rollout.metadata.{field}"}


def test_a_request_without_a_rollout_is_refused() -> None:
    assert refused(pb.SetWeightRequest(desired_weight=5)).metadata == {"field": "rollout.metadata.namespace"}


# Weights


@pytest.mark.parametrize("weight", [0, 1, 33, 100])
def test_a_weight_is_out_of_100(weight: int) -> None:
    assert read_intent(request(rollout(), weight), PLUGIN).canary.share == Fraction(weight, 100)


@pytest.mark.parametrize("weight", [0, 1, 333, 1000])
def test_a_weight_is_out_of_the_maximum_where_there_is_one(weight: int) -> None:
    intent = read_intent(request(rollout(routing={"maxTrafficWeight": 1000}), weight), PLUGIN)
    assert intent.canary.share == Fraction(weight, 1000)
    assert intent.max_weight == 1000


@pytest.mark.parametrize(
    ("routing", "weight", "sentence"),
    [
        pytest.param({}, -1, "is -1. It must be from 0 to 100.", id="below 0"),
        pytest.param({}, 101, "is 101. It must be from 0 to 100.", id="101 of 100"),
        pytest.param(
            {"maxTrafficWeight": 1000}, 1001, "is 1001. It must be from 0 to 1000.", id="1001 of 1000"
        ),
        pytest.param({"maxTrafficWeight": 10}, 25, "is 25. It must be from 0 to 10.", id="25 of 10"),
        pytest.param({}, INT32[0], f"is {INT32[0]}. It must be from 0 to 100.", id="the least int32"),
        pytest.param({}, INT32[1], f"is {INT32[1]}. It must be from 0 to 100.", id="the largest int32"),
        pytest.param({}, None, "is missing. Set it, even if it is 0.", id="none"),
    ],
)
def test_a_weight_beyond_its_range_is_refused(routing: Json, weight: int | None, sentence: str) -> None:
    problem = refused(request(rollout(routing=routing), weight))
    assert problem.sentence == f"desired_weight {sentence}"


@pytest.mark.parametrize("maximum", [0, -5, INT32[0]])
def test_a_maximum_that_is_not_above_0_is_refused(maximum: int) -> None:
    problem = refused(request(rollout(routing={"maxTrafficWeight": maximum}), 0))
    assert problem.sentence == (
        f"spec.strategy.canary.trafficRouting.maxTrafficWeight is {maximum}. It must be above 0."
    )


# Additional destinations


def test_additional_destinations_take_their_shares_from_stable() -> None:
    additional = [experiment("was-blue", 5), experiment("was-green", 10)]
    intent = read_intent(request(rollout(), 25, additional), PLUGIN)
    assert intent.destinations == (
        Destination("was-stable", Fraction(60, 100)),
        Destination("was-canary", Fraction(25, 100)),
        Destination("was-blue", Fraction(5, 100)),
        Destination("was-green", Fraction(10, 100)),
    )


def test_additional_destinations_may_take_all_that_is_left() -> None:
    assert read_intent(request(rollout(), 25, [experiment("was-blue", 75)]), PLUGIN).stable.share == 0


@pytest.mark.parametrize(
    ("additional", "field", "trouble"),
    [
        pytest.param([experiment("")], "[0].service_name", "is empty.", id="without a Service"),
        pytest.param(
            [experiment(), experiment()],
            "[1].service_name",
            "is 'was-blue', which already has a share.",
            id="twice",
        ),
        pytest.param(
            [experiment("was-canary")],
            "[0].service_name",
            "is 'was-canary', which already has a share.",
            id="the canary's",
        ),
        pytest.param(
            [experiment("was-stable")],
            "[0].service_name",
            "is 'was-stable', which already has a share.",
            id="stable's",
        ),
        pytest.param([experiment(weight=-1)], "[0].weight", "is -1. It must be from 0 to 100.", id="below 0"),
        pytest.param(
            [experiment(), experiment("was-green", 101)],
            "[1].weight",
            "is 101. It must be from 0 to 100.",
            id="above the maximum",
        ),
        pytest.param(
            [experiment(weight=INT32[0]), experiment("was-green", INT32[1])],
            "[0].weight",
            f"is {INT32[0]}. It must be from 0 to 100.",
            id="extremes that outweigh each other",
        ),
        pytest.param(
            [experiment(weight=40), experiment("was-green", 36)],
            "",
            "and desired_weight add up to more than the maximum. Their sum must be at most 100.",
            id="together above the maximum",
        ),
    ],
)
def test_an_additional_destination_that_makes_no_sense_is_refused(
    additional: list[Json], field: str, trouble: str
) -> None:
    problem = refused(request(rollout(), 25, additional))
    assert problem.sentence.startswith(f"additional_destinations{field} {trouble}")


weights = st.one_of(st.integers(0, 100), st.integers(0, 1000), st.integers(*INT32))


@given(
    weight=weights,
    maximum=st.one_of(st.none(), weights),
    additional=st.lists(
        st.builds(experiment, st.sampled_from(["was-blue", "was-green", "was-canary", ""]), weights),
        max_size=3,
    ),
)
def test_shares_are_0_to_1_and_add_up_to_1(weight: int, maximum: int | None, additional: list[Json]) -> None:
    routing = {} if maximum is None else {"maxTrafficWeight": maximum}
    try:
        intent = read_intent(request(rollout(routing=routing), weight, additional), PLUGIN)
    except InvalidRequest:
        return
    shares = [destination.share for destination in intent.destinations]
    assert sum(shares) == 1
    assert all(0 <= share <= 1 for share in shares)
    assert intent.canary.share == Fraction(weight, maximum or 100)


# The plugin's block


def test_the_block_is_found_under_the_operators_name_for_the_plugin() -> None:
    routing = {"plugins": {"acme/elb": BLOCK, PLUGIN: None}}
    assert read_intent(request(rollout(routing=routing)), "acme/elb").config.rule_arns == (RULE,)


def test_a_rollout_of_another_plugin_is_refused() -> None:
    problem = refused(request(rollout()), "acme/elb")
    assert problem.sentence.startswith(
        "plugins['acme/elb'] is missing from the Rollout's spec.strategy.canary."
    )


@pytest.mark.parametrize("other", [[1, "x"], None, "x", 5, True, {"a": {"b": [None]}}], ids=repr)
def test_another_plugins_block_may_be_anything(other: object) -> None:
    asked = request(rollout(routing={"plugins": {PLUGIN: BLOCK, "acme/other": other}}))
    assert read_intent(asked, PLUGIN).canary.service == "was-canary"


def test_another_plugins_numbers_may_be_invalid_in_json() -> None:
    asked = request(rollout())
    plugins = asked.rollout.spec.strategy.canary.traffic_routing.plugins
    plugins["acme/other"].number_value = float("nan")
    assert read_intent(asked, PLUGIN).canary.service == "was-canary"


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_number_that_is_invalid_in_json_is_refused(number: str) -> None:
    asked = request(rollout())
    plugins = asked.rollout.spec.strategy.canary.traffic_routing.plugins
    plugins[PLUGIN].struct_value["settle"] = float(number)
    assert "is not valid JSON: it contains a number that is infinite or NaN" in refused(asked).sentence


@pytest.mark.parametrize("block", [[], None, "on", 5, True], ids=repr)
def test_a_block_that_is_not_a_mapping_is_refused(block: object) -> None:
    problem = refused(request(rollout(routing={"plugins": {PLUGIN: block}})))
    assert problem.sentence.startswith(f"plugins['{PLUGIN}'] is wrong: expected `object`, got ")


def test_a_block_without_a_value_is_refused() -> None:
    asked = request(rollout())
    asked.rollout.spec.strategy.canary.traffic_routing.plugins[PLUGIN].Clear()
    assert refused(asked).sentence.startswith(f"plugins['{PLUGIN}'] is wrong")


def test_unknown_keys_are_refused_by_their_path() -> None:
    block = BLOCK | {"rule": [], "rules": [{"arn": RULE, "ran": RULE}]}
    with pytest.raises(UnknownKeys) as caught:
        read_intent(request(rollout(routing={"plugins": {PLUGIN: block}})), PLUGIN)
    assert f"plugins['{PLUGIN}'].rule (did you mean rules?)" in caught.value.sentence
    assert f"plugins['{PLUGIN}'].rules[0].ran (did you mean arn?)" in caught.value.sentence


def test_the_same_trouble_has_the_same_sentence_in_every_process() -> None:
    """A protobuf map has no order of its own."""
    unknown = [f"key{number:02}" for number in range(20)]
    with pytest.raises(UnknownKeys) as caught:
        read_intent(request(rollout(routing={"plugins": {PLUGIN: dict.fromkeys(unknown)}})), PLUGIN)
    assert caught.value.metadata["fields"].split("\n") == [f"plugins['{PLUGIN}'].{key}" for key in unknown]


@pytest.mark.parametrize("kind", ["lists", "mappings"])
def test_the_deepest_block_that_can_be_sent_is_refused_with_a_sentence(kind: str) -> None:
    """The wire's own limit ends deep nesting before it could exhaust a stack."""
    depth = 1
    while True:
        asked = request(rollout())
        value: struct_pb2.Value = asked.rollout.spec.strategy.canary.traffic_routing.plugins[PLUGIN]
        value.Clear()
        for _ in range(depth):
            value = value.list_value.values.add() if kind == "lists" else value.struct_value.fields["rules"]
        try:
            sent = pb.SetWeightRequest.FromString(asked.SerializeToString())
        except DecodeError:
            break
        with pytest.raises(Problem):
            read_intent(sent, PLUGIN)
        depth += 1
    assert depth > 20
