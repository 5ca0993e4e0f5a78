"""Which requests AWS allows a role that has the policies in deploy/iam."""

import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import pytest

from elbv2_trafficrouter.routing.ownership import Installation, Owner
from support.manifest import ROOT, objects_of

Statement = dict[str, Any]

DEPLOY = ROOT / "deploy"
PETCLINIC = DEPLOY / "examples" / "petclinic"
(ROLLOUT,) = objects_of((PETCLINIC / "rollout.yaml").read_text())
BLOCK = ROLLOUT["spec"]["strategy"]["canary"]["trafficRouting"]["plugins"]["trafficrouter/elbv2"]

RULE: str = BLOCK["rules"][0]["arn"]
LISTENER = RULE.replace("listener-rule/", "listener/").rpartition("/")[0]
OURS = Owner(Installation("east", "blue"), "petclinic", "was", "4c1f").tags_of("beta")
OPERATORS = {"elbv2-trafficrouter/namespace": "petclinic"}
FOREIGN = {"Name": "petclinic"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request to AWS.

    `of`: the tags of the resource. `gives`: the tags in the request. `by`: the action that causes it.
    """

    action: str
    resource: str = "*"
    of: Mapping[str, str] = field(default_factory=dict)
    gives: Mapping[str, str] = field(default_factory=dict)
    by: str = ""

    @property
    def context(self) -> dict[str, Any]:
        context: dict[str, Any] = {f"aws:ResourceTag/{key}": value for key, value in self.of.items()}
        if self.gives:
            context |= {f"aws:RequestTag/{key}": value for key, value in self.gives.items()}
            context["aws:TagKeys"] = list(self.gives)
        if self.by:
            context["elasticloadbalancing:CreateAction"] = self.by
        return context


def policy(name: str) -> list[Statement]:
    found: list[Statement] = json.loads((DEPLOY / "iam" / f"{name}.json").read_text())["Statement"]
    return found


WEIGHTS = policy("policy")
DEFAULT_ACTIONS = [*WEIGHTS, *policy("default-actions")]
ALL = [*DEFAULT_ACTIONS, *policy("header-routes")]

FOR_WEIGHTS = [
    Request("DescribeRules"),
    Request("DescribeTags"),
    Request("ModifyRule", RULE, of=OPERATORS),
]
FOR_HEADER_ROUTES = [
    Request("DescribeListeners"),
    Request("DescribeAccountLimits"),
    Request("CreateRule", LISTENER, of=OPERATORS, gives=OURS),
    Request("AddTags", RULE, gives=OURS, by="CreateRule"),
    Request("ModifyRule", RULE, of=OURS),
    Request("DeleteRule", RULE, of=OURS),
]


@pytest.mark.parametrize("request_", FOR_WEIGHTS, ids=lambda request: request.action)
def test_weights_need_only_the_first_policy(request_: Request) -> None:
    assert is_allowed(WEIGHTS, request_)


@pytest.mark.parametrize("request_", FOR_HEADER_ROUTES, ids=lambda request: request.action)
def test_header_routes_need_another_policy(request_: Request) -> None:
    assert is_allowed(ALL, request_)
    assert not is_allowed(DEFAULT_ACTIONS, request_)


def test_default_actions_need_another_policy() -> None:
    request = Request("ModifyListener", LISTENER, of=OPERATORS)
    assert is_allowed(DEFAULT_ACTIONS, request)
    assert not is_allowed(WEIGHTS, request)


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a statement."""

    sid: str
    operator: str
    key: str


OPERATORS_TAG = "aws:ResourceTag/elbv2-trafficrouter/namespace"
ONLY_OUR_TAGS = "ForAllValues:StringEquals"


@pytest.mark.parametrize(
    ("request_", "guard"),
    [
        pytest.param(
            Request("ModifyRule", RULE, of=FOREIGN),
            Guard("WriteWeightsOfTaggedRules", "Null", OPERATORS_TAG),
            id="weights of a rule without the operators' tag",
        ),
        pytest.param(
            Request("ModifyListener", LISTENER, of=FOREIGN),
            Guard("WriteWeightsOfTaggedDefaultActions", "Null", OPERATORS_TAG),
            id="a listener without the operators' tag",
        ),
        pytest.param(
            Request("CreateRule", LISTENER, of=FOREIGN, gives=OURS),
            Guard("CreateRulesOnTaggedListeners", "Null", OPERATORS_TAG),
            id="a new rule on a listener without the operators' tag",
        ),
        pytest.param(
            Request("CreateRule", LISTENER, of=OPERATORS),
            Guard("CreateRulesOnTaggedListeners", "Null", "aws:RequestTag/elbv2-trafficrouter/rollout-uid"),
            id="a new rule without the router's tags",
        ),
        pytest.param(
            Request("CreateRule", LISTENER, of=OPERATORS, gives=OURS | OPERATORS),
            Guard("CreateRulesOnTaggedListeners", ONLY_OUR_TAGS, "aws:TagKeys"),
            id="a new rule with the operators' tag",
        ),
        pytest.param(
            Request("AddTags", RULE, gives=OURS),
            Guard("TagRulesOnCreation", "StringEquals", "elasticloadbalancing:CreateAction"),
            id="the router's tags on an existing rule, which could then be deleted",
        ),
        pytest.param(
            Request("AddTags", RULE, gives=OURS | FOREIGN, by="CreateRule"),
            Guard("TagRulesOnCreation", ONLY_OUR_TAGS, "aws:TagKeys"),
            id="other tags on a new rule",
        ),
        pytest.param(
            Request("ModifyRule", RULE, of=FOREIGN),
            Guard("ChangeAndDeleteCreatedRules", "Null", "aws:ResourceTag/elbv2-trafficrouter/rollout-uid"),
            id="a change of a rule that the router did not create",
        ),
        pytest.param(
            Request("DeleteRule", RULE, of=OPERATORS),
            Guard("ChangeAndDeleteCreatedRules", "Null", "aws:ResourceTag/elbv2-trafficrouter/rollout-uid"),
            id="a deletion of the rule with the weights",
        ),
    ],
)
def test_only_this_condition_denies(request_: Request, guard: Guard) -> None:
    assert not is_allowed(ALL, request_)
    assert is_allowed(without(ALL, guard), request_)


@pytest.mark.parametrize("action", ["AddTags", "RemoveTags"])
@pytest.mark.parametrize("resource", [RULE, LISTENER])
def test_other_policies_cannot_allow_writes_of_the_operators_tag(action: str, resource: str) -> None:
    generous = {"Effect": "Allow", "Action": "elasticloadbalancing:*", "Resource": "*"}
    request = Request(action, resource, of=OPERATORS, gives=OPERATORS)
    assert not is_allowed([*ALL, generous], request)
    assert is_allowed([*WEIGHTS, generous], request)


def without(statements: Sequence[Statement], guard: Guard) -> list[Statement]:
    left = deepcopy(list(statements))
    (statement,) = (each for each in left if each["Sid"] == guard.sid)
    del statement["Condition"][guard.operator][guard.key]
    return left


# The rest decides as IAM does. Source: IAM user guide, Policy evaluation logic and condition operators.


def is_allowed(statements: Sequence[Statement], request: Request) -> bool:
    effects = {each["Effect"] for each in statements if applies(each, request)}
    return effects == {"Allow"}


def applies(statement: Statement, request: Request) -> bool:
    action = f"elasticloadbalancing:{request.action}"
    conditions = [
        OPERATOR[operator](request.context, key, wanted)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    ]
    return (
        any(fnmatchcase(action, pattern) for pattern in listed(statement["Action"]))
        and any(fnmatchcase(request.resource, pattern) for pattern in listed(statement["Resource"]))
        and all(conditions)
    )


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


OPERATOR: Mapping[str, Callable[[Mapping[str, Any], str, Any], bool]] = {
    "Null": lambda context, key, wanted: (key not in context) == (wanted == "true"),
    "StringEquals": lambda context, key, wanted: context.get(key) in listed(wanted),
    # True also if the key is absent.
    "ForAllValues:StringEquals": lambda context, key, wanted: (
        set(context.get(key, ())) <= set(listed(wanted))
    ),
    "ForAnyValue:StringEquals": lambda context, key, wanted: (
        not set(context.get(key, ())).isdisjoint(listed(wanted))
    ),
}
