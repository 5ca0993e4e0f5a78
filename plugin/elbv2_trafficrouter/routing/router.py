"""Handles each call: reads the rules, decides, writes, and returns the outcome."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TypeAlias

from elbv2_trafficrouter.arn import Arn, listener_of
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.call import Superseded
from elbv2_trafficrouter.errors.rules import ListenerNotFound
from elbv2_trafficrouter.rollout.intent import HeaderRoute, Intent
from elbv2_trafficrouter.routing.access import Access
from elbv2_trafficrouter.routing.headers.canary import Canary, CanaryPods
from elbv2_trafficrouter.routing.headers.reads import HeaderReads
from elbv2_trafficrouter.routing.headers.recent import RecentRules
from elbv2_trafficrouter.routing.headers.routes import HeaderRoutes, HeaderRuleContext
from elbv2_trafficrouter.routing.headers.troubles import Troubles
from elbv2_trafficrouter.routing.last_intents import LastIntents
from elbv2_trafficrouter.routing.locks import Locks
from elbv2_trafficrouter.routing.outcome import HeaderRuleOutcome, Outcome, RuleOutcome, Verification
from elbv2_trafficrouter.routing.ownership import Installation, Owner, owner_of
from elbv2_trafficrouter.routing.ports import (
    REUSE_SECONDS,
    AnyRegion,
    Call,
    Elbv2,
    PrioritizedCall,
    Priority,
    Regions,
    Runtime,
    Urgency,
)
from elbv2_trafficrouter.routing.rule import ListenerRule, Snapshot, SteeredRule
from elbv2_trafficrouter.routing.turns import Subject, Turns
from elbv2_trafficrouter.routing.urgency import urgency_of
from elbv2_trafficrouter.routing.weights.apply import apply
from elbv2_trafficrouter.routing.weights.plan import Plan, plan, plan_attachment
from elbv2_trafficrouter.routing.weights.verify import verify
from elbv2_trafficrouter.routing.weights.written import AttachedGroups, LastWrites

_Decide: TypeAlias = Callable[
    [Intent, tuple[SteeredRule, ...], Snapshot, Mapping[Arn, ListenerRule | None]], Plan
]

_LONGEST_WAIT_SECONDS = 3.0
"""If tokens and locks take longer, the rules are read again before a write is decided."""


class Router:
    """Any thread can call it: each part of its state has its own lock, or a listener's lock protects it.

    A call reads and decides without a lock, and waits for its share of AWS's API limits without one. Under
    the listeners' locks, it decides again, because other calls may have written since, and writes.
    """

    def __init__(
        self, elbv2: Elbv2, runtime: Runtime, installation: Installation, regions: Regions | None = None
    ) -> None:
        """`regions`: None for any."""
        self._elbv2 = elbv2
        self._now = runtime.now
        self._regions = regions or AnyRegion()
        self._installation = installation
        self._access = Access(elbv2.tags, runtime)
        self._turns = Turns(runtime)
        self._locks = Locks(runtime)
        self._last_intents = LastIntents(runtime)
        self._last_verified = LastIntents(runtime)
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
        urgency = urgency_of(intent, steered, self._last_writes.of(steered))
        with (
            self._prioritized(call, urgency, intent) as prioritized,
            self._turns.begin(Subject.WEIGHTS, intent, prioritized) as turn,
            self._turns.join(Subject.MANAGED_ROUTES, intent, prioritized) as header_turn,
        ):
            snapshot = self._read(listeners, self._last_intents.begin(intent), turn)
            rules, snapshot = self._write(plan, intent, steered, snapshot, turn)
            context = self._header_rule_context(intent, steered, snapshot, prioritized, header_turn)
            restored = self._restore_header_routes(context)
            with suppress(Superseded):  # a newer call may have recorded its intent already
                turn.require_current()
                self._last_intents.record_success(intent)
            return Outcome(rules, restored)

    def verify_weight(self, intent: Intent, call: Call) -> Verification:
        """Reads every rule again, and compares it with the intent's shares. Remembered writes do not count.

        If the rules can't be read, returns "not verified" instead of raising: the controller would proceed
        after an error.
        """
        owner = owner_of(intent, self._installation)
        self._canary_pods.record_present(owner)
        steered = _steered(intent)
        try:
            with self._prioritized(call, Urgency.VERIFICATION, intent) as prioritized:
                # A repeated verification may use the read of the one before, but none from before a write.
                since = max(self._last_verified.begin(intent), self._last_writes.latest(steered))
                snapshot = self._read(_listeners(steered), since, prioritized)
            planned = plan(intent, steered, snapshot, last_writes={})
        except Problem as problem:
            return Verification(problem)
        header_trouble = self._troubles.of_verification(owner, intent.canary.share)
        verification = verify(intent, steered, planned, header_trouble)
        if verification.trouble is None:
            self._last_verified.record_success(intent)
        return verification

    def set_header_route(
        self, intent: Intent, route: HeaderRoute, call: Call
    ) -> tuple[HeaderRuleOutcome, ...]:
        """Creates or updates a rule above every steered rule that sends these requests to the canary.

        Does nothing if the update is over or the canary has no pods. Raises a Problem.
        """
        owner = owner_of(intent, self._installation)
        with (
            self._prioritized(call, Urgency.RISE, intent) as prioritized,
            self._turns.begin(Subject.MANAGED_ROUTES, intent, prioritized) as turn,
        ):
            if not intent.managed_routes.may_exist or self._canary_pods.of(owner) is Canary.ABSENT:
                return ()
            steered = _steered(intent)
            snapshot = self._read(_listeners(steered), self._now(), turn)
            context = self._header_rule_context(intent, steered, snapshot, prioritized, turn)
            writes = self._header_routes.prepare(route, context)
            with self._locked(context, writes) as locked:
                return self._header_routes.set(route, locked)

    def remove_managed_routes(self, intent: Intent, call: Call) -> tuple[Arn, ...]:
        """Deletes this Rollout's header rules. Raises a Problem.

        Then adds the Rollout's target groups to the rules that do not have them, at weight 0.
        """
        owner = owner_of(intent, self._installation)
        urgency = Urgency.ABORT if intent.is_aborted else Urgency.TO_STABLE
        with (
            self._prioritized(call, urgency, intent) as prioritized,
            self._turns.begin(Subject.MANAGED_ROUTES, intent, prioritized) as turn,
        ):
            self._canary_pods.record_absent(owner)
            steered = _steered(intent)
            if all(map(self._attached.has_all, steered)) and self._recent.has_none(owner):
                return ()
            if problem := self._troubles.of_recent_removal(owner):
                raise problem
            # A rule that this process made since is known, and no other one makes any at the same time.
            begun = self._now()
            snapshot = self._read(_listeners(steered), begun - REUSE_SECONDS, turn)
            for listener in {listener_of(rule) for rule in self._recent.created_here(owner)}:
                if listener not in snapshot.began:
                    snapshot = snapshot.with_snapshot(self._read_former(listener, owner, turn))
            context = self._header_rule_context(intent, steered, snapshot, prioritized, turn)
            writes = self._header_routes.prepare_removal(context)
            with self._locked(context, writes) as locked:
                removed = self._header_routes.remove(locked)
            is_reused = min(snapshot.began.values()) < begun
            if is_reused and not self._has_all_groups(intent, steered, snapshot):
                snapshot = self._read(_listeners(steered), self._now(), turn)
            # Attaching a group changes no share, so a newer call does not stop it.
            self._write(plan_attachment, intent, steered, snapshot, prioritized)
            return removed

    def _has_all_groups(self, intent: Intent, steered: tuple[SteeredRule, ...], snapshot: Snapshot) -> bool:
        try:
            return not self._planned(plan_attachment, intent, steered, snapshot).changes
        except Problem:  # a later read may show that it has been corrected
            return False

    @contextmanager
    def _prioritized(self, call: Call, urgency: Urgency, intent: Intent) -> Iterator[Call]:
        """The call with its priority, until it ends."""
        self._elbv2.seats.enter(call)
        try:
            yield PrioritizedCall(call, Priority(urgency, intent.namespace))
        finally:
            self._elbv2.seats.leave(call)

    def _read(self, listeners: frozenset[Arn], since: float, call: Call) -> Snapshot:
        """The listeners' rules, which every call needs first."""
        for listener in sorted(listeners):
            self._regions.require_allowed(listener)
        return self._elbv2.rules.read(listeners, since, call)

    def _read_former(self, listener: Arn, owner: Owner, call: Call) -> Snapshot:
        """The rules of a listener that the Rollout no longer names. The listener may have been deleted."""
        try:
            return self._read(frozenset({listener}), self._now(), call)
        except ListenerNotFound:
            self._recent.forget_listener(owner, listener)
            return Snapshot({}, {})

    def _write(
        self,
        decide: _Decide,
        intent: Intent,
        steered: tuple[SteeredRule, ...],
        snapshot: Snapshot,
        call: Call,
    ) -> tuple[tuple[RuleOutcome, ...], Snapshot]:
        """Writes what `decide` plans. Returns the rules as they are now, and the read they are based on."""
        changes = self._planned(decide, intent, steered, snapshot).changes
        if changes:
            self._access.require_steerable(steered, call)
        before = {change.before.arn: change.before for change in changes}
        urgency = urgency_of(intent, [each for each in steered if each.rule in before], before)
        call = PrioritizedCall(call, Priority(urgency, intent.namespace))
        decided_at = self._now()
        with (
            self._elbv2.rules.reserved_writes([change.after.arn for change in changes], call) as writing,
            self._locked_snapshot(snapshot, decided_at, call) as current,
        ):
            planned = self._planned(decide, intent, steered, current)
            if planned.changes and not changes:
                self._access.require_steerable(steered, call)
            written = apply(
                planned,
                steered,
                rules=self._elbv2.rules,
                last_writes=self._last_writes,
                attached=self._attached,
                call=writing,
            )
            return written, current

    def _planned(
        self, decide: _Decide, intent: Intent, steered: tuple[SteeredRule, ...], snapshot: Snapshot
    ) -> Plan:
        corrected = self._last_writes.corrected(snapshot)
        return decide(intent, steered, corrected, self._last_writes.of(steered))

    def _restore_header_routes(self, context: HeaderRuleContext) -> tuple[HeaderRuleOutcome, ...]:
        """Raises no Problem, because weights matter more: VerifyWeight reports it."""
        try:
            writes = self._header_routes.prepare_restoring(context)
            with self._locked(context, writes) as locked:
                return self._header_routes.restore_missing(locked)
        except Problem as problem:
            self._troubles.record_missing(context.owner, problem)
            return ()

    @contextmanager
    def _locked(self, context: HeaderRuleContext, writes: Collection[Arn]) -> Iterator[HeaderRuleContext]:
        """Holds the listeners' locks. The yielded context can make these writes without waiting."""
        decided_at = self._now()
        with (
            self._elbv2.rules.reserved_writes(writes, context.turn) as writing,
            self._locked_snapshot(context.snapshot, decided_at, context.turn) as snapshot,
        ):
            yield replace(context, snapshot=snapshot, turn=writing)

    @contextmanager
    def _locked_snapshot(self, snapshot: Snapshot, decided_at: float, call: Call) -> Iterator[Snapshot]:
        """Holds the locks of the snapshot's listeners. Reads them again if waiting has taken long."""
        listeners = frozenset(snapshot.began)
        while True:
            with self._locks.held(listeners, call):
                if self._now() - decided_at <= _LONGEST_WAIT_SECONDS:
                    yield snapshot
                    return
            snapshot = self._read(listeners, self._now(), call)
            decided_at = self._now()

    def _header_rule_context(
        self, intent: Intent, steered: tuple[SteeredRule, ...], snapshot: Snapshot, call: Call, turn: Call
    ) -> HeaderRuleContext:
        return HeaderRuleContext(
            owner=owner_of(intent, self._installation),
            intent=intent,
            steered=steered,
            listeners=frozenset(snapshot.began),
            snapshot=snapshot,
            reads=HeaderReads(self._elbv2, self._access, self._now(), call),
            turn=turn,
        )


def _steered(intent: Intent) -> tuple[SteeredRule, ...]:
    """The configured rules, each with the target groups of all Services in the configuration.

    All of these groups belong to this Rollout: the group of an experiment that has ended gets weight 0.
    """
    return tuple(SteeredRule(rule, intent.config.groups) for rule in intent.config.rule_arns)


def _listeners(steered: tuple[SteeredRule, ...]) -> frozenset[Arn]:
    return frozenset(each.listener for each in steered)
