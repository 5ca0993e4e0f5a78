"""A hypothesis state machine: any calls for a Rollout, on any listener, and what must hold after each."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from google.protobuf import json_format
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from elbv2_emulator.state.resources import State
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.aws.header_rules import Elbv2HeaderRules
from elbv2_trafficrouter.aws.rules import Elbv2Rules
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.routing.ports import Mutex
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.rpc.servicer import TrafficRouterServicer
from support.any.header_route import ANY_HEADER_ROUTE, GOOD_HEADER_ROUTE, AnyHeaderRoute
from support.any.listener import AnyListener, any_listener
from support.any.rule import REGION, ROUTES, TAGS, Json
from support.any.whose_rule import Ours, check_header_rule, is_header_rule, others, ours
from support.emulator.in_process import InProcess
from support.router.clock import StandingClock

PLUGIN = "trafficrouter/elbv2"
SERVICES = {"stableService": "was-stable", "canaryService": "was-canary"}
METADATA = {
    "namespace": TAGS["elbv2-trafficrouter/rollout-namespace"],
    "name": TAGS["elbv2-trafficrouter/rollout"],
    "uid": TAGS["elbv2-trafficrouter/rollout-uid"],
}
INSTALLATION = Installation(TAGS["elbv2-trafficrouter/cluster"], TAGS["elbv2-trafficrouter/instance"])
READS_LAG_SECONDS = 11


class Waiting:
    """A gRPC context, as far as the servicer looks at it: of a client that is there and has time."""

    def time_remaining(self) -> float:
        return 10.0

    def is_active(self) -> bool:
        return True


class Runtime:
    def __init__(self, clock: StandingClock) -> None:
        self.now = clock

    def mutex(self) -> Mutex:
        return threading.Lock()


@cache
def clock_and_aws() -> tuple[StandingClock, InProcess]:
    """Making a client takes longer than all that one example does with it."""
    clock = StandingClock()
    return clock, InProcess(clock)


class Calls(RuleBasedStateMachine):
    """A controller's calls for one Rollout, and what may happen beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.aws = clock_and_aws()
        self.context: Any = Waiting()
        self.has_pods: bool | None = None

    @initialize(
        on=any_listener(),
        names=st.permutations(ROUTES),
        steps=st.lists(GOOD_HEADER_ROUTE, min_size=1, max_size=3),
    )
    def begin(self, on: AnyListener, names: Sequence[str], steps: Sequence[AnyHeaderRoute]) -> None:
        self.on, self.names, self.steps = on, names, steps
        self.aws.load(REGION, on.state)
        self.left_behind = self.ours
        block = {"rules": [on.named], "targetGroups": on.groups}
        routing = {"managedRoutes": [{"name": name} for name in names], "plugins": {PLUGIN: block}}
        canary = {**SERVICES, "steps": [{"setHeaderRoute": one.as_json} for one in steps]}
        self.spec = {"strategy": {"canary": {**canary, "trafficRouting": routing}}}
        self.status: Json = {"currentStepIndex": 0, "stableRS": "1", "currentPodHash": "2"}
        self.restart()
        self.clock.now += READS_LAG_SECONDS

    # Calls

    @rule(weight=st.integers(0, 100), experiment=st.just(0) | st.integers(0, 30))
    def set_weight(self, weight: int, experiment: int) -> None:
        more = [{"serviceName": "was-experiment", "weight": experiment}] if experiment else []
        asked = self.message(pb.SetWeightRequest, desiredWeight=weight, additionalDestinations=more)
        before = self.ours
        with self.nothing_of_others_changed(), self.nothing_done_when_refused():
            self.servicer.SetWeight(asked, self.context)
        assert before.items() <= self.ours.items()
        assert len(before) == len(self.ours) or (self.may_exist and self.has_pods)
        with self.nothing_changed(), suppress(Problem):
            self.servicer.SetWeight(asked, self.context)

    @rule(step=st.integers(0, 2))
    def go_on_to_a_step(self, step: int) -> None:
        self.status |= {"currentStepIndex": step % len(self.steps)}
        self.set_header_route(self.steps[step % len(self.steps)])

    @rule(route=ANY_HEADER_ROUTE)
    def set_header_route(self, route: AnyHeaderRoute) -> None:
        asked = self.message(pb.SetHeaderRouteRequest, setHeaderRoute=route.as_json)
        before, calls = self.ours, len(self.aws.calls)
        with self.nothing_of_others_changed(), self.nothing_done_when_refused():
            answer = self.servicer.SetHeaderRoute(asked, self.context)
            assert _but(route.name, before) == _but(route.name, self.ours)
            if not self.may_exist or self.has_pods is False:
                assert self.ours == before
                assert len(self.aws.calls) == calls
                return
            stand = [arn for arn, one in self.ours.items() if one.route == route.name]
            assert [one.rule_arn for one in answer.rules] == stand
            assert len(stand) == bool(route.matches)
            for one in answer.rules:
                check_header_rule(self.state, self.on, one.rule_arn, route)
            self.check_order()
            with self.nothing_changed():
                again = self.servicer.SetHeaderRoute(asked, self.context)
            assert [one.rule_arn for one in again.rules] == [one.rule_arn for one in answer.rules]

    @rule()
    def remove_managed_routes(self) -> None:
        asked = self.message(pb.RemoveManagedRoutesRequest)
        before = self.ours
        self.has_pods = False
        with self.nothing_of_others_changed(), suppress(Problem):
            removed = self.servicer.RemoveManagedRoutes(asked, self.context).removed_rule_arns
            assert set(removed) == before.keys()
        assert not self.ours
        with self.nothing_changed(), suppress(Problem):
            self.servicer.RemoveManagedRoutes(asked, self.context)

    @rule(weight=st.integers(0, 100))
    def verify_weight(self, weight: int) -> None:
        self.is_verified(weight)

    def is_verified(self, weight: int) -> bool:
        self.has_pods = True
        asked = self.message(pb.VerifyWeightRequest, desiredWeight=weight)
        with self.nothing_changed():
            answer = self.servicer.VerifyWeight(asked, self.context)
        return bool(answer.verification == pb.VERIFICATION_VERIFIED)

    @rule(weight=st.integers(0, 100))
    def reconcile(self, weight: int) -> None:
        """As the controller does: what SetWeight could not make again, VerifyWeight tells of."""
        may_make = self.may_exist and self.has_pods
        self.set_weight(weight, experiment=0)
        if self.is_verified(weight) and may_make and weight < 100:
            wanted = {one.name: one for one in self.steps[: self.status["currentStepIndex"] + 1]}
            for route in wanted.values():
                # One of ours, whatever is in it, or a rule that does the same under another name.
                assert any(
                    one.route == route.name or is_header_rule(self.state, self.on, arn, route)
                    for arn, one in self.ours.items()
                )

    # What happens beside them

    @rule(what=st.sampled_from(["restart", "wait", "lose", "lose", "end", "begin"]), data=st.data())
    def something_happens(self, what: str, data: st.DataObject) -> None:
        match what:
            case "restart":
                self.restart()
            case "wait":
                self.clock.now += data.draw(st.sampled_from([1, READS_LAG_SECONDS, 31, 61]))
            case "lose" if self.ours:
                self.aws.of(REGION).delete_rule(RuleArn=data.draw(st.sampled_from(sorted(self.ours))))
                self.clock.now += READS_LAG_SECONDS
            case "end":
                self.status |= data.draw(
                    st.sampled_from([{"abort": True}, {"promoteFull": True}, {"stableRS": "2"}])
                )
            case "begin":
                self.status = {"currentStepIndex": 0, "stableRS": "1", "currentPodHash": "2"}

    def restart(self) -> None:
        self.has_pods = None
        router = Router(Elbv2Rules(self.aws), Elbv2HeaderRules(self.aws), Runtime(self.clock), INSTALLATION)
        self.servicer = TrafficRouterServicer(router, PLUGIN)

    # What is looked at

    @property
    def state(self) -> State:
        return self.aws.state(REGION)

    @property
    def ours(self) -> dict[str, Ours]:
        return ours(self.state, self.on)

    @property
    def may_exist(self) -> bool:
        ended = self.status.get("abort") or self.status.get("promoteFull")
        return not ended and self.status["stableRS"] != self.status["currentPodHash"]

    def message(self, kind: Any, **members: Any) -> Any:
        rollout = {"metadata": METADATA, "spec": self.spec, "status": self.status}
        return json_format.ParseDict({"rollout": rollout, **members}, kind())

    @contextmanager
    def nothing_of_others_changed(self) -> Iterator[None]:
        before = others(self.state, self.on)
        yield
        assert others(self.state, self.on) == before
        assert not [call for call in self.aws.calls if call.status == 500 or call.undocumented]

    @contextmanager
    def nothing_done_when_refused(self) -> Iterator[None]:
        before = self.state
        try:
            yield
        except Problem:
            assert self.state is before

    @contextmanager
    def nothing_changed(self) -> Iterator[None]:
        before = self.state
        yield
        assert self.state is before

    def check_order(self) -> None:
        """What an earlier process left behind may stand in any order."""
        made = [one for arn, one in self.ours.items() if arn not in self.left_behind]
        stand = sorted(made, key=lambda one: one.rule.priority or 0)
        places = [self.names.index(one.route) for one in stand]
        assert places == sorted(set(places))


def _but(route: str, rules: dict[str, Ours]) -> dict[str, Ours]:
    return {arn: one for arn, one in rules.items() if one.route != route}
