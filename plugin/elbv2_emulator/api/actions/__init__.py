"""The operations of the API. Each is a pure function: (state, input, scope) → (state, output)."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from elbv2_emulator.api.actions import (
    account_limits,
    listener_attributes,
    listeners,
    load_balancer_attributes,
    load_balancers,
    rules,
    tags,
    target_group_attributes,
    target_groups,
    targets,
)
from elbv2_emulator.state.resources import Scope, State

Action: TypeAlias = Callable[[State, Mapping[str, Any], Scope], tuple[State, dict[str, Any]]]

ACTIONS: Mapping[str, Action] = {
    "AddTags": tags.add_tags,
    "CreateListener": listeners.create_listener,
    "CreateLoadBalancer": load_balancers.create_load_balancer,
    "CreateRule": rules.create_rule,
    "CreateTargetGroup": target_groups.create_target_group,
    "DeleteListener": listeners.delete_listener,
    "DeleteLoadBalancer": load_balancers.delete_load_balancer,
    "DeleteRule": rules.delete_rule,
    "DeleteTargetGroup": target_groups.delete_target_group,
    "DeregisterTargets": targets.deregister_targets,
    "DescribeAccountLimits": account_limits.describe_account_limits,
    "DescribeListenerAttributes": listener_attributes.describe_listener_attributes,
    "DescribeListeners": listeners.describe_listeners,
    "DescribeLoadBalancerAttributes": load_balancer_attributes.describe_load_balancer_attributes,
    "DescribeLoadBalancers": load_balancers.describe_load_balancers,
    "DescribeRules": rules.describe_rules,
    "DescribeTags": tags.describe_tags,
    "DescribeTargetGroupAttributes": target_group_attributes.describe_target_group_attributes,
    "DescribeTargetGroups": target_groups.describe_target_groups,
    "DescribeTargetHealth": targets.describe_target_health,
    "ModifyListener": listeners.modify_listener,
    "ModifyListenerAttributes": listener_attributes.modify_listener_attributes,
    "ModifyLoadBalancerAttributes": load_balancer_attributes.modify_load_balancer_attributes,
    "ModifyRule": rules.modify_rule,
    "ModifyTargetGroup": target_groups.modify_target_group,
    "ModifyTargetGroupAttributes": target_group_attributes.modify_target_group_attributes,
    "RegisterTargets": targets.register_targets,
    "RemoveTags": tags.remove_tags,
    "SetRulePriorities": rules.set_rule_priorities,
}
