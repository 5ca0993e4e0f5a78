"""The Services of a call's message → Intent."""

from fractions import Fraction

import pytest

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.rollout.intent import Destination
from elbv2_trafficrouter.rollout.request import read_identified, read_intent
from support.router.messages import PLUGIN, RULE, Json, experiment, refused, request, rollout

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


@pytest.mark.parametrize("field", ["name", "namespace", "uid"])
def test_a_name_that_kubernetes_would_not_accept_is_refused(field: str) -> None:
    of = rollout()
    of["metadata"][field] = "x" * 254
    assert refused(request(of)).metadata == {"field": f"rollout.metadata.{field}"}


def test_a_request_without_a_rollout_is_refused() -> None:
    assert refused(pb.SetWeightRequest(desired_weight=5)).metadata == {"field": "rollout.metadata.namespace"}
