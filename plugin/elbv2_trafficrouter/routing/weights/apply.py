"""Writes a plan's changes. The caller must hold the locks of the rules' listeners."""

from functools import partial

from elbv2_trafficrouter.routing.outcome import RuleOutcome
from elbv2_trafficrouter.routing.ports import Call, Rules
from elbv2_trafficrouter.routing.rule import SteeredRule
from elbv2_trafficrouter.routing.weights.plan import Plan
from elbv2_trafficrouter.routing.weights.written import AttachedGroups, LastWrites


def apply(
    plan: Plan,
    steered: tuple[SteeredRule, ...],
    *,
    rules: Rules,
    last_writes: LastWrites,
    attached: AttachedGroups,
    call: Call,
) -> tuple[RuleOutcome, ...]:
    """Writes the changes in order. Returns every rule of the plan as it is afterwards.

    Before each write, checks that `call` is still current. Raises what the check or the write raises.
    """
    written = {}
    for change in plan.changes:
        write = partial(rules.write, change.after, call)
        written[change.after.arn] = last_writes.send(change.before, write)
    for rule in plan.rules:
        attached.record(rule)
    return tuple(
        RuleOutcome(written.get(rule.arn, rule), each, changed=rule.arn in written)
        for each, rule in zip(steered, plan.rules, strict=True)
    )
