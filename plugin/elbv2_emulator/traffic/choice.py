"""Chooses a target for a forward action: by cookie, otherwise by weight and round robin. No I/O."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from elbv2_emulator.state.resources import Described, State, Target, TargetGroup, forwards
from elbv2_emulator.traffic import stickiness
from elbv2_emulator.traffic.selection import choose_group, eligible
from elbv2_emulator.traffic.stickiness import Cookies, Hold, Stickiness


@dataclass(frozen=True, slots=True)
class Choice:
    """`refusal`: the status of the response if there is no target. `holds`: what the client must stick to.

    `deleted_group`: the ARN of the chosen group, if it has been deleted while listeners still forward to it.
    """

    group: TargetGroup | None
    target: Target | None = None
    refusal: int = 503
    holds: tuple[Hold, ...] = ()
    deleted_group: str | None = None


class Chooser:
    """Chooses the group by weight and its targets in turn, unless a cookie holds the client to one."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._turns: defaultdict[str, int] = defaultdict(int)

    def choose(
        self, action: Described, state: State, cookies: Cookies, now: float, *, serve_initial: bool
    ) -> Choice:
        by_group = stickiness.group_stickiness(action)
        arns = [arn for arn, _ in forwards(action)]
        held_to = by_group.held_to(cookies, now) if by_group is not None else None
        arn = held_to if held_to in arns else choose_group(action, self._random)
        if arn is None:
            return Choice(None)
        group = state.target_groups.get(arn)
        if group is None:
            # Once no current rule names a group, it can be deleted before listeners apply that change.
            return Choice(None, deleted_group=arn)
        if group.settings["ProtocolVersion"] != "HTTP1":
            # Listeners speak only HTTP/1.1 here, which the targets of such a group do not accept.
            return Choice(group, refusal=464)
        targets = eligible(group, serve_initial=serve_initial)
        if not targets:
            return Choice(group)
        by_target = stickiness.target_stickiness(group, alone=len(arns) == 1)
        held_target = _held_target(group, targets, by_target, cookies, now)
        target = held_target or self._next(group, targets)
        holds = []
        if by_group is not None:
            holds.append(Hold(by_group, arn, kept=arn == held_to))
        if by_target is not None:
            identity = stickiness.target_identity(arn, target)
            holds.append(Hold(by_target, identity, kept=held_target is not None))
        return Choice(group, target, holds=tuple(holds))

    def _next(self, group: TargetGroup, targets: Sequence[Target]) -> Target:
        turn = self._turns[group.arn]
        self._turns[group.arn] = turn + 1
        return targets[turn % len(targets)]


def _held_target(
    group: TargetGroup, targets: Sequence[Target], by: Stickiness | None, cookies: Cookies, now: float
) -> Target | None:
    held_to = by.held_to(cookies, now) if by is not None else None
    if held_to is None:
        return None
    return next(
        (target for target in targets if stickiness.target_identity(group.arn, target) == held_to), None
    )
