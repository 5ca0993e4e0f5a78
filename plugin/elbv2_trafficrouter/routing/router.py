"""The story of each call: read, decide, write, answer."""

from collections.abc import Mapping
from functools import partial

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.rules import ListenerNotFound
from elbv2_trafficrouter.rollout.intent import HeaderRoute, Intent
from elbv2_trafficrouter.routing.headers.recent import REMOVAL_RESTS_SECONDS, Canary, HeaderMemory
from elbv2_trafficrouter.routing.headers.routes import HeaderRoutes, Job
from elbv2_trafficrouter.routing.outcome import HeaderOutcome, Outcome, Verification
from elbv2_trafficrouter.routing.ownership import Installation, Owner, owner_of
from elbv2_trafficrouter.routing.ports import Call, HeaderRules, Rules, Runtime
from elbv2_trafficrouter.routing.resolve import resolve
from elbv2_trafficrouter.routing.rule import ListenerRule, Snapshot, SteeredRule
from elbv2_trafficrouter.routing.weights.apply import apply, check_that_it_still_counts
from elbv2_trafficrouter.routing.weights.plan import plan, plan_attachment
from elbv2_trafficrouter.routing.weights.verify import verify
from elbv2_trafficrouter.routing.weights.written import HEADERS, WEIGHTS, Memory, Turn


class Router:
    def __init__(
        self, rules: Rules, header_rules: HeaderRules, runtime: Runtime, installation: Installation
    ) -> None:
        self._rules = rules
        self._installation = installation
        self._memory = Memory(runtime)
        self._header_memory = HeaderMemory(runtime)
        self._header_routes = HeaderRoutes(rules, header_rules, self._header_memory)

    def set_weight(self, intent: Intent, call: Call) -> Outcome:
        """Gives every rule the intent's shares, by writing those that differ. Raises a Problem.

        Then header rules that were lost are made again.
        """
        turn, header_turn = self._memory.arrive(intent, WEIGHTS), self._memory.newest(intent, HEADERS)
        routes = resolve(intent)
        listeners = _listeners(routes)
        with self._memory.holding(listeners, call):
            seen = self._rules.read(listeners, call)
            wanted = plan(intent, routes, seen, self._memory.written)
            rules = apply(wanted, routes, rules=self._rules, memory=self._memory, call=call, turn=turn)
            job = self._job(intent, routes, seen, call, header_turn)
            return Outcome(rules, self._header_routes.make_lost_ones(job))

    def verify_weight(self, intent: Intent, call: Call) -> Verification:
        """Compares every rule with the intent's shares, on a read of its own.

        What can't be found out is not verified: the controller takes an error for leave to go on.
        """
        owner = owner_of(intent, self._installation)
        self._header_memory.reconcile_ended(owner)
        routes = resolve(intent)
        try:
            seen = self._rules.read(_listeners(routes), call)
            trouble = self._header_memory.trouble_with(owner, intent.canary.share)
            return verify(intent, routes, plan(intent, routes, seen, written={}), trouble)
        except Problem as problem:
            return Verification(problem)

    def set_header_route(self, intent: Intent, route: HeaderRoute, call: Call) -> tuple[HeaderOutcome, ...]:
        """Gives every rule one above it that sends these requests to the canary. Raises a Problem.

        Nothing is done when the route may not stand, or has no pods to lead to.
        """
        owner = owner_of(intent, self._installation)
        turn = self._memory.arrive(intent, HEADERS)
        if not intent.managed_routes.may_exist or self._header_memory.canary_of(owner) is Canary.ABSENT:
            return ()
        routes = resolve(intent)
        listeners = _listeners(routes)
        with self._memory.holding(listeners, call):
            seen = self._rules.read(listeners, call)
            return self._header_routes.set(route, self._job(intent, routes, seen, call, turn))

    def remove_managed_routes(self, intent: Intent, call: Call) -> tuple[Arn, ...]:
        """Deletes this Rollout's header rules. Raises a Problem.

        Gives every rule the target groups that it lacks, at weight 0.
        """
        owner = owner_of(intent, self._installation)
        turn = self._memory.arrive(intent, HEADERS)
        self._header_memory.routes_removed(owner)
        routes = resolve(intent)
        attached = all(self._memory.has_seen(route.rule, route.groups.values()) for route in routes)
        if attached and self._header_memory.knows_of_none(owner):
            return ()
        if failed := self._header_memory.left_behind(owner, within=REMOVAL_RESTS_SECONDS):
            raise failed
        listeners = _listeners(routes)
        elsewhere = {listener_of(rule) for rule in self._header_memory.ours(owner)} - listeners
        with self._memory.holding(listeners | elsewhere, call):
            seen = self._rules.read(listeners, call)
            for listener in elsewhere:
                seen = seen.with_rules(self._rules_of_old(listener, owner, call))
            removed = self._header_routes.remove(self._job(intent, routes, seen, call, turn))
            wanted = plan_attachment(intent, routes, seen, self._memory.written)
            apply(wanted, routes, rules=self._rules, memory=self._memory, call=call, turn=None)
            return removed

    def _rules_of_old(self, listener: Arn, owner: Owner, call: Call) -> Mapping[Arn, ListenerRule]:
        """Of a listener that the Rollout named before; it may be gone."""
        try:
            return self._rules.read(frozenset({listener}), call).rules
        except ListenerNotFound:
            self._header_memory.gone_with(owner, listener)
            return {}

    def _job(
        self, intent: Intent, routes: tuple[SteeredRule, ...], seen: Snapshot, call: Call, turn: Turn
    ) -> Job:
        return Job(
            owner=owner_of(intent, self._installation),
            intent=intent,
            routes=routes,
            listeners=_listeners(routes) | {listener_of(arn) for arn in seen.rules},
            snapshot=seen,
            call=call,
            still_counts=partial(check_that_it_still_counts, self._memory, call, turn),
        )


def _listeners(routes: tuple[SteeredRule, ...]) -> frozenset[Arn]:
    return frozenset(listener_of(route.rule) for route in routes)
