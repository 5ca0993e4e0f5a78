"""Writes a plan, and only for a call that still counts."""

from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded, Superseded
from elbv2_trafficrouter.routing.outcome import RuleOutcome
from elbv2_trafficrouter.routing.ports import Call, Rules
from elbv2_trafficrouter.routing.rule import SteeredRule
from elbv2_trafficrouter.routing.weights.plan import Plan
from elbv2_trafficrouter.routing.weights.written import Memory, Turn


def apply(
    plan: Plan,
    routes: tuple[SteeredRule, ...],
    *,
    rules: Rules,
    memory: Memory,
    call: Call,
    turn: Turn | None,
) -> tuple[RuleOutcome, ...]:
    """Sends the plan's changes in order and gives every rule as it is then.

    `turn` is the SetWeight's; None for a call that newer ones need not stop, because it changes no share.
    Raises Superseded, ClientDisconnected, DeadlineExceeded before a write that must not be sent any more,
    and what the write raises. The rules' listeners are held by the caller.
    """
    written = {}
    for change in plan.changes:
        check_that_it_still_counts(memory, call, turn)
        with memory.writing(change.after.arn):
            rule = written[change.after.arn] = rules.write(change)
        memory.answered(rule)
    memory.saw(plan)
    return tuple(
        RuleOutcome(written.get(rule.arn, rule), route, changed=rule.arn in written)
        for route, rule in zip(routes, plan.rules, strict=True)
    )


def check_that_it_still_counts(memory: Memory, call: Call, turn: Turn | None) -> None:
    """Before each write. Raises Superseded, ClientDisconnected, DeadlineExceeded."""
    if turn is not None and not memory.is_newest(turn):
        raise Superseded(turn.about, turn.namespace, turn.rollout)
    if not call.client_is_there():
        raise ClientDisconnected
    if call.seconds_left() <= 0:
        raise DeadlineExceeded("AWS")
