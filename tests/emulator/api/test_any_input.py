"""Whatever its input, every operation either answers or refuses with one of its codes; none crashes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from elbv2_emulator.api import shapes, undocumented, wire
from elbv2_emulator.api.actions import ACTIONS
from elbv2_emulator.api.checks.actions import ACTION_CONFIG_OF
from elbv2_emulator.api.errors import ApiError
from elbv2_emulator.state.resources import CONDITION_CONFIG_OF, Scope, State
from elbv2_emulator.traffic.matching import Request, first_match
from elbv2_emulator.traffic.selection import choose_group
from support.any.examples import IS_THOROUGH, examples

SCOPE = Scope("eu-west-1", datetime(2026, 1, 1, tzinfo=UTC).timestamp())
FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]


def carry_out(state: State, action: str, parameters: Mapping[str, Any]) -> tuple[State, Any]:
    shapes.validate(action, parameters)
    return ACTIONS[action](state, parameters, SCOPE)


@cache
def petclinic() -> tuple[State, tuple[str, ...]]:
    """A state with one resource of each kind, and the ARNs of these."""
    state = State()
    state, made = carry_out(state, "CreateLoadBalancer", {"Name": "a", "Subnets": ["subnet-a", "subnet-b"]})
    balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
    group = {"Name": "g", "Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-1", "TargetType": "ip"}
    state, made = carry_out(state, "CreateTargetGroup", group)
    group_arn = made["TargetGroups"][0]["TargetGroupArn"]
    listener = {"LoadBalancerArn": balancer, "Protocol": "HTTPS", "Port": 443, "DefaultActions": FIXED}
    listener["Certificates"] = [{"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"}]
    state, made = carry_out(state, "CreateListener", listener)
    listener_arn = made["Listeners"][0]["ListenerArn"]
    rule = {
        "ListenerArn": listener_arn,
        "Priority": 1,
        "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}],
        "Actions": [{"Type": "forward", "TargetGroupArn": group_arn}],
    }
    state, made = carry_out(state, "CreateRule", rule)
    return state, (balancer, group_arn, listener_arn, made["Rules"][0]["RuleArn"])


TEXTS = (
    "", "a", "A-1", "/", "/a*", "*", "?", "\\", "(", "[a", "a.b", "GET", "10.64.0.3", "10.0.0.0/8",
    "::1", "fd00::/8", "host-header", "path-pattern", "http-header", "query-string",
    "http-request-method", "source-ip", "HTTP1", "GRPC", "https://idp.example.com", "https://[",
    "a{99999999999}", "#{port}", "0", "8080", "99999999999999999999", "\u00b2", "ねこ", "\0",
    "stickiness.enabled", "true", "200", "text/plain", "internal-a",
)  # fmt: skip

KINDS = {
    "Action": tuple(ACTION_CONFIG_OF),
    "RuleCondition": tuple(CONDITION_CONFIG_OF),
    "RuleTransform": ("host-header-rewrite", "url-rewrite"),
}


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Values that this shape allows, or almost allows."""
    if shape.name in KINDS:
        return st.sampled_from(KINDS[shape.name]).flatmap(lambda kind: of_kind(shape, kind)) | anything(shape)
    return anything(shape)


def of_kind(shape: Shape, kind: str) -> st.SearchStrategy[Any]:
    """An action, condition or transform of a type, with the configuration of that type."""
    assert isinstance(shape, StructureShape)
    config = "".join(word.title() for word in kind.split("-")) + "Config"
    selector = "Field" if "Field" in shape.members else "Type"
    more = {"Order": values(shape.members["Order"])} if "Order" in shape.members else {}
    own = {selector: st.just(kind), config: values(shape.members[config])}
    return st.fixed_dictionaries(own, optional=more)


def anything(shape: Shape) -> st.SearchStrategy[Any]:
    if isinstance(shape, StructureShape):
        required = {name: values(shape.members[name]) for name in shape.required_members}
        optional = {name: values(member) for name, member in shape.members.items() if name not in required}
        return st.fixed_dictionaries(required, optional=optional)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member), max_size=3)
    if isinstance(shape, MapShape):
        return st.dictionaries(values(shape.key), values(shape.value), max_size=2)
    return scalar(shape)


def scalar(shape: Shape) -> st.SearchStrategy[Any]:
    if isinstance(shape, StringShape) and shape.enum:
        return st.sampled_from(shape.enum)
    if shape.type_name == "boolean":
        return st.booleans()
    if shape.type_name in {"integer", "long"}:
        return st.sampled_from([-1, 0, 1, 2, 10, 80, 999, 1000, 604801])
    return st.sampled_from([*petclinic()[1], *TEXTS])


@pytest.mark.hypothesis
@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_an_operation_answers_or_refuses(action: str) -> None:
    operation = shapes.service().operation_model(action)
    assert operation.input_shape is not None
    state, _ = petclinic()
    refusals: list[str] = []

    @settings(
        max_examples=examples(60),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not IS_THOROUGH,
    )
    @given(values(operation.input_shape))
    def check(parameters: dict[str, Any]) -> None:
        undocumented.in_call(parameters)
        try:
            after, output = carry_out(state, action, parameters)
        except ApiError as error:
            refusals.append(error.code)
            return
        wire.encode(operation, output, "id")
        for listener in after.listeners:
            check_served(after, listener)

    check()
    assert set(refusals) <= shapes.error_codes(action)


def check_served(state: State, listener: str) -> None:
    """A request can be matched against any rule that was accepted."""
    request = Request("GET", "www.example.com", "/a", "a=b", (("A-1", "a"),), "127.0.0.1")
    rule = first_match(state.rules_of(listener), request)
    assert rule is not None
    if rule.actions[-1]["Type"] == "forward":
        choose_group(rule.actions[-1], First())


class First(Random):
    """Always draws the smallest number of a range."""

    def randrange(self, *_: object) -> int:
        return 0
