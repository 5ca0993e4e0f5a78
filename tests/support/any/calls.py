"""A hypothesis state machine: any calls for a Rollout on any listener, and what must hold after each call."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, ClassVar

from google.protobuf import json_format
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from elbv2_emulator.state.resources import State
from elbv2_trafficrouter._pb.trafficrouter.v1 import trafficrouter_pb2 as pb
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.ownership import Installation
from elbv2_trafficrouter.routing.router import Router
from elbv2_trafficrouter.rpc.servicer import TrafficRouterServicer
from support.any.header_route import ANY_HEADER_ROUTE, GOOD_HEADER_ROUTE, AnyHeaderRoute
from support.any.listener import AnyListener, any_listener
from support.any.owned_rules import (
    OwnedRule,
    everything_else,
    gap,
    has_form,
    is_in_position,
    owned_rules,
)
from support.any.promises import Promise, PromiseBrokenError
from support.any.rule import REGION, ROUTES, TAGS, Json
from support.aws.ports import ports_on
from support.emulator.in_process import InProcess
from support.router.clock import StandingClock
from support.router.runtime import Runtime

PLUGIN = "trafficrouter/elbv2"
SERVICES = {"stableService": "was-stable", "canaryService": "was-canary"}
METADATA = {
    "namespace": TAGS["elbv2-trafficrouter/rollout-namespace"],
    "name": TAGS["elbv2-trafficrouter/rollout"],
    "uid": TAGS["elbv2-trafficrouter/rollout-uid"],
}
INSTALLATION = Installation(TAGS["elbv2-trafficrouter/cluster"], TAGS["elbv2-trafficrouter/instance"])
READS_LAG_SECONDS = 11


class PatientContext:
    """As much of a gRPC context as the servicer reads; its client is connected and has time left."""

    def time_remaining(self) -> float:
        return 10.0

    def is_active(self) -> bool:
        return True


@cache
def runtime_and_aws() -> tuple[Runtime, InProcess]:
    """Shared by all examples: creating a client takes longer than all else that an example does."""
    runtime = Runtime(StandingClock().now)
    return runtime, InProcess(runtime.now)


class Calls(RuleBasedStateMachine):
    """A controller's calls for one Rollout, and what may happen between them."""

    checked: ClassVar[Collection[Promise]] = frozenset(Promise)

    def __init__(self) -> None:
        super().__init__()
        self.runtime, self.aws = runtime_and_aws()
        self.context: Any = PatientContext()
        self.has_pods: bool | None = None

    @initialize(
        on=any_listener(),
        names=st.permutations(ROUTES),
        steps=st.lists(GOOD_HEADER_ROUTE, min_size=1, max_size=3),
    )
    def begin(self, on: AnyListener, names: Sequence[str], steps: Sequence[AnyHeaderRoute]) -> None:
        self.on, self.names, self.steps = on, names, steps
        self.aws.load(REGION, on.state)
        self.in_any_order = set(self.owned)
        """The Rollout's rules whose priorities are not those that managedRoutes reserves."""
        block = {"rules": [on.named], "targetGroups": on.groups}
        routing = {"managedRoutes": [{"name": name} for name in names], "plugins": {PLUGIN: block}}
        canary = {**SERVICES, "steps": [{"setHeaderRoute": step.as_json} for step in steps]}
        self.spec = {"strategy": {"canary": {**canary, "trafficRouting": routing}}}
        self.status: Json = {"currentStepIndex": 0, "stableRS": "1", "currentPodHash": "2"}
        self.restart()
        self.runtime.seconds += READS_LAG_SECONDS

    # Calls

    @rule(weight=st.integers(0, 100), experiment=st.just(0) | st.integers(0, 30))
    def set_weight(self, weight: int, experiment: int) -> None:
        more = [{"serviceName": "was-experiment", "weight": experiment}] if experiment else []
        request = self.message(pb.SetWeightRequest, desiredWeight=weight, additionalDestinations=more)
        before = self.owned
        with self.others_unchanged(), self.unchanged_if_refused(), self.orders_noted():
            self.servicer.SetWeight(request, self.context)
        after = self.owned
        created = {owned.route for arn, owned in after.items() if arn not in before}
        for arn, owned in before.items():
            is_kept = after.get(arn) == owned
            self.check(Promise.RULES_KEPT, is_kept or (arn not in after and owned.route in created), owned)
        self.check(Promise.CREATED_WHEN_ALLOWED, not created or (self.may_exist and self.has_pods), created)
        with self.unchanged(Promise.REPEATED_UNCHANGED), suppress(Problem):
            self.servicer.SetWeight(request, self.context)

    @rule(step=st.integers(0, 2))
    def go_on_to_a_step(self, step: int) -> None:
        for number, reached in enumerate(self.steps[: step + 1]):
            self.status |= {"currentStepIndex": number}
            self.set_header_route(reached)

    @rule(route=ANY_HEADER_ROUTE)
    def set_header_route(self, route: AnyHeaderRoute) -> None:
        request = self.message(pb.SetHeaderRouteRequest, setHeaderRoute=route.as_json)
        before, calls = self.owned, len(self.aws.calls)
        with self.others_unchanged(), self.unchanged_if_refused(), self.orders_noted():
            answer = self.servicer.SetHeaderRoute(request, self.context)
            after = self.owned
            self.check(Promise.OTHER_ROUTES_KEPT, _but(route.name, before) == _but(route.name, after), after)
            if not self.may_exist or self.has_pods is False:
                is_idle = after == before and len(self.aws.calls) == calls
                self.check(Promise.CREATED_WHEN_ALLOWED, is_idle, after)
                return
            arns = [arn for arn, owned in after.items() if owned.route == route.name]
            answered = [rule.rule_arn for rule in answer.rules]
            is_one = answered == arns and len(arns) == bool(route.matches)
            self.check(Promise.ONE_RULE, is_one, (answered, arns))
            for arn in arns:
                self.check(Promise.FORM, has_form(self.state, self.on, arn, route), after[arn])
                self.check(Promise.POSITION, is_in_position(self.state, self.on, arn), after[arn])
            with self.unchanged(Promise.REPEATED_UNCHANGED):
                again = self.servicer.SetHeaderRoute(request, self.context)
            answered = [rule.rule_arn for rule in again.rules]
            self.check(Promise.REPEATED_UNCHANGED, answered == arns, (answered, arns))
        self.check_order()

    @rule()
    def remove_managed_routes(self) -> None:
        request = self.message(pb.RemoveManagedRoutesRequest)
        before = self.owned
        self.has_pods = False
        with self.others_unchanged(), suppress(Problem):
            removed = self.servicer.RemoveManagedRoutes(request, self.context).removed_rule_arns
            self.check(Promise.ALL_REMOVED, set(removed) == before.keys(), removed)
        self.check(Promise.ALL_REMOVED, not self.owned, self.owned)
        with self.unchanged(Promise.REPEATED_UNCHANGED), suppress(Problem):
            self.servicer.RemoveManagedRoutes(request, self.context)

    @rule(weight=st.integers(0, 100))
    def verify_weight(self, weight: int) -> None:
        self.is_verified(weight)

    def is_verified(self, weight: int) -> bool:
        self.has_pods = True
        request = self.message(pb.VerifyWeightRequest, desiredWeight=weight)
        with self.unchanged(Promise.VERIFICATION_READS):
            answer = self.servicer.VerifyWeight(request, self.context)
        return bool(answer.verification == pb.VERIFICATION_VERIFIED)

    @rule(weight=st.integers(0, 100))
    def reconcile(self, weight: int) -> None:
        """As the controller does: VerifyWeight reports what SetWeight could not create again."""
        may_create = self.may_exist and self.has_pods
        self.set_weight(weight, experiment=0)
        if self.is_verified(weight) and may_create and weight < 100:
            wanted = {step.name: step for step in self.steps[: self.status["currentStepIndex"] + 1]}
            for route in wanted.values():
                # The route's own rule, whatever its content, or a rule of another route that does the same.
                is_there = any(
                    owned.route == route.name
                    or (
                        has_form(self.state, self.on, arn, route) and is_in_position(self.state, self.on, arn)
                    )
                    for arn, owned in self.owned.items()
                )
                self.check(Promise.MISSING_REPORTED, is_there, route)

    # What happens between calls

    @rule(what=st.sampled_from(["restart", "wait", "lose", "lose", "end", "begin"]), data=st.data())
    def something_happens(self, what: str, data: st.DataObject) -> None:
        match what:
            case "restart":
                self.restart()
            case "wait":
                self.runtime.seconds += data.draw(st.sampled_from([1, READS_LAG_SECONDS, 31, 61]))
            case "lose" if self.owned:
                self.aws.of(REGION).delete_rule(RuleArn=data.draw(st.sampled_from(sorted(self.owned))))
                self.runtime.seconds += READS_LAG_SECONDS
            case "end":
                self.status |= data.draw(
                    st.sampled_from([{"abort": True}, {"promoteFull": True}, {"stableRS": "2"}])
                )
            case "begin":
                self.status = {"currentStepIndex": 0, "stableRS": "1", "currentPodHash": "2"}

    def restart(self) -> None:
        self.has_pods = None
        router = Router(ports_on(self.aws, self.runtime), self.runtime, INSTALLATION)
        self.servicer = TrafficRouterServicer(router, PLUGIN)

    # What is checked

    @property
    def state(self) -> State:
        return self.aws.state(REGION)

    @property
    def owned(self) -> dict[str, OwnedRule]:
        return owned_rules(self.state, self.on)

    @property
    def may_exist(self) -> bool:
        ended = self.status.get("abort") or self.status.get("promoteFull")
        return not ended and self.status["stableRS"] != self.status["currentPodHash"]

    def message(self, kind: Any, **members: Any) -> Any:
        rollout = {"metadata": METADATA, "spec": self.spec, "status": self.status}
        return json_format.ParseDict({"rollout": rollout, **members}, kind())

    def check(self, promise: Promise, is_kept: object, detail: object = "") -> None:
        if promise in self.checked and not is_kept:
            raise PromiseBrokenError(promise, detail)

    @contextmanager
    def others_unchanged(self) -> Iterator[None]:
        before = everything_else(self.state, self.on)
        yield
        self.check(Promise.OTHERS_UNCHANGED, everything_else(self.state, self.on) == before)
        undocumented = [call for call in self.aws.calls if call.status == 500 or call.undocumented]
        self.check(Promise.DOCUMENTED, not undocumented, undocumented)

    @contextmanager
    def unchanged_if_refused(self) -> Iterator[None]:
        before = self.state
        try:
            yield
        except Problem as problem:
            self.check(Promise.REFUSED_UNCHANGED, self.state is before, problem)

    @contextmanager
    def unchanged(self, promise: Promise) -> Iterator[None]:
        before = self.state
        yield
        self.check(promise, self.state is before)

    @contextmanager
    def orders_noted(self) -> Iterator[None]:
        """A rule that is created while the gap lacks room for all names may get any priority in it."""
        had_room, before = self.has_room(), self.owned.keys()
        try:
            yield
        finally:
            if not had_room:
                self.in_any_order |= self.owned.keys() - before

    def has_room(self) -> bool:
        """Whether every name has a priority of its own directly above the base, which no other rule takes."""
        between = gap(self.state, self.on)
        return len(between) >= len(self.names) and not any(
            owned.rule.priority in between for arn, owned in self.owned.items() if arn in self.in_any_order
        )

    def check_order(self) -> None:
        if self.has_room():
            between = gap(self.state, self.on)
            created = [owned for owned in self.owned.values() if owned.rule.priority in between]
            created.sort(key=lambda owned: owned.rule.priority or 0)
            places = [self.names.index(owned.route) for owned in created]
            self.check(Promise.ORDER, places == sorted(set(places)), created)


def _but(route: str, rules: dict[str, OwnedRule]) -> dict[str, OwnedRule]:
    return {arn: owned for arn, owned in rules.items() if owned.route != route}
