"""The load balancer's cookies: what they hold a client to, and for how long."""

from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from elbv2_emulator.state.resources import State, Target, TargetGroup
from elbv2_emulator.traffic.choice import Choice, Chooser

NOW = 1_790_000_000.0
LB_COOKIE = {
    "stickiness.enabled": "true",
    "stickiness.type": "lb_cookie",
    "stickiness.lb_cookie.duration_seconds": "60",
}
APP_COOKIE = {
    "stickiness.enabled": "true",
    "stickiness.type": "app_cookie",
    "stickiness.app_cookie.cookie_name": "JSESSIONID",
    "stickiness.app_cookie.duration_seconds": "60",
}


def group(
    arn: str, states: tuple[str, ...] = ("healthy",), attributes: Mapping[str, str] = {}
) -> TargetGroup:
    targets = [Target("10.64.0.3", port, set_state=state) for port, state in enumerate(states)]
    settings = {"ProtocolVersion": "HTTP1"}
    return TargetGroup(
        arn, arn, settings, attributes, {(target.id, target.port): target for target in targets}
    )


def state(*groups: TargetGroup) -> State:
    return State(target_groups={group.arn: group for group in groups})


def forward(sticky_seconds: int | None = None, **weights: int) -> dict[str, Any]:
    stickiness = (
        {"Enabled": False} if sticky_seconds is None else {"Enabled": True, "DurationSeconds": sticky_seconds}
    )
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
    return {
        "Type": "forward",
        "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness},
    }


def a_chooser() -> Chooser:
    return Chooser(Random(1))  # noqa: S311  traffic, not secrets


def choose(
    action: Any, on: State, cookies: dict[str, str], now: float = NOW, chooser: Chooser | None = None
) -> Choice:
    return (chooser or a_chooser()).choose(action, on, cookies, now, serve_initial=False)


def cookies(choice: Choice, now: float = NOW, *set_by_target: str) -> dict[str, str]:
    """The cookies that a browser sends with its next request."""
    lines = [line for hold in choice.holds for line in hold.cookie_lines(now, set_by_target)]
    pairs = [line.partition(";")[0].partition("=") for line in [*set_by_target, *lines]]
    return {name: value for name, _, value in pairs}


def group_of(choice: Choice) -> str:
    assert choice.group is not None
    return choice.group.arn


def port_of(choice: Choice) -> int:
    assert choice.target is not None
    return choice.target.port


TWO = state(group("a"), group("b"))
ON_B = cookies(choose(forward(60, a=0, b=1), TWO, {}))


def test_a_cookie_outranks_the_weights() -> None:
    assert ON_B.keys() == {"AWSALBTG", "AWSALBTGCORS"}
    for cookie in ON_B:
        assert group_of(choose(forward(60, a=1, b=0), TWO, {cookie: ON_B[cookie]})) == "b"


@pytest.mark.parametrize(
    ("action", "sent"),
    [
        pytest.param(forward(a=1, b=0), ON_B, id="the rule has no stickiness now"),
        pytest.param(forward(60, a=1), ON_B, id="the group is no longer in the rule"),
        pytest.param(forward(60, a=1, b=0), {"AWSALBTG": "bm9uc2Vuc2U"}, id="a cookie without content"),
        pytest.param(forward(60, a=1, b=0), {"AWSALBTG": "é!"}, id="a cookie that is not ours"),
        pytest.param(forward(60, a=1, b=0), {"AWSALBTG": "_"}, id="a truncated cookie"),
        pytest.param(forward(60, a=1, b=0), {"AWSALB": ON_B["AWSALBTG"]}, id="a cookie of another name"),
    ],
)
def test_a_cookie_is_ignored_if(action: Any, sent: dict[str, str]) -> None:
    assert group_of(choose(action, TWO, sent)) == "a"


def test_a_rule_without_stickiness_sets_no_cookie() -> None:
    assert choose(forward(a=1, b=1), TWO, {}).holds == ()


def test_a_cookie_is_valid_for_its_duration_and_renewed_by_use() -> None:
    to_a = forward(60, a=1, b=0)
    assert group_of(choose(to_a, TWO, ON_B, NOW + 59)) == "b"
    assert group_of(choose(to_a, TWO, ON_B, NOW + 60)) == "a"
    renewed = cookies(choose(to_a, TWO, ON_B, NOW + 59), NOW + 59)
    assert group_of(choose(to_a, TWO, renewed, NOW + 118)) == "b"


def test_there_is_no_failover_from_the_group_that_a_client_is_held_to() -> None:
    on = state(group("a"), group("b", ()))
    choice = choose(forward(60, a=1, b=0), on, ON_B)
    assert (group_of(choice), choice.target, choice.refusal) == ("b", None, 503)


@pytest.mark.parametrize("cookie", ["AWSALB", "AWSALBCORS"])
def test_a_client_stays_on_its_target(cookie: str) -> None:
    on, chooser = state(group("a", ("healthy",) * 3, attributes=LB_COOKIE)), a_chooser()
    choose(forward(a=1), on, {}, chooser=chooser)
    held = {cookie: cookies(choose(forward(a=1), on, {}, chooser=chooser))[cookie]}
    assert [port_of(choose(forward(a=1), on, held, chooser=chooser)) for _ in range(4)] == [1, 1, 1, 1]
    assert [port_of(choose(forward(a=1), on, {}, chooser=chooser)) for _ in range(3)] == [2, 0, 1]


@pytest.mark.parametrize("gone", ["unhealthy", "draining", "initial"])
def test_a_client_gets_another_target_when_its_own_gets_no_requests(gone: str) -> None:
    held = cookies(choose(forward(a=1), state(group("a", attributes=LB_COOKIE)), {}))
    moved = choose(forward(a=1), state(group("a", (gone, "healthy"), attributes=LB_COOKIE)), held)
    assert port_of(moved) == 1
    assert cookies(moved)["AWSALB"] != held["AWSALB"]


def test_the_same_address_in_another_group_is_another_target() -> None:
    held = cookies(choose(forward(a=1), state(group("a", attributes=LB_COOKIE)), {}))
    chooser, b = a_chooser(), state(group("b", ("healthy",) * 2, attributes=LB_COOKIE))
    assert [port_of(choose(forward(b=1), b, held, chooser=chooser)) for _ in range(2)] == [0, 1]


def test_an_application_cookie_holds_a_client_once_the_target_sets_it() -> None:
    on, chooser = state(group("a", ("healthy",) * 3, attributes=APP_COOKIE)), a_chooser()
    first = choose(forward(a=1), on, {}, chooser=chooser)
    assert cookies(first) == {}
    assert cookies(first, NOW, "OTHER=1") == {"OTHER": "1"}
    held = cookies(first, NOW, "JSESSIONID=1; Path=/")
    assert held.keys() == {"JSESSIONID", "AWSALBAPP-0"}
    again = choose(forward(a=1), on, held, chooser=chooser)
    assert port_of(again) == port_of(first)
    assert cookies(again, NOW + 59).keys() == {"AWSALBAPP-0"}  # renewed by use
    only_ours = {"AWSALBAPP-0": held["AWSALBAPP-0"]}
    assert port_of(choose(forward(a=1), on, only_ours, chooser=chooser)) == 1


def test_an_application_cookie_has_no_effect_with_weighted_groups() -> None:
    on = state(group("a", attributes=APP_COOKIE), group("b", attributes=APP_COOKIE))
    choice = choose(forward(60, a=1, b=0), on, {})
    assert cookies(choice, NOW, "JSESSIONID=1").keys() == {"JSESSIONID", "AWSALBTG", "AWSALBTGCORS"}


def test_a_group_of_another_protocol_version_gets_no_requests() -> None:
    http2 = TargetGroup("a", "a", {"ProtocolVersion": "HTTP2"}, {}, group("a").targets)
    choice = choose(forward(a=1), state(http2), {})
    assert (choice.target, choice.refusal) == (None, 464)
