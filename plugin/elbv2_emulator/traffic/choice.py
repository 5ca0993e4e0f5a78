"""Which target a forward action sends a request to: held by cookies, else by weight and in turn. No I/O."""

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
    """`refusal`: the status that is answered if there is no target. `holds`: where it stays from now on."""

    group: TargetGroup | None
    target: Target | None = None
    refusal: int = 503
    holds: tuple[Hold, ...] = ()


class Chooser:
    """What decides where no cookie does: chance among groups, the next in turn among a group's targets."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._turns: defaultdict[str, int] = defaultdict(int)

    def choose(
        self, action: Described, state: State, cookies: Cookies, now: float, *, serve_initial: bool
    ) -> Choice:
        by_groups = stickiness.of_groups(action)
        arns = [arn for arn, _ in forwards(action)]
        kept = by_groups.held(cookies, now) if by_groups is not None else None
        arn = kept if kept in arns else choose_group(action, self._random)
        if arn is None:
            return Choice(None)
        group = state.target_groups[arn]
        if group.settings["ProtocolVersion"] != "HTTP1":
            # The listeners here speak HTTP/1.1 alone, which the targets of such a group do not take.
            return Choice(group, refusal=464)
        targets = eligible(group, serve_initial=serve_initial)
        if not targets:
            return Choice(group)
        by_targets = stickiness.of_targets(group, alone=len(arns) == 1)
        target = _kept(group, targets, by_targets, cookies, now)
        chosen = target or self._next(group, targets)
        holds = []
        if by_groups is not None:
            holds.append(Hold(by_groups, arn, kept=arn == kept))
        if by_targets is not None:
            holds.append(Hold(by_targets, stickiness.told_of(arn, chosen), kept=target is not None))
        return Choice(group, chosen, holds=tuple(holds))

    def _next(self, group: TargetGroup, targets: Sequence[Target]) -> Target:
        turn = self._turns[group.arn]
        self._turns[group.arn] = turn + 1
        return targets[turn % len(targets)]


def _kept(
    group: TargetGroup, targets: Sequence[Target], by: Stickiness | None, cookies: Cookies, now: float
) -> Target | None:
    held_to = by.held(cookies, now) if by is not None else None
    if held_to is None:
        return None
    return next((one for one in targets if stickiness.told_of(group.arn, one) == held_to), None)
