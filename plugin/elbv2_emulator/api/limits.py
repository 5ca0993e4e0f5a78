"""The quotas of an account, by the names that DescribeAccountLimits returns. All of them are enforced."""

from collections.abc import Mapping

LOAD_BALANCERS = 50
LISTENERS_OF_BALANCER = 50
RULES_OF_BALANCER = 100  # default rules do not count
GROUPS = 3000
GROUPS_OF_BALANCER = 100
GROUPS_OF_ACTION = 5
TARGETS_OF_GROUP = 1000
TARGETS_OF_BALANCER = 1000
VALUES_OF_RULE = 5
WILDCARDS_OF_RULE = 5

LIMITS: Mapping[str, int] = {
    "application-load-balancers": LOAD_BALANCERS,
    "condition-values-per-alb-rule": VALUES_OF_RULE,
    "condition-wildcards-per-alb-rule": WILDCARDS_OF_RULE,
    "listeners-per-application-load-balancer": LISTENERS_OF_BALANCER,
    "rules-per-application-load-balancer": RULES_OF_BALANCER,
    "target-groups": GROUPS,
    "target-groups-per-action-on-application-load-balancer": GROUPS_OF_ACTION,
    "target-groups-per-application-load-balancer": GROUPS_OF_BALANCER,
    "targets-per-application-load-balancer": TARGETS_OF_BALANCER,
    "targets-per-target-group": TARGETS_OF_GROUP,
}
