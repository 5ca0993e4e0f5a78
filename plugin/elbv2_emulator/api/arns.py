"""ELBv2's ARNs: how they are built and parsed."""

import hashlib
import re
from collections.abc import Mapping

from elbv2_emulator.api.errors import ApiError, ValidationError

ACCOUNT = "123456789012"
DEFAULT_REGION = "us-east-1"

_ID = r"[0-9a-f]{16}"
_NAME = r"[A-Za-z0-9-]{1,32}"
_SHAPES: Mapping[str, tuple[str, re.Pattern[str]]] = {
    kind: (noun, re.compile(rf"arn:aws[a-z-]*:elasticloadbalancing:[a-z0-9-]+:\d{{12}}:{path}"))
    for kind, noun, path in (
        ("LoadBalancer", "load balancer", rf"loadbalancer/(?:app|net|gwy)/{_NAME}/{_ID}"),
        ("Listener", "listener", rf"listener/(?:app|net|gwy)/{_NAME}/{_ID}/{_ID}"),
        ("Rule", "rule", rf"listener-rule/(?:app|net)/{_NAME}/{_ID}/{_ID}/{_ID}"),
        ("TargetGroup", "target group", rf"targetgroup/{_NAME}/{_ID}"),
    )
}


def partition(region: str) -> str:
    """The AWS partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def load_balancer_arn(region: str, name: str, identity: str) -> str:
    return (
        f"arn:{partition(region)}:elasticloadbalancing:{region}:{ACCOUNT}:loadbalancer/app/{name}/{identity}"
    )


def target_group_arn(region: str, name: str, identity: str) -> str:
    return f"arn:{partition(region)}:elasticloadbalancing:{region}:{ACCOUNT}:targetgroup/{name}/{identity}"


def listener_arn(load_balancer: str, identity: str) -> str:
    return load_balancer.replace(":loadbalancer/", ":listener/") + f"/{identity}"


def rule_arn(listener: str, identity: str) -> str:
    return listener.replace(":listener/", ":listener-rule/") + f"/{identity}"


def identity(serial: int, *names: str) -> str:
    """Sixteen hexadecimal digits; the same whenever the same resources are created in the same order."""
    return hashlib.blake2b("\0".join((str(serial), *names)).encode(), digest_size=8).hexdigest()


def region_of(arn: str) -> str:
    parts = arn.split(":")
    return parts[3] if len(parts) > 5 else ""  # noqa: PLR2004  an ARN has six parts


def kind_of(arn: str) -> str | None:
    """LoadBalancer, Listener, Rule or TargetGroup; None for a text that is not an ARN of ELBv2."""
    return next((kind for kind, (_, shape) in _SHAPES.items() if shape.fullmatch(arn)), None)


def check_kind(arn: str, kind: str) -> None:
    """Reject, as AWS does, an ARN that does not have the format of this kind of resource."""
    noun, shape = _SHAPES[kind]
    if not shape.fullmatch(arn):
        raise ValidationError(f"'{arn}' is not a valid {noun} ARN")


def not_found(arn: str) -> ApiError:
    kind = kind_of(arn)
    if kind is None:
        return ValidationError(f"'{arn}' is not a valid ARN")
    return ApiError(f"{kind}NotFound", f"{_SHAPES[kind][0].capitalize()} '{arn}' not found")
