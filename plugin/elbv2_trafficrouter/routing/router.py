"""The story of each call: read, decide, write, answer."""

from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.routing.apply import apply
from elbv2_trafficrouter.routing.arn import Arn, listener_of
from elbv2_trafficrouter.routing.memory import Memory
from elbv2_trafficrouter.routing.model import Intent, Route, RuleOutcome, Verification
from elbv2_trafficrouter.routing.plan import plan, plan_attachment
from elbv2_trafficrouter.routing.ports import Call, Rules, Runtime
from elbv2_trafficrouter.routing.resolve import resolve
from elbv2_trafficrouter.routing.verify import verify


class Router:
    def __init__(self, rules: Rules, runtime: Runtime) -> None:
        self._rules = rules
        self._memory = Memory(runtime)

    def set_weight(self, intent: Intent, call: Call) -> tuple[RuleOutcome, ...]:
        """Gives every rule the intent's shares, by writing those that differ. Raises a Problem."""
        turn = self._memory.arrive(intent)
        routes = resolve(intent)
        listeners = _listeners(routes)
        with self._memory.holding(listeners, call):
            wanted = plan(intent, routes, self._rules.read(listeners, call), self._memory.written)
            return apply(wanted, routes, rules=self._rules, memory=self._memory, call=call, turn=turn)

    def verify_weight(self, intent: Intent, call: Call) -> Verification:
        """Compares every rule with the intent's shares, on a read of its own.

        What can't be found out is not verified: the controller takes an error for leave to go on.
        """
        routes = resolve(intent)
        try:
            seen = self._rules.read(_listeners(routes), call)
            return verify(intent, routes, plan(intent, routes, seen, written={}))
        except Problem as problem:
            return Verification(problem)

    def attach_groups(self, intent: Intent, call: Call) -> None:
        """Gives every rule the target groups that it lacks, at weight 0. Raises a Problem."""
        routes = resolve(intent)
        if all(self._memory.has_seen(route.rule, route.groups.values()) for route in routes):
            return
        listeners = _listeners(routes)
        with self._memory.holding(listeners, call):
            seen = self._rules.read(listeners, call)
            wanted = plan_attachment(intent, routes, seen, self._memory.written)
            apply(wanted, routes, rules=self._rules, memory=self._memory, call=call, turn=None)


def _listeners(routes: tuple[Route, ...]) -> frozenset[Arn]:
    return frozenset(listener_of(route.rule) for route in routes)
