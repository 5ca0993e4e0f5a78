"""What moto (5.2) does unlike AWS, and what it does like AWS. Each row has a test in tests/emulator/moto."""

from collections.abc import Mapping

# Subject → what moto does.
UNFAITHFUL: Mapping[str, str] = {
    "ModifyRule on a default rule": "succeeds, listener diverges",
    "weights -1, 1000, 5000, missing with two groups": "accepted",
    "6 groups, duplicate or no groups, two forwards, auth alone, OIDC on HTTP": "accepted",
    "OIDC secret": "returned; modify without it accepted",
    "jwt-validation, transforms": "refused / dropped",
    "group stickiness against sticky groups, no duration": "unchecked",
    "load balancers of a target group": "set on create only",
    "a group on two load balancers": "accepted",
    "target health": "always healthy, even unattached",
    "targets": "keyed by IP",
    "rules": "creation order, priorities 0 and 99999 accepted, no quota",
    "SetRulePriorities swap": "PriorityInUse",
    "paging": "default 50, 500 accepted, some calls unpaged",
    "DescribeTags": "25 ARNs accepted",
    "conditions": "limits unchecked",
    "ModifyListener": "actions unchecked",
    "time": "no throttling, no lag",
}
FAITHFUL = (
    "wholesale replacement",
    "conditions-only keeps actions",
    "RuleNotFound",
    "TargetGroupNotFound",
    "PriorityInUse on create",
    "RuleArns filter",
    "rule tags",
    "ResourceInUse",
)
