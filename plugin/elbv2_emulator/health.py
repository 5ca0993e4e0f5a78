"""The health of a registered target, as DescribeTargetHealth tells it and as the data plane heeds it."""

from collections.abc import Mapping

from elbv2_emulator.state import Target

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


def state_of(target: Target, *, in_use: bool) -> str:
    """A target of a group that no rule names is unused, whatever else is known of it."""
    return (target.set_state or "healthy") if in_use else "unused"


def described(target: Target, *, in_use: bool) -> Mapping[str, str]:
    """The model's TargetHealth."""
    state = state_of(target, in_use=in_use)
    if state == "healthy":
        return {"State": state}
    reason, description = _REASONS[state]
    return {"State": state, "Reason": reason, "Description": description}
