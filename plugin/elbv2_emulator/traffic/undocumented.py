"""Requests to listeners whose handling AWS does not document. The journal marks them."""

from elbv2_emulator.state import target_health
from elbv2_emulator.state.resources import Target, TargetGroup
from elbv2_emulator.traffic.choice import Choice

ONLY_INITIAL = "a request to a target group that has only targets in registration"
DELETED = "a request to a target group that was deleted before listeners applied the change of their rules"


def in_choice(choice: Choice) -> tuple[str, str] | None:
    """A target group's ARN, and what AWS does not document about a request to the group."""
    if choice.deleted_group is not None:
        return choice.deleted_group, DELETED
    if choice.group is not None and _is_only_initial(choice.group, choice.target):
        return choice.group.arn, ONLY_INITIAL
    return None


def _is_only_initial(group: TargetGroup, target: Target | None) -> bool:
    """Whether all targets of this group, of which `target` was chosen, if any, are in registration."""
    if target is not None and target_health.state_of(target, in_use=True) != "initial":
        return False
    states = {target_health.state_of(member, in_use=True) for member in group.targets.values()}
    return states - {"draining"} == {"initial"}
