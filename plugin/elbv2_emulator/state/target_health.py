"""The health of registered targets: how checks and time change it, and how AWS describes it. No I/O."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from elbv2_emulator.state.resources import Checks, Described, State, Target, TargetGroup

Key: TypeAlias = tuple[str, int]

# State → reason code and description.
_REASONS: Mapping[str, tuple[str, str]] = {
    "initial": ("Elb.RegistrationInProgress", "Target registration is in progress"),
    "unhealthy": ("Target.FailedHealthChecks", "Health checks failed"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unavailable": ("Elb.InternalError", "Health checks are unavailable due to an internal error"),
    "unused": ("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"),
}
SETTABLE = ("healthy", "initial", "unhealthy", "draining", "unavailable")
NOT_REGISTERED: Mapping[str, str] = {
    "State": "unused",
    "Reason": "Target.NotRegistered",
    "Description": "Target is not registered to the target group",
}
REGISTERING = Checks()
CHECKING = Checks("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
DISABLED = Checks(
    "unavailable", "Target.HealthCheckDisabled", "Health checks are not enabled for this target"
)


def state_of(target: Target, *, in_use: bool) -> str:
    """The state that AWS shows. A target of a group that no rule names is unused, whatever its checks say."""
    if not in_use:
        return "unused"
    return "draining" if target.draining_until is not None else target.set_state or target.checks.state


def exists(target: Target) -> bool:
    """Whether the registration is complete: until then the target gets neither checks nor traffic."""
    return target.set_state is not None or target.checks != REGISTERING


def health_of(target: Target, *, in_use: bool) -> Mapping[str, str]:
    """The model's TargetHealth."""
    state = state_of(target, in_use=in_use)
    if state == "healthy":
        return {"State": state}
    by_checks = in_use and target.draining_until is None and target.set_state is None
    reason, description = (target.checks.reason, target.checks.description) if by_checks else _REASONS[state]
    return {"State": state, "Reason": reason, "Description": description}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a check did not pass."""

    reason: str
    description: str


TIMED_OUT = Failure("Target.Timeout", "Request timed out")
FAILED = Failure("Target.FailedHealthChecks", "Health checks failed")


Outcome: TypeAlias = int | Failure
"""How a check ended: with the status of an answer, or with a failure to get one."""


def failure_of(outcome: Outcome, settings: Described) -> Failure | None:
    """Why this outcome fails the check, by the group's settings; None if it passes."""
    if isinstance(outcome, Failure):
        return outcome
    for codes in settings["Matcher"].get("HttpCode", "").split(","):
        first, _, last = codes.partition("-")
        if first.isdigit() and int(first) <= outcome <= int(last if last.isdigit() else first):
            return None
    return Failure("Target.ResponseCodeMismatch", f"Health checks failed with these codes: [{outcome}]")


def checks_after(checks: Checks, failure: Failure | None, settings: Described) -> Checks:
    """The findings after one more check. A target that is still initial is healthy after one passed check."""
    if failure is None:
        passed = max(checks.in_a_row, 0) + 1
        needed = settings["HealthyThresholdCount"] if checks.state == "unhealthy" else 1
        return replace(checks, state="healthy" if passed >= needed else checks.state, in_a_row=passed)
    failed = max(-checks.in_a_row, 0) + 1
    if checks.state == "unhealthy" or failed >= settings["UnhealthyThresholdCount"]:
        return replace(
            checks,
            state="unhealthy",
            reason=failure.reason,
            description=failure.description,
            in_a_row=-failed,
        )
    return replace(checks, in_a_row=-failed)


@dataclass(frozen=True, slots=True)
class Check:
    """A check that has to be made of a target, on this port."""

    group: str
    target: Key
    registration: int
    port: int


def due_checks(state: State, now: float) -> Iterator[Check]:
    """The checks that start now or have started, and have no result yet."""
    for group, target in _all_targets(state):
        if _checkable(target) and target.checks.due <= now:
            yield Check(
                group.arn, (target.id, target.port), target.registration, check_port(group, target.port)
            )


def check_port(group: TargetGroup, port: int) -> int:
    """The port on which the target with this port is checked."""
    configured = group.settings["HealthCheckPort"]
    return port if configured == "traffic-port" else int(configured)


def with_result(state: State, check: Check, started: float, outcome: Outcome) -> State:
    """The state after this check has ended. A target that was deregistered meanwhile is not changed."""
    group = state.target_groups.get(check.group)
    target = group.targets.get(check.target) if group is not None else None
    if group is None or target is None or target.registration != check.registration or not _checkable(target):
        return state
    failure = failure_of(outcome, group.settings)
    checks = replace(
        checks_after(target.checks, failure, group.settings),
        due=started + group.settings["HealthCheckIntervalSeconds"],
    )
    return _with_targets(state, group, [(check.target, replace(target, checks=checks))])


def with_checks_due(state: State, changed: frozenset[str]) -> State:
    """The state in which the targets whose backends have changed are due for a check at once."""
    for group in state.target_groups.values():
        changes = [
            (key, replace(target, checks=replace(target.checks, due=0.0)))
            for key, target in group.targets.items()
            if _checkable(target) and f"{target.id}:{check_port(group, target.port)}" in changed
        ]
        state = _with_targets(state, group, changes)
    return state


def as_of(state: State, now: float, still_served: frozenset[str] = frozenset()) -> State:
    """The state as time alone makes it: registrations and draining end, and targets in use are checked.

    `still_served`: groups to which listeners can still forward, whether or not a rule in the state names
    them. Their targets are checked, too.
    """
    in_use = state.groups_in_use().keys() | still_served
    for group in state.target_groups.values():
        targets = [
            (key, _target_as_of(target, group, now, in_use=group.arn in in_use))
            for key, target in group.targets.items()
        ]
        changes = [(key, target) for key, target in targets if target is not group.targets[key]]
        state = _with_targets(state, group, changes)
    return state


def next_change(state: State, now: float) -> float:
    """When time changes the state next; infinite if it never does."""
    times = (
        target.draining_until
        if target.draining_until is not None
        else target.checks.due
        if _checkable(target)
        else target.exists_from
        for _, target in _all_targets(state)
    )
    return min((time for time in times if time > now), default=math.inf)


def _target_as_of(target: Target, group: TargetGroup, now: float, *, in_use: bool) -> Target | None:
    if target.draining_until is not None:
        return target if now < target.draining_until else None
    checks = target.checks
    if not in_use or now < target.exists_from:
        checks = REGISTERING
    elif not group.settings["HealthCheckEnabled"]:
        checks = DISABLED
    elif checks in (REGISTERING, DISABLED):
        checks = CHECKING
    return target if checks == target.checks else replace(target, checks=checks)


def _checkable(target: Target) -> bool:
    return target.draining_until is None and target.checks not in (REGISTERING, DISABLED)


def _all_targets(state: State) -> Iterator[tuple[TargetGroup, Target]]:
    return ((group, target) for group in state.target_groups.values() for target in group.targets.values())


def _with_targets(state: State, group: TargetGroup, changes: Iterable[tuple[Key, Target | None]]) -> State:
    """The state in which these targets of a group are replaced, or removed for None."""
    changed: dict[Key, Any] = dict(changes)
    if not changed:
        return state
    left = {key: target for key, target in {**group.targets, **changed}.items() if target is not None}
    return replace(state, target_groups={**state.target_groups, group.arn: replace(group, targets=left)})
