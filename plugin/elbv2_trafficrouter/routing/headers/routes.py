"""Header rules: sets, removes and restores them."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from elbv2_trafficrouter.arn import Arn, listener_of, load_balancer_of
from elbv2_trafficrouter.errors import Kind, Problem
from elbv2_trafficrouter.errors.aws import Throttled
from elbv2_trafficrouter.errors.call import Superseded
from elbv2_trafficrouter.errors.managed_routes import HeaderRouteMissing
from elbv2_trafficrouter.errors.rules import RuleNotFound
from elbv2_trafficrouter.rollout.intent import HeaderRoute, Intent
from elbv2_trafficrouter.routing.headers.canary import Canary, CanaryPods
from elbv2_trafficrouter.routing.headers.limits import (
    check_conditions,
    check_number_of_routes,
    check_room,
)
from elbv2_trafficrouter.routing.headers.plan import (
    HeaderRuleChange,
    OwnedRules,
    is_present,
    plan_header_route,
)
from elbv2_trafficrouter.routing.headers.reads import HeaderReads
from elbv2_trafficrouter.routing.headers.recent import RecentRules
from elbv2_trafficrouter.routing.headers.troubles import Troubles
from elbv2_trafficrouter.routing.outcome import HeaderRuleOutcome
from elbv2_trafficrouter.routing.ownership import Owner, is_shaped_like_ours, route_of
from elbv2_trafficrouter.routing.ports import Call, Elbv2
from elbv2_trafficrouter.routing.rule import (
    DEFAULT_RULES_PER_LOAD_BALANCER,
    HeaderRule,
    ListenerRule,
    Snapshot,
    SteeredRule,
)

_ENDING = {Kind.CANCELLED, Kind.DEADLINE_EXCEEDED, Kind.UNAUTHENTICATED, Kind.UNAVAILABLE}


def ends_the_call(problem: Problem) -> bool:
    """Whether further requests would fail, too, and only take time from calls that wait for the listener."""
    return problem.kind in _ENDING or isinstance(problem, Superseded | Throttled)


@dataclass(frozen=True, slots=True)
class HeaderRuleContext:
    """The Rollout that a call is about, its listeners' rules as the call read them, and the call itself."""

    owner: Owner
    intent: Intent
    steered: Sequence[SteeredRule]
    listeners: Collection[Arn]
    snapshot: Snapshot
    reads: HeaderReads
    turn: Call
    """For writes: not current any more once a newer call about header routes has begun."""


class HeaderRoutes:
    """The caller holds the locks of the listeners, except for the methods that prepare."""

    def __init__(
        self, elbv2: Elbv2, canary_pods: CanaryPods, recent: RecentRules, troubles: Troubles
    ) -> None:
        self._elbv2 = elbv2
        self._canary_pods = canary_pods
        self._recent = recent
        self._troubles = troubles

    def prepare(self, route: HeaderRoute, context: HeaderRuleContext) -> list[Arn]:
        """Sends the reads on which `set` decides, so that it sends none under a lock.

        Returns the listeners of the rules that it would write, one for each rule. What fails here also fails
        there.
        """
        with suppress(Problem):
            changes, existing = self._changes(route, context)
            kept = {change.present.arn for change in changes if change.present}
            writes = [change.wanted.listener for change in changes if not change.is_done]
            return writes + [listener_of(arn) for arn in _elsewhere(route, kept, existing)]
        return []

    def prepare_restoring(self, context: HeaderRuleContext) -> list[Arn]:
        """As `prepare`, for `restore_missing`."""
        listeners: list[Arn] = []
        for route in context.intent.managed_routes.wanted if self._may_restore(context) else ():
            with suppress(Problem):
                if self._missing(route, context):
                    listeners += self.prepare(route, context)
        return listeners

    def prepare_removal(self, context: HeaderRuleContext) -> list[Arn]:
        """As `prepare`, for `remove`."""
        with suppress(Problem):
            return [listener_of(rule) for rule in self._survey(context).owned]
        return []

    def set(self, route: HeaderRoute, context: HeaderRuleContext) -> tuple[HeaderRuleOutcome, ...]:
        """Gives every base rule the route's rule, by writes where it differs; no rule without matches."""
        changes, existing = self._changes(route, context)
        outcomes = tuple(self._carry_out(change, context) for change in changes)
        kept = {outcome.rule.arn for outcome in outcomes}
        self._delete_elsewhere(route, kept, existing, context)
        return outcomes

    def remove(self, context: HeaderRuleContext) -> tuple[Arn, ...]:
        """Deletes all rules of this Rollout. Raises a Problem once all have been tried."""
        owner = context.owner
        try:
            removed = self._delete(self._survey(context).owned, context)
            if unknown := self._recent.unanswered_create(owner):
                raise unknown
        except Problem as problem:
            self._troubles.record_failed_removal(owner, problem)
            raise
        self._troubles.forget_failed_removal(owner)
        self._recent.record_none(owner)
        return removed

    def restore_missing(self, context: HeaderRuleContext) -> tuple[HeaderRuleOutcome, ...]:
        """Creates the rules that the steps so far ask for and that do not exist.

        Deletes other rules of a route whose rule was created again; changes no other rule. Raises no
        Problem, because weights matter more: VerifyWeight reports what could not be created.
        """
        outcomes: list[HeaderRuleOutcome] = []
        problems: list[Problem] = []
        self._recent.keep_created_here(context.owner)
        if self._may_restore(context):
            self._troubles.forget_failed_removal(context.owner)
            for route in context.intent.managed_routes.wanted:
                try:
                    outcomes += self._restore(route, context)
                except Problem as problem:
                    problems.append(problem)
                    if ends_the_call(problem):
                        break
        self._troubles.record_missing(context.owner, next(iter(problems), None))
        return tuple(outcomes)

    def _may_restore(self, context: HeaderRuleContext) -> bool:
        canary = self._canary_pods.of(context.owner)
        return context.intent.managed_routes.may_exist and canary is not Canary.ABSENT

    def _missing(self, route: HeaderRoute, context: HeaderRuleContext) -> list[SteeredRule]:
        """The base rules that lack the route's rule."""
        rules = context.snapshot.rules
        return [each for each in context.steered if not is_present(context.intent, route, each, rules)]

    def _restore(self, route: HeaderRoute, context: HeaderRuleContext) -> list[HeaderRuleOutcome]:
        intent = context.intent
        self._check_number_of_routes(context)
        missing = self._missing(route, context)
        if not missing:
            return []
        context.turn.require_current()
        existing = self._survey(context)
        was_created_lately = any(is_present(intent, route, each, existing.rules) for each in missing)
        is_unknown = self._canary_pods.of(context.owner) is Canary.UNKNOWN
        if is_unknown or was_created_lately:
            raise HeaderRouteMissing(route.name, missing[0].rule)
        planned = plan_header_route(intent, route, context.steered, existing)
        changes = [change for change in planned if change.present is None]
        if not changes:
            return []
        self._check_changes(changes, existing, context)
        outcomes = [self._carry_out(change, context) for change in changes]
        kept = {change.present.arn for change in planned if change.present}
        kept |= {outcome.rule.arn for outcome in outcomes}
        self._delete_elsewhere(route, kept, existing, context)
        return outcomes

    def _changes(
        self, route: HeaderRoute, context: HeaderRuleContext
    ) -> tuple[list[HeaderRuleChange], OwnedRules]:
        """The changes that a route needs, within AWS's limits, and the rules that exist."""
        if not route.matches:
            return [], self._survey(context)
        self._check_number_of_routes(context)
        existing = self._survey(context)
        changes = plan_header_route(context.intent, route, context.steered, existing)
        self._check_changes(changes, existing, context)
        return changes, existing

    def _survey(self, context: HeaderRuleContext) -> OwnedRules:
        """The listeners' rules, and those of them that belong to this Rollout by form and by tags."""
        owner = context.owner
        rules = self._recent.corrected(context.snapshot, context.listeners)
        bases = {each.rule for each in context.steered}
        groups = frozenset[Arn]().union(*(each.our_groups for each in context.steered))
        created_here = self._recent.created_here(owner) - bases
        candidates = [
            arn
            for arn, rule in rules.items()
            if arn in created_here or is_shaped_like_ours(rule, bases, groups)
        ]
        created_lately = self._recent.routes_of_created(owner)
        owned = {arn: route for arn, route in created_lately.items() if arn in candidates}
        tags = context.reads.tags([arn for arn in candidates if arn not in owned])
        for arn, found in tags.items():
            if (route := route_of(found, owner)) is not None:
                owned[arn] = route
                self._recent.confirm_create(owner, route)
        return OwnedRules(rules, owned)

    def _check_number_of_routes(self, context: HeaderRuleContext) -> None:
        """Raises if no load balancer of the account could have a rule for each managed route."""
        names = context.intent.managed_routes.names
        if len(names) > DEFAULT_RULES_PER_LOAD_BALANCER:  # only then is the account's quota read
            for listener in sorted({each.listener for each in context.steered}):
                check_number_of_routes(len(names), context.reads.limits(listener))

    def _check_changes(
        self, changes: Iterable[HeaderRuleChange], existing: OwnedRules, context: HeaderRuleContext
    ) -> None:
        """Raises for what the router or AWS would refuse, before anything is written."""
        undone = [change for change in changes if not change.is_done]
        if undone:
            context.reads.require_steerable(context.steered)
        for listener in sorted({change.wanted.listener for change in undone}):
            on_listener = [change for change in undone if change.wanted.listener == listener]
            limits = context.reads.limits(listener)
            for change in on_listener:
                check_conditions(change.wanted, limits)
            if new := [change for change in on_listener if change.present is None]:
                used = self._count_rules(listener, existing, context)
                check_room(new[0].wanted.route, load_balancer_of(listener), used, len(new), limits)

    def _count_rules(self, listener: Arn, existing: OwnedRules, context: HeaderRuleContext) -> int:
        """The number of rules of the listener's load balancer, without default actions."""
        balancer = load_balancer_of(listener)
        known = [
            rule
            for rule in existing.rules.values()
            if load_balancer_of(listener_of(rule.arn)) == balancer and rule.priority is not None
        ]
        return len(known) + context.reads.count_rules_beside(listener, context.listeners)

    def _carry_out(self, change: HeaderRuleChange, context: HeaderRuleContext) -> HeaderRuleOutcome:
        wanted, present, owner = change.wanted, change.present, context.owner
        if present is not None and change.is_done:
            return HeaderRuleOutcome(wanted.route, present, changed=False)
        if present is not None:
            rule = self._replace(present.arn, wanted, context)
        else:
            tags = owner.tags_of(wanted.route)
            create = partial(self._elbv2.rules.create, wanted, tags, context.turn)
            rule = self._recent.send_create(owner, wanted.route, create)
        outcome = HeaderRuleOutcome(wanted.route, rule, changed=True)
        self._recent.record_write(owner, outcome)
        return outcome

    def _replace(self, arn: Arn, wanted: HeaderRule, context: HeaderRuleContext) -> ListenerRule:
        try:
            return self._elbv2.rules.replace(arn, wanted, context.turn)
        except RuleNotFound as error:
            self._recent.record_delete(context.owner, arn)
            raise HeaderRouteMissing(wanted.route, wanted.base) from error

    def _delete_elsewhere(
        self, route: HeaderRoute, kept: Collection[Arn], existing: OwnedRules, context: HeaderRuleContext
    ) -> None:
        """Deletes the route's other rules, which take requests from other rules than the base."""
        self._delete(_elsewhere(route, kept, existing), context)

    def _delete(self, rules: Iterable[Arn], context: HeaderRuleContext) -> tuple[Arn, ...]:
        """Tries each rule, until a failure ends the call. Raises the first failure, if there was any."""
        deleted: list[Arn] = []
        problems: list[Problem] = []
        for rule in rules:
            try:
                self._elbv2.rules.delete(rule, context.turn)
            except Problem as problem:
                problems.append(problem)
                if ends_the_call(problem):
                    break
            else:
                self._recent.record_delete(context.owner, rule)
                deleted.append(rule)
        if problems:
            raise problems[0]
        return tuple(deleted)


def _elsewhere(route: HeaderRoute, kept: Collection[Arn], existing: OwnedRules) -> list[Arn]:
    """The route's rules besides those that are kept."""
    return [arn for arn, name in existing.owned.items() if name == route.name and arn not in kept]
