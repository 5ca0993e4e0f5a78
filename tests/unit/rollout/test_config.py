"""The plugin's block in a Rollout → Config."""

import copy
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.request import InvalidConfig, UnknownKeys
from elbv2_trafficrouter.rollout.config import Config, read_config
from support.first_uses import assert_safe_at_first_use

PATH = "plugins['trafficrouter/elbv2']"
OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
RULE = f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee"
LISTENER = f"{OWNER}:listener/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2"
STABLE = f"{OWNER}:targetgroup/was-stable/73e2d6bc24d8a067"
CANARY = f"{OWNER}:targetgroup/was-canary/943f017f100becff"
VALID: dict[str, Any] = {
    "rules": [{"arn": RULE}],
    "targetGroups": {"was-stable": STABLE, "was-canary": CANARY},
}


def refused(block: object) -> InvalidConfig:
    with pytest.raises(InvalidConfig) as caught:
        read_config(block, PATH)
    return caught.value


def unknown_keys(block: object) -> UnknownKeys:
    with pytest.raises(UnknownKeys) as caught:
        read_config(block, PATH)
    return caught.value


def test_a_rule_and_the_target_group_of_each_service() -> None:
    config = read_config(VALID, PATH)
    assert config.rule_arns == (RULE,)
    assert config.groups == {"was-stable": STABLE, "was-canary": CANARY}


def test_a_default_action_is_named_by_its_listener() -> None:
    assert read_config({"rules": [{"listenerArn": LISTENER}]}, PATH).rule_arns == (LISTENER,)


def test_target_groups_may_be_left_out() -> None:
    """Which Services need a target group depends on the call."""
    assert read_config({"rules": [{"arn": RULE}]}, PATH).groups == {}


def test_reading_does_not_change_the_block() -> None:
    block = copy.deepcopy(VALID)
    read_config(block, PATH)
    assert block == VALID


# Keys


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        pytest.param(VALID | {"rule": []}, f"{PATH}.rule (did you mean rules?)", id="at the top"),
        pytest.param(
            {"rules": [{"ran": RULE}]},
            f"{PATH}.rules[0].ran (did you mean arn?)",
            id="instead of the required key",
        ),
        pytest.param(
            {"rules": [{"arn": RULE}, {"arn": RULE, "ARN": RULE}]},
            f"{PATH}.rules[1].ARN (did you mean arn?)",
            id="in the second rule",
        ),
        pytest.param(
            VALID | {"target_groups": {}},
            f"{PATH}.target_groups (did you mean targetGroups?)",
            id="in snake case",
        ),
        pytest.param(VALID | {"": 1}, f"{PATH}. (did you mean ", id="empty"),
        pytest.param(VALID | {"x\n%s": 1}, f"{PATH}.x\\x0a\\x25s (did you mean ", id="control characters"),
        pytest.param(VALID | {"\ud800": 1}, f"{PATH}.\\xd800 (did you mean ", id="a lone surrogate"),
    ],
)
def test_an_unknown_key_is_rejected_with_its_path_and_the_closest_known_key(
    block: object, shown: str
) -> None:
    assert shown in unknown_keys(block).sentence


def test_all_unknown_keys_are_rejected_at_once() -> None:
    problem = unknown_keys(
        {"rule": 1, "rules": [{"arn": RULE, "ran": 1}, {"weights": 1}], "health": {"gate": 1}}
    )
    assert problem.metadata["fields"].split("\n") == [
        f"{PATH}.rule",
        f"{PATH}.rules[0].ran",
        f"{PATH}.rules[1].weights",
        f"{PATH}.health",
    ]


def test_unknown_keys_are_rejected_before_anything_else_that_is_wrong() -> None:
    unknown_keys({"rules": [{"arn": 5}], "targetGroups": None, "x": 1})


def test_the_names_of_services_are_not_checked_as_keys() -> None:
    services = {"rules": STABLE, "ran": CANARY}
    assert read_config(VALID | {"targetGroups": services}, PATH).groups == services


# Types


@pytest.mark.parametrize(
    ("block", "field", "sentence"),
    [
        pytest.param(None, PATH, "is wrong: expected `object`, got `null`", id="null"),
        pytest.param([], PATH, "is wrong: expected `object`, got `array`", id="a list"),
        pytest.param("on", PATH, "is wrong: expected `object`, got `str`", id="a string"),
        pytest.param(5.0, PATH, "is wrong: expected `object`, got `float`", id="a number"),
        pytest.param(True, PATH, "is wrong: expected `object`, got `bool`", id="a boolean"),
        pytest.param(
            VALID | {"rules": {"arn": RULE}},
            f"{PATH}.rules",
            "expected `array`, got `object`",
            id="a rule without a list",
        ),
        pytest.param(
            VALID | {"rules": None}, f"{PATH}.rules", "expected `array`, got `null`", id="null as rules"
        ),
        pytest.param(
            VALID | {"rules": [RULE]},
            f"{PATH}.rules[0]",
            "expected `object`, got `str`",
            id="a rule's ARN bare",
        ),
        pytest.param(
            VALID | {"rules": [{}]},
            f"{PATH}.rules[0]",
            "has neither arn nor listenerArn. Name a rule by arn: arn:aws:",
            id="a rule without ARN",
        ),
        pytest.param(
            VALID | {"rules": [{"arn": 5.0}]},
            f"{PATH}.rules[0].arn",
            "expected `str`, got `float`",
            id="a number as ARN",
        ),
        pytest.param(
            VALID | {"targetGroups": [STABLE]},
            f"{PATH}.targetGroups",
            "expected `object`, got `array`",
            id="target groups as a list",
        ),
        pytest.param(
            VALID | {"targetGroups": {"was-stable": STABLE, "was-canary": None}},
            f"{PATH}.targetGroups['was-canary']",
            "expected `str`, got `null`",
            id="null as target group",
        ),
    ],
)
def test_a_wrong_type_is_refused_with_its_path(block: object, field: str, sentence: str) -> None:
    problem = refused(block)
    assert problem.metadata == {"field": field}
    assert problem.sentence.startswith(f"{field} ")
    assert sentence in problem.sentence


# Rules


@pytest.mark.parametrize(
    "block", [pytest.param({}, id="left out"), pytest.param(VALID | {"rules": []}, id="an empty list")]
)
def test_no_rule_is_refused(block: object) -> None:
    assert refused(block).sentence.startswith(
        f"{PATH}.rules does not name a rule. Name the listener rule to steer: "
    )


def test_a_second_rule_is_refused() -> None:
    problem = refused(VALID | {"rules": [{"arn": RULE}, {"arn": RULE.replace("beef", "cafe")}]})
    assert problem.sentence.startswith(f"{PATH}.rules names more than one rule.")


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param("petclinic", id="no ARN"),
        pytest.param(RULE.replace("/app/", "/net/"), id="a Network Load Balancer's"),
        pytest.param(RULE.replace("/app/", "/gwy/"), id="a Gateway Load Balancer's"),
        pytest.param(RULE.replace("elasticloadbalancing", "s3"), id="another service's"),
        pytest.param(STABLE, id="a target group's"),
    ],
)
def test_what_is_not_the_arn_of_an_albs_rule_is_refused(arn: str) -> None:
    problem = refused(VALID | {"rules": [{"arn": arn}]})
    assert problem.metadata == {"field": f"{PATH}.rules[0].arn"}
    assert f"'{arn}', not the ARN of an Application Load Balancer's rule. It has the form arn:aws:" in str(
        problem
    )


@pytest.mark.parametrize(
    ("rule", "has"),
    [
        pytest.param({}, "neither arn nor listenerArn", id="neither"),
        pytest.param({"arn": "", "listenerArn": ""}, "neither arn nor listenerArn", id="both empty"),
        pytest.param({"arn": RULE, "listenerArn": LISTENER}, "both arn and listenerArn", id="both"),
    ],
)
def test_a_rule_has_one_name(rule: object, has: str) -> None:
    problem = refused(VALID | {"rules": [rule]})
    assert problem.metadata == {"field": f"{PATH}.rules[0]"}
    assert problem.sentence == (
        f"{PATH}.rules[0] has {has}. Name a rule by arn: "
        "arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener-rule/app/NAME/ID/ID/ID, or a listener's "
        "default action by listenerArn: arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/app/NAME/ID/ID."
    )


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param("petclinic", id="no ARN"),
        pytest.param(LISTENER.replace("/app/", "/net/"), id="a Network Load Balancer's"),
    ],
)
def test_what_is_not_the_arn_of_an_albs_listener_is_refused(arn: str) -> None:
    problem = refused(VALID | {"rules": [{"listenerArn": arn}]})
    assert problem.metadata == {"field": f"{PATH}.rules[0].listenerArn"}
    assert problem.sentence == (
        f"{PATH}.rules[0].listenerArn is '{arn}', not the ARN of an Application Load Balancer's listener. "
        "It has the form arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/app/NAME/ID/ID."
    )


# Target groups


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        pytest.param(
            {"arn": LISTENER},
            f"{PATH}.rules[0].arn is '{LISTENER}', not the ARN of an Application Load Balancer's rule. "
            "It is a listener's: name it by listenerArn to steer the listener's default action.",
            id="a listener under arn",
        ),
        pytest.param(
            {"listenerArn": RULE},
            f"{PATH}.rules[0].listenerArn is '{RULE}', not the ARN of an Application Load Balancer's "
            "listener. It is a rule's: name it by arn to steer the rule, or name its listener to steer the "
            "default action.",
            id="a rule under listenerArn",
        ),
    ],
)
def test_an_arn_under_the_wrong_key_is_refused_with_the_right_one(
    rule: dict[str, str], sentence: str
) -> None:
    assert refused(VALID | {"rules": [rule]}).sentence == sentence


@pytest.mark.parametrize(
    "arn",
    [
        pytest.param("", id="empty"),
        pytest.param("was-canary", id="a name"),
        pytest.param(RULE, id="a rule's ARN"),
        pytest.param(CANARY.replace("elasticloadbalancing", "ecs"), id="another service's ARN"),
    ],
)
def test_what_is_not_the_arn_of_a_target_group_is_refused(arn: str) -> None:
    problem = refused(VALID | {"targetGroups": {"was-stable": STABLE, "was-canary": arn}})
    assert problem.metadata == {"field": f"{PATH}.targetGroups['was-canary']"}
    assert f"is '{arn}', not the ARN of a target group. It has the form arn:aws:" in problem.sentence


@pytest.mark.parametrize(
    ("part", "other"),
    [
        pytest.param("123456789012", "111122223333", id="account"),
        pytest.param("eu-west-1", "eu-central-1", id="region"),
        pytest.param("arn:aws:", "arn:aws-cn:", id="partition"),
    ],
)
def test_a_target_group_of_another_place_is_refused(part: str, other: str) -> None:
    problem = refused(VALID | {"targetGroups": {"was-canary": CANARY.replace(part, other)}})
    assert other.removeprefix("arn:").rstrip(":") in problem.sentence
    assert problem.sentence.startswith(f"{PATH}.targetGroups['was-canary'] is in ")


def test_two_services_with_one_target_group_are_refused() -> None:
    problem = refused(VALID | {"targetGroups": {"was-stable": STABLE, "was-canary": STABLE}})
    assert problem.sentence.startswith(
        f"{PATH}.targetGroups['was-canary'] is also the target group of 'was-stable'."
    )


def test_a_target_group_without_a_service_is_refused() -> None:
    problem = refused(VALID | {"targetGroups": {"": STABLE}})
    assert problem.sentence.startswith(f"{PATH}.targetGroups[''] has an empty key.")


@pytest.mark.parametrize("service", ["\n%", "\ud800", "s" * 10_000, "🚦" * 10_000], ids=ascii)
def test_a_hostile_name_of_a_service_is_shown_harmlessly(service: str) -> None:
    sentence = refused(VALID | {"targetGroups": {service: "no ARN"}}).sentence
    assert sentence.isprintable()
    assert "%" not in sentence
    assert "not the ARN of a target group. It has the form arn:aws:" in sentence


# Whatever is given


leaves = st.one_of(
    st.none(), st.booleans(), st.floats(), st.text(), st.sampled_from([RULE, LISTENER, STABLE, f"{RULE}\n"])
)
keys = st.one_of(st.sampled_from(["rules", "arn", "listenerArn", "targetGroups"]), st.text(max_size=20))
json_values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=15,
)
almost_blocks = st.fixed_dictionaries(
    {},
    optional={
        "rules": st.one_of(
            st.lists(st.dictionaries(st.sampled_from(["arn", "listenerArn"]), leaves), max_size=2),
            json_values,
        ),
        "targetGroups": st.one_of(st.dictionaries(st.text(max_size=10), leaves, max_size=3), json_values),
        "more": json_values,
    },
)


@given(st.one_of(json_values, almost_blocks))
@example(VALID)
def test_whatever_json_is_given_is_read_or_refused(block: object) -> None:
    try:
        config = read_config(block, PATH)
    except Problem as problem:
        assert problem.sentence.isprintable()  # noqa: PT017  either is right
    else:
        assert isinstance(config, Config)
        assert config.rule_arns in {(RULE,), (LISTENER,)}


@pytest.mark.parametrize("place", ["rules", "targetGroups", "other"])
@pytest.mark.parametrize("kind", ["lists", "mappings"])
def test_deep_nesting_is_refused(place: str, kind: str) -> None:
    nested: object = None
    for _ in range(100_000):
        nested = [nested] if kind == "lists" else {place: nested}
    with pytest.raises(Problem):
        read_config(VALID | {place: nested}, PATH)


def test_the_first_calls_may_come_at_the_same_time() -> None:
    assert_safe_at_first_use(
        "import msgspec; from elbv2_trafficrouter.rollout.config import Config",
        f"msgspec.convert({VALID!r}, Config)",
    )
