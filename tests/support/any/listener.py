"""hypothesis strategies: any listener on which a Rollout has its rule among those of others."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from elbv2_emulator.api import shapes
from elbv2_emulator.api.actions import ACTIONS
from elbv2_emulator.state.resources import Scope, State
from support.any.rule import FOREIGN, OURS, REGION, Json, any_forward, any_rule, any_weight

_SCOPE = Scope(REGION, 1_767_225_600.0)
_FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
_CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/0d5e9b5c-2ae4-4b5a-9b0a-0d6b3c1c6b7a"
_LAST_PRIORITY = 50_000


@dataclass(frozen=True)
class AnyListener:
    """A state, and the rule that the Rollout names; `named` is the configuration's entry for it."""

    state: State
    base: str
    named: Mapping[str, str]
    groups: Mapping[str, str]

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Of a failed example, hypothesis prints the rules of the listener instead of the whole state."""
        for rule in self.state.rules_of(self.state.rules[self.base].listener_arn):
            tags = self.state.tags.get(rule.arn, {})
            shown = [rule.conditions, rule.actions, rule.transforms, tags]
            printer.text(
                f"\n  {'base ' if rule.arn == self.base else ''}{rule.priority}: {json.dumps(shown)}"
            )


@st.composite
def any_listener(draw: st.DrawFn) -> AnyListener:
    protocol = draw(st.sampled_from(["HTTP", "HTTPS", "HTTPS"]))
    state, listener, groups = _ground(protocol)
    is_default = draw(st.integers(0, 3)) == 0
    base = draw(_base(protocol, groups))
    if is_default:
        actions = {"ListenerArn": listener, "DefaultActions": base["Actions"]}
        state, _ = _done(state, "ModifyListener", actions)
        arn = state.default_rule(listener).arn
        below = _LAST_PRIORITY + 1
    else:
        below = base["Priority"]
        state, answer = _done(state, "CreateRule", {"ListenerArn": listener, **base})
        arn = answer["Rules"][0]["RuleArn"]
    # In half of the examples, all header routes have room directly above the base.
    steps = draw(st.sampled_from([(-1, -2, -4, -8, 1), (-8, -16, 1)]))
    beside = [below + step for step in steps if 1 <= below + step <= _LAST_PRIORITY]
    priorities = st.sampled_from(beside or [below]) | st.integers(1, _LAST_PRIORITY)
    others = priorities.filter(lambda priority: priority != below)
    for priority in draw(st.lists(others, max_size=8, unique=True)):
        rule = {"ListenerArn": listener, "Priority": priority, **draw(any_rule(protocol, groups))}
        state, _ = _done(state, "CreateRule", rule)
    named = {"listenerArn": listener} if is_default else {"arn": arn}
    return AnyListener(state, arn, named, {service: groups[service] for service in OURS})


@cache
def _ground(protocol: str) -> tuple[State, str, Mapping[str, str]]:
    """A load balancer with a listener of this protocol and a second listener, and target groups by name."""
    state, answer = _done(State(), "CreateLoadBalancer", {"Name": "a", "Subnets": ["subnet-a", "subnet-b"]})
    balancer = answer["LoadBalancers"][0]["LoadBalancerArn"]
    groups = {}
    for name in (*OURS, *FOREIGN):
        settings = {"Name": name, "Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-1", "TargetType": "ip"}
        state, answer = _done(state, "CreateTargetGroup", settings)
        groups[name] = answer["TargetGroups"][0]["TargetGroupArn"]
    other = {"LoadBalancerArn": balancer, "Protocol": "HTTP", "Port": 8081, "DefaultActions": _FIXED}
    state, _ = _done(state, "CreateListener", other)
    listener = {"LoadBalancerArn": balancer, "Protocol": protocol, "Port": 443, "DefaultActions": _FIXED}
    if protocol == "HTTPS":
        listener["Certificates"] = [{"CertificateArn": _CERTIFICATE}]
    state, answer = _done(state, "CreateListener", listener)
    return state, answer["Listeners"][0]["ListenerArn"], groups


def _done(state: State, action: str, parameters: Json) -> tuple[State, Json]:
    shapes.validate(action, parameters)
    after, answer = ACTIONS[action](state, parameters, _SCOPE)
    # The emulator derives ARNs from the version, so each change needs a new one.
    return replace(after, version=state.version + 1), answer


@st.composite
def _base(draw: st.DrawFn, protocol: str, groups: Mapping[str, str]) -> Json:
    """In most examples, a rule that forwards to stable; in many, one with room for header conditions."""
    rule = draw(any_rule(protocol, groups, conditions=draw(st.sampled_from([1, 1, 4]))))
    priority = draw(st.sampled_from([1, 8, 100, 200, _LAST_PRIORITY]))
    if draw(st.integers(0, 9)):
        others = draw(st.just([]) | st.lists(st.sampled_from([*OURS[1:], *FOREIGN]), max_size=3, unique=True))
        weights = [draw(st.integers(1, 333)), *(draw(any_weight(name)) for name in others)]
        last = draw(any_forward([groups[name] for name in (OURS[0], *others)], weights))
        rule["Actions"] = [*rule["Actions"][:-1], {**last, "Order": 2}]
    return {**rule, "Priority": priority}
