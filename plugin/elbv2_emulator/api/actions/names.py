"""Checks the names of load balancers and target groups."""

import re

from elbv2_emulator.api.errors import ValidationError

LONGEST_NAME = 32
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")


def check_name(name: str, what: str) -> None:
    """Reject a name that AWS would reject for this kind of resource."""
    if len(name) > LONGEST_NAME:
        raise ValidationError(f"{what} name '{name}' cannot be longer than '{LONGEST_NAME}' characters")
    if not _NAME.fullmatch(name):
        raise ValidationError(
            f"{what} name '{name}' can only contain characters that are alphanumeric characters or "
            "hyphens(-), and must not begin or end with a hyphen"
        )
