"""The plugin's block in a call's message."""

import pytest
from google.protobuf.message import DecodeError

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.request import UnknownKeys
from elbv2_trafficrouter.rollout.request import read_intent
from support.router.messages import BLOCK, PLUGIN, RULE, refused, request, rollout


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
        value = asked.rollout.spec.strategy.canary.traffic_routing.plugins[PLUGIN]
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
