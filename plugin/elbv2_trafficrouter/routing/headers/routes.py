"""The story of header rules: set, remove, make again. For who holds the listeners."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from elbv2_trafficrouter.arn import Arn, listener_of, load_balancer_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import OutcomeUnknown, Throttled, Unreachable
from elbv2_trafficrouter.errors.managed_routes import HeaderRouteMissing
from elbv2_trafficrouter.errors.rules import RuleNotFound
from elbv2_trafficrouter.rollout.intent import HeaderRoute, Intent
from elbv2_trafficrouter.routing.headers.limits import check_conditions, check_room
from elbv2_trafficrouter.routing.headers.plan import (
    HeaderRuleChange,
    OwnedRules,
    is_present,
    plan_header_route,
)
from elbv2_trafficrouter.routing.headers.recent import Canary, HeaderMemory
from elbv2_trafficrouter.routing.outcome import HeaderOutcome
from elbv2_trafficrouter.routing.ownership import Owner, is_shaped_like_ours, route_of
from elbv2_trafficrouter.routing.ports import Call, HeaderRules, Rules
from elbv2_trafficrouter.routing.rule import HeaderRule, ListenerRule, Snapshot, SteeredRule


@dataclass(frozen=True, slots=True)
class Job:
    """What a call wants of header rules, and the listeners' rules as it read them."""

    owner: Owner
    intent: Intent
    routes: Sequence[SteeredRule]
    listeners: Collection[Arn]
    snapshot: Snapshot
    call: Call
    still_counts: Callable[[], None]
    """Raises a Problem when nothing may be written for the call any more."""


class HeaderRoutes:
    def __init__(self, rules: Rules, header_rules: HeaderRules, memory: HeaderMemory) -> None:
        self._rules = rules
        self._header_rules = header_rules
        self._memory = memory

    def set(self, route: HeaderRoute, job: Job) -> tuple[HeaderOutcome, ...]:
        """Gives every base rule the route's rule, by writing what differs; no rule without matches."""
        seen = self._look(job)
        steps = plan_header_route(job.intent, route, job.routes, seen) if route.matches else []
        self._check(steps, seen, job)
        outcomes = tuple(self._do(step, job) for step in steps)
        kept = {outcome.rule.arn for outcome in outcomes}
        self._delete_others(route, kept, seen, job)
        return outcomes

    def remove(self, job: Job) -> tuple[Arn, ...]:
        """Deletes all rules of this Rollout. Raises a Problem, when all were tried."""
        try:
            removed = self._delete(self._look(job).ours, job)
            if unknown := self._memory.unanswered(job.owner):
                raise unknown
        except Problem as problem:
            self._memory.removal_failed(job.owner, problem)
            raise
        self._memory.removal_is_over(job.owner)
        self._memory.saw_none(job.owner)
        return removed

    def make_lost_ones(self, job: Job) -> tuple[HeaderOutcome, ...]:
        """Makes the rules that the steps up to now ask for and that are not there.

        Changes none, and raises nothing: weights matter more. Memory keeps the trouble for VerifyWeight.
        """
        outcomes: list[HeaderOutcome] = []
        troubles: list[Problem] = []
        canary = self._memory.canary_of(job.owner)
        if job.intent.managed_routes.may_exist and canary is not Canary.ABSENT:
            self._memory.removal_is_over(job.owner)
            for route in job.intent.managed_routes.wanted:
                try:
                    outcomes += self._make_lost(route, job, canary)
                except Problem as problem:
                    troubles.append(problem)
        self._memory.fell_short(job.owner, next(iter(troubles), None))
        return tuple(outcomes)

    def _make_lost(self, route: HeaderRoute, job: Job, canary: Canary) -> list[HeaderOutcome]:
        lost = [one for one in job.routes if not is_present(job.intent, route, one, job.snapshot.rules)]
        if not lost:
            return []
        seen = self._look(job)
        made_lately = [one for one in lost if is_present(job.intent, route, one, seen.rules)]
        if canary is Canary.UNKNOWN or made_lately:
            raise HeaderRouteMissing(route.name, lost[0].rule)
        planned = plan_header_route(job.intent, route, job.routes, seen)
        steps = [step for step in planned if step.present is None]
        self._check(steps, seen, job)
        outcomes = [self._do(step, job) for step in steps]
        kept = {step.present.arn for step in planned if step.present} | {one.rule.arn for one in outcomes}
        self._delete_others(route, kept, seen, job)
        return outcomes

    def _look(self, job: Job) -> OwnedRules:
        """The listeners' rules, and which of them are ours by form and by tags."""
        rules = self._memory.corrected(job.snapshot, job.listeners)
        bases = {route.rule for route in job.routes}
        groups = {group for route in job.routes for group in route.groups.values()}
        known = self._memory.ours(job.owner) - bases
        alike = [
            arn for arn, rule in rules.items() if arn in known or is_shaped_like_ours(rule, bases, groups)
        ]
        ours = {arn: route for arn, route in self._memory.made_for(job.owner).items() if arn in alike}
        tags = self._header_rules.tags([arn for arn in alike if arn not in ours], job.call)
        for arn, found in tags.items():
            if (route := route_of(found, job.owner)) is not None:
                ours[arn] = route
                self._memory.landed(job.owner, route)
        return OwnedRules(rules, ours)

    def _check(self, steps: Iterable[HeaderRuleChange], seen: OwnedRules, job: Job) -> None:
        """Raises for what AWS would refuse, before anything is written."""
        undone = [step for step in steps if not step.is_done]
        for listener in sorted({step.wanted.listener for step in undone}):
            here = [step for step in undone if step.wanted.listener == listener]
            limits = self._header_rules.limits(listener)
            for step in here:
                check_conditions(step.wanted, limits)
            if new := [step for step in here if step.present is None]:
                used = self._count(listener, seen, job.call)
                check_room(new[0].wanted.route, load_balancer_of(listener), used, len(new), limits)

    def _count(self, listener: Arn, seen: OwnedRules, call: Call) -> int:
        """The rules of the listener's load balancer, without default actions."""
        others = self._header_rules.listeners_beside(listener, call) - {listener}
        rules = [rule for rule in seen.rules.values() if listener_of(rule.arn) == listener]
        rules += self._rules.read(others, call).rules.values()
        return sum(rule.priority is not None for rule in rules)

    def _do(self, step: HeaderRuleChange, job: Job) -> HeaderOutcome:
        wanted = step.wanted
        if step.present is not None and step.is_done:
            return HeaderOutcome(wanted.route, step.present, changed=False)
        job.still_counts()
        if step.present is not None:
            rule = self._change(step.present.arn, wanted, job)
        else:
            with self._memory.creating(job.owner, wanted.route):
                rule = self._header_rules.create(wanted, job.owner.tags_of(wanted.route))
        outcome = HeaderOutcome(wanted.route, rule, changed=True)
        self._memory.made(job.owner, outcome)
        return outcome

    def _change(self, arn: Arn, wanted: HeaderRule, job: Job) -> ListenerRule:
        try:
            return self._header_rules.change(arn, wanted)
        except RuleNotFound as error:
            self._memory.deleted(job.owner, arn)
            raise HeaderRouteMissing(wanted.route, wanted.base) from error

    def _delete_others(self, route: HeaderRoute, kept: Collection[Arn], seen: OwnedRules, job: Job) -> None:
        """The route's rules that stand elsewhere: there they take requests from other rules."""
        self._delete([arn for arn, name in seen.ours.items() if name == route.name and arn not in kept], job)

    def _delete(self, rules: Iterable[Arn], job: Job) -> tuple[Arn, ...]:
        """Each is tried, unless AWS can't be reached; the first failure is raised after them."""
        deleted: list[Arn] = []
        troubles: list[Problem] = []
        for rule in rules:
            try:
                job.still_counts()
                self._header_rules.delete(rule)
            except Problem as problem:
                troubles.append(problem)
                # The next ones would take the time in which an abort waits for its weight.
                if isinstance(problem, OutcomeUnknown | Unreachable | Throttled):
                    break
            else:
                self._memory.deleted(job.owner, rule)
                deleted.append(rule)
        if troubles:
            raise troubles[0]
        return tuple(deleted)
