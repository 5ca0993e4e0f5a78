"""ELBv2's ARNs: their format, and what can be read from them.

Source: Service Authorization Reference, Elastic Load Balancing V2.
"""

import re
from typing import NewType

Arn = NewType("Arn", str)

_REGION = r"[a-z]{2,8}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}"
_OWNER = rf"arn:aws[a-z-]{{0,12}}:elasticloadbalancing:{_REGION}:[0-9]{{12}}"
_NAME = r"[A-Za-z0-9-]{1,32}"
_ID = r"[0-9a-f]{1,32}"
_RULE = re.compile(rf"{_OWNER}:listener-rule/app/{_NAME}/{_ID}/{_ID}/{_ID}")
_LISTENER = re.compile(rf"{_OWNER}:listener/app/{_NAME}/{_ID}/{_ID}")
_TARGET_GROUP = re.compile(rf"{_OWNER}:targetgroup/{_NAME}/{_ID}")

RULE_FORM = "arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener-rule/app/NAME/ID/ID/ID"
LISTENER_FORM = "arn:aws:elasticloadbalancing:REGION:ACCOUNT:listener/app/NAME/ID/ID"
TARGET_GROUP_FORM = "arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID"


def is_region(text: str) -> bool:
    return re.fullmatch(_REGION, text) is not None


def is_rule(text: str) -> bool:
    """Whether the text is the ARN of a rule of an Application Load Balancer."""
    return _RULE.fullmatch(text) is not None


def is_listener(text: str) -> bool:
    """Whether the text is the ARN of a listener of an Application Load Balancer."""
    return _LISTENER.fullmatch(text) is not None


def is_target_group(text: str) -> bool:
    return _TARGET_GROUP.fullmatch(text) is not None


def listener_of(rule: Arn) -> Arn:
    """The ARN of a rule's listener, which the rule's ARN contains. An ARN of a listener stays as it is."""
    if ":listener-rule/" not in rule:
        return rule
    return Arn(rule.replace(":listener-rule/", ":listener/", 1).rpartition("/")[0])


def load_balancer_of(listener: Arn) -> Arn:
    return Arn(listener.replace(":listener/", ":loadbalancer/", 1).rpartition("/")[0])


def region_of(arn: Arn) -> str:
    return arn.split(":")[3]


def location_of(arn: Arn) -> tuple[str, ...]:
    """Partition, region and account. A rule forwards only to target groups in its own location."""
    _, partition, _, region, account, _ = arn.split(":", 5)
    return partition, region, account
