"""Which header routes a Rollout has."""

from typing import Any

import pytest
from google.protobuf import json_format

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors.request import InvalidRequest
from elbv2_trafficrouter.rollout.intent import HeaderMatch, HeaderRoute, ManagedRoutes
from elbv2_trafficrouter.rollout.managed_routes import check_name, header_route, managed_routes

ALICE = {"headerName": "X-User", "headerValue": {"exact": "alice"}}
BOB = {"headerName": "X-User", "headerValue": {"exact": "bob"}}


def sets(name: str, *match: dict[str, Any]) -> dict[str, Any]:
    return {"setHeaderRoute": {"name": name, "match": list(match)}}


def route(name: str, user: str = "alice") -> HeaderRoute:
    return HeaderRoute(name, (HeaderMatch("X-User", exact=user),))


def of(
    *steps: dict[str, Any], names: tuple[str, ...] = ("beta", "internal"), uid: str = "0b2f", **status: Any
) -> ManagedRoutes:
    rollout = {
        "metadata": {"uid": uid},
        "spec": {
            "strategy": {
                "canary": {
                    "steps": list(steps),
                    "trafficRouting": {"managedRoutes": [{"name": name} for name in names]},
                }
            }
        },
        "status": {"stableRS": "1", "currentPodHash": "2", **status},
    }
    return managed_routes(json_format.ParseDict(rollout, pb.Rollout()))


STEPS: tuple[dict[str, Any], ...] = (
    {"setWeight": 0},
    sets("beta", ALICE),
    {"pause": {}},
    sets("internal", BOB),
    sets("beta", BOB),
    sets("beta"),
    {"setWeight": 50},
)


@pytest.mark.parametrize(
    ("index", "wanted"),
    [
        pytest.param(0, (), id="before the first"),
        pytest.param(1, (route("beta"),), id="at its step"),
        pytest.param(2, (route("beta"),), id="after it"),
        pytest.param(3, (route("beta"), route("internal", "bob")), id="two"),
        pytest.param(4, (route("internal", "bob"), route("beta", "bob")), id="set again with another match"),
        pytest.param(5, (route("internal", "bob"),), id="removed by a step without matches"),
        pytest.param(6, (route("internal", "bob"),), id="after that"),
        pytest.param(7, (route("internal", "bob"),), id="all steps done"),
        pytest.param(99, (route("internal", "bob"),), id="beyond them"),
    ],
)
def test_the_steps_up_to_the_current_one_say_what_is_wanted(
    index: int, wanted: tuple[HeaderRoute, ...]
) -> None:
    assert of(*STEPS, currentStepIndex=index).wanted == wanted


def test_a_route_that_is_not_among_managed_routes_is_not_wanted() -> None:
    assert of(*STEPS, names=("beta",), currentStepIndex=3).wanted == (route("beta"),)


def test_a_rollout_without_a_uid_has_no_routes() -> None:
    """Its rules could not be distinguished from those of other Rollouts."""
    assert not of(*STEPS, uid="").may_exist


def test_without_a_current_step_nothing_is_wanted() -> None:
    assert of(*STEPS).wanted == ()


def test_the_names_are_those_of_managed_routes_in_their_order() -> None:
    assert of(names=("internal", "beta", "internal")).names == ("internal", "beta")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        pytest.param({}, True, id="in an update"),
        pytest.param({"abort": True}, False, id="aborted"),
        pytest.param({"promoteFull": True}, False, id="promoted in full"),
        pytest.param({"stableRS": "2"}, False, id="no update"),
        pytest.param({"stableRS": "", "currentPodHash": ""}, False, id="never deployed"),
    ],
)
def test_routes_may_exist_only_during_an_update(status: dict[str, Any], expected: bool) -> None:
    assert of(*STEPS, **status).may_exist is expected


@pytest.mark.parametrize(
    ("value", "match"),
    [
        pytest.param({"exact": "alice"}, HeaderMatch("X-User", exact="alice"), id="exact"),
        pytest.param({"prefix": "int-"}, HeaderMatch("X-User", prefix="int-"), id="prefix"),
        pytest.param({"regex": "a|b"}, HeaderMatch("X-User", regex="a|b"), id="regex"),
        pytest.param({}, HeaderMatch("X-User"), id="none: rejected later, when its rule is created"),
    ],
)
def test_a_match_is_read_as_it_is(value: dict[str, str], match: HeaderMatch) -> None:
    message = pb.SetHeaderRoute(name="beta")
    json_format.ParseDict({"match": [{"headerName": "X-User", "headerValue": value}]}, message)
    assert header_route(message) == HeaderRoute("beta", (match,))


# Names


def refusal(name: str, *names: str) -> str:
    with pytest.raises(InvalidRequest) as caught:
        check_name(route(name), ManagedRoutes(names))
    assert caught.value.metadata == {"field": "set_header_route.name"}
    return caught.value.sentence


def test_a_managed_route_whose_name_can_be_a_tag_value_is_accepted() -> None:
    check_name(route("beta"), ManagedRoutes(("internal", "beta")))


@pytest.mark.parametrize(("names", "known"), [(("a", "b"), "'a', 'b'"), ((), "none")])
def test_a_name_that_is_not_managed_is_refused(names: tuple[str, ...], known: str) -> None:
    assert refusal("beta", *names) == (
        "set_header_route.name is 'beta', which is not among the Rollout's trafficRouting.managedRoutes "
        f"({known}). Add it there; the order of that list is the order of precedence."
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("", "''", id="empty"),
        pytest.param("beta*", "'beta*'", id="a star"),
        pytest.param("be\nta", "'be\\x0ata'", id="a line break"),
        pytest.param("x" * 257, f"'{'x' * 255}…'", id="too long"),
    ],
)
def test_a_name_that_can_not_be_a_tag_value_is_refused(name: str, shown: str) -> None:
    assert refusal(name, name) == (
        f"set_header_route.name is {shown}. The name becomes a tag value: use 1 to 256 letters, digits, "
        "spaces and _.:/=+-@."
    )
