"""Requests to listeners whose handling AWS does not document. The journal marks them."""

from elbv2_emulator.state import target_health
from elbv2_emulator.state.resources import Target, TargetGroup

ONLY_INITIAL = "a request to a target group that has only targets in registration"


def in_choice(group: TargetGroup, target: Target | None) -> str | None:
    """What AWS does not document about this choice of a target (None: no target) of this group."""
    if target is not None and target_health.state_of(target, in_use=True) != "initial":
        return None
    states = {target_health.state_of(member, in_use=True) for member in group.targets.values()} - {"draining"}
    return ONLY_INITIAL if states == {"initial"} else None
