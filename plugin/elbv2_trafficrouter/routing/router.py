"""Handles each call: reads the rules, decides, writes, and returns the outcome."""

from collections.abc import Mapping

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.rules import ListenerNotFound
from elbv2_trafficrouter.rollout.intent import HeaderRoute, Intent
from elbv2_trafficrouter.routing.access import Access
from elbv2_trafficrouter.routing.headers.canary import Canary, CanaryPods
from elbv2_trafficrouter.routing.headers.reads import HeaderReads
from elbv2_trafficrouter.routing.headers.recent import RecentRules
from elbv2_trafficrouter.routing.headers.routes import HeaderRoutes, HeaderRuleContext
from elbv2_trafficrouter.routing.headers.troubles import Troubles
from elbv2_trafficrouter.routing.locks import Locks
from elbv2_trafficrouter.routing.outcome import HeaderRuleOutcome, Outcome, RuleOutcome, Verification
from elbv2_trafficrouter.routing.ownership import Installation, Owner, owner_of
from elbv2_trafficrouter.routing.ports import AnyRegion, Call, Elbv2, Regions, Runtime
from elbv2_trafficrouter.routing.rule import ListenerRule, Snapshot, SteeredRule
from elbv2_trafficrouter.routing.turns import Subject, Turns
from elbv2_trafficrouter.routing.weights.apply import apply
from elbv2_trafficrouter.routing.weights.plan import Plan, plan, plan_attachment
from elbv2_trafficrouter.routing.weights.verify import verify
from elbv2_trafficrouter.routing.weights.written import AttachedGroups, LastWrites


class Router:
    """Any thread can call it: each part of its state has its own lock, or a listener's lock protects it."""

    def __init__(
        self, elbv2: Elbv2, runtime: Runtime, installation: Installation, regions: Regions | None = None
    ) -> None:
        """`regions`: None for any."""
        self._elbv2 = elbv2
        self._regions = regions or AnyRegion()
        self._installation = installation
        self._access = Access(elbv2.tags, runtime)
        self._turns = Turns(runtime)
        self._locks = Locks(runtime)
        self._last_writes = LastWrites(runtime)
        self._attached = AttachedGroups(runtime)
        self._canary_pods = CanaryPods(runtime)
        self._recent = RecentRules(runtime)
        self._troubles = Troubles(runtime)
        self._header_routes = HeaderRoutes(elbv2, self._canary_pods, self._recent, self._troubles)

    def set_weight(self, intent: Intent, call: Call) -> Outcome:
        """Writes the intent's shares to every rule that does not have them. Raises a Problem.

        Then recreates the missing rules of header routes.
        """
        steered = _steered(intent)
        listeners = _listeners(steered)
        with (
            self._turns.begin(Subject.WEIGHTS, intent, call) as turn,
            self._turns.join(Subject.MANAGED_ROUTES, intent, call) as header_turn,
            self._locks.held(listeners, call),
        ):
            snapshot = self._read(listeners, call)
            planned = plan(intent, steered, snapshot, self._last_writes.of(steered))
            rules = self._apply(planned, steered, turn)
            context = self._header_rule_context(intent, steered, snapshot, call, header_turn)
            return Outcome(rules, self._header_routes.restore_missing(context))

    def verify_weight(self, intent: Intent, call: Call) -> Verification:
        """Reads every rule again, and compares it with the intent's shares.

        If the rules can't be read, returns "not verified" instead of raising: the controller would proceed
        after an error.
        """
        owner = owner_of(intent, self._installation)
        self._canary_pods.record_present(owner)
        steered = _steered(intent)
        try:
            snapshot = self._read(_listeners(steered), call)
            planned = plan(intent, steered, snapshot, last_writes={})
        except Problem as problem:
            return Verification(problem)
        header_trouble = self._troubles.of_verification(owner, intent.canary.share)
        return verify(intent, steered, planned, header_trouble)

    def set_header_route(
        self, intent: Intent, route: HeaderRoute, call: Call
    ) -> tuple[HeaderRuleOutcome, ...]:
        """Creates or updates a rule above every steered rule that sends these requests to the canary.

        Does nothing if the update is over or the canary has no pods. Raises a Problem.
        """
        owner = owner_of(intent, self._installation)
        with self._turns.begin(Subject.MANAGED_ROUTES, intent, call) as turn:
            if not intent.managed_routes.may_exist or self._canary_pods.of(owner) is Canary.ABSENT:
                return ()
            steered = _steered(intent)
            listeners = _listeners(steered)
            with self._locks.held(listeners, call):
                snapshot = self._read(listeners, call)
                context = self._header_rule_context(intent, steered, snapshot, call, turn)
                return self._header_routes.set(route, context)

    def remove_managed_routes(self, intent: Intent, call: Call) -> tuple[Arn, ...]:
        """Deletes this Rollout's header rules. Raises a Problem.

        Then adds the Rollout's target groups to the rules that do not have them, at weight 0.
        """
        owner = owner_of(intent, self._installation)
        with self._turns.begin(Subject.MANAGED_ROUTES, intent, call) as turn:
            self._canary_pods.record_absent(owner)
            steered = _steered(intent)
            if all(map(self._attached.has_all, steered)) and self._recent.has_none(owner):
                return ()
            if problem := self._troubles.of_recent_removal(owner):
                raise problem
            listeners = _listeners(steered)
            elsewhere = {listener_of(rule) for rule in self._recent.created_here(owner)} - listeners
            with self._locks.held(listeners | elsewhere, call):
                snapshot = self._read(listeners, call)
                for listener in elsewhere:
                    snapshot = snapshot.with_rules(self._read_former(listener, owner, call))
                context = self._header_rule_context(intent, steered, snapshot, call, turn)
                removed = self._header_routes.remove(context)
                planned = plan_attachment(intent, steered, snapshot, self._last_writes.of(steered))
                # Attaching a group changes no share, so a newer call does not stop it.
                self._apply(planned, steered, call)
                return removed

    def _read(self, listeners: frozenset[Arn], call: Call) -> Snapshot:
        """The listeners' rules, for which every call sends its first request."""
        for listener in sorted(listeners):
            self._regions.require_allowed(listener)
        return self._elbv2.rules.read(listeners, call)

    def _read_former(self, listener: Arn, owner: Owner, call: Call) -> Mapping[Arn, ListenerRule]:
        """The rules of a listener that the Rollout no longer names. The listener may have been deleted."""
        try:
            return self._read(frozenset({listener}), call).rules
        except ListenerNotFound:
            self._recent.forget_listener(owner, listener)
            return {}

    def _apply(self, planned: Plan, steered: tuple[SteeredRule, ...], call: Call) -> tuple[RuleOutcome, ...]:
        if planned.changes:
            self._access.require_steerable(steered, call)
        return apply(
            planned,
            steered,
            rules=self._elbv2.rules,
            last_writes=self._last_writes,
            attached=self._attached,
            call=call,
        )

    def _header_rule_context(
        self, intent: Intent, steered: tuple[SteeredRule, ...], snapshot: Snapshot, call: Call, turn: Call
    ) -> HeaderRuleContext:
        return HeaderRuleContext(
            owner=owner_of(intent, self._installation),
            intent=intent,
            steered=steered,
            listeners=_listeners(steered) | {listener_of(rule) for rule in snapshot.rules},
            snapshot=snapshot,
            reads=HeaderReads(self._elbv2, self._access, call),
            turn=turn,
        )


def _steered(intent: Intent) -> tuple[SteeredRule, ...]:
    """The configured rules, each with the target groups of all Services in the configuration.

    All of these groups belong to this Rollout: the group of an experiment that has ended gets weight 0.
    """
    return tuple(SteeredRule(rule, intent.config.groups) for rule in intent.config.rule_arns)


def _listeners(steered: tuple[SteeredRule, ...]) -> frozenset[Arn]:
    return frozenset(each.listener for each in steered)
