"""The header route of a call's message → Intent."""

import pytest
from google.protobuf import json_format

from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors.request import InvalidRequest
from elbv2_trafficrouter.rollout.intent import HeaderRoute
from elbv2_trafficrouter.rollout.request import read_header_route, read_identified, read_intent
from support.router.messages import PLUGIN, Json, request, rollout


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
