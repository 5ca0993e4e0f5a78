"""Problems with the rules that hold the weights, and with the target groups they forward to."""

from collections.abc import Iterable, Sequence

from elbv2_trafficrouter.errors.problem import Kind, Problem, escaped, location_text, resource_of


class RuleNotFound(Problem):
    kind = Kind.NOT_FOUND

    def __init__(self, rule: str) -> None:
        super().__init__(
            f"There is no {resource_of(rule)}: its listener exists but has no such rule. "
            "Correct the rule's ARN in the Rollout's plugin configuration.",
            {"rule": rule},
        )


class DefaultRuleNamed(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, rule: str, listener: str) -> None:
        super().__init__(
            f"{resource_of(rule)} is the default rule of {resource_of(listener)}, and ELBv2 changes it only "
            f"through its listener. Instead of arn, use listenerArn: {escaped(listener)} "
            "in the Rollout's plugin configuration.",
            {"rule": rule, "listener": listener},
        )


class RegionNotAllowed(Problem):
    kind = Kind.PERMISSION_DENIED

    def __init__(self, rule: str, allowed: Sequence[str]) -> None:
        """`allowed`: "eu-west-1 (partition aws)", for example."""
        super().__init__(
            f"{resource_of(rule)} is in {location_text(rule)}, but this sidecar sends requests only to "
            f"{' or '.join(map(escaped, allowed))}. Name a rule there, or add the region to the sidecar's "
            "--regions (ELBV2_TRAFFICROUTER_REGIONS).",
            {"rule": rule},
        )


class ListenerNotFound(Problem):
    kind = Kind.NOT_FOUND

    def __init__(self, listener: str) -> None:
        super().__init__(
            f"There is no {resource_of(listener)} in {location_text(listener)}. "
            "Correct the rule's ARN in the Rollout's plugin configuration.",
            {"listener": listener},
        )


class ResourceNotFound(Problem):
    kind = Kind.NOT_FOUND

    def __init__(self, resources: Iterable[str]) -> None:
        """`resources`: those in the request, at least one of which does not exist."""
        requested = sorted(resources)
        super().__init__(
            f"At least one of these resources does not exist: {', '.join(map(resource_of, requested))}. "
            "Correct the ARNs in the Rollout's plugin configuration.",
            {"resources": " ".join(requested)},
        )


class ManagedByController(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, resource: str, controller: str, tag: str) -> None:
        """`resource`: the rule, its listener or its load balancer. `tag`: the key of its tag."""
        super().__init__(
            f"{escaped(controller)} manages {resource_of(resource)} (tag {escaped(tag)}), and would revert "
            "the router's changes in the middle of a rollout. Name a rule on a load balancer that was made "
            "outside of Kubernetes, for example with Terraform, CloudFormation or the AWS CLI, and register "
            "the pods in its target groups with a TargetGroupBinding for each Service.",
            {"rule": rule, "resource": resource, "controller": controller, "tag": tag},
        )


class NoForwardToStable(Problem):
    kind = Kind.NOT_FOUND

    def __init__(self, rule: str, service: str, group: str, forwards: Sequence[str]) -> None:
        elsewhere = ", ".join(map(resource_of, forwards)) or "no target group"
        super().__init__(
            f"{resource_of(rule)} does not forward to {resource_of(group)}, the target group of the Service "
            f"{escaped(service)}. It forwards to {elsewhere}. "
            "Add the target group to the rule's forward action, or name another rule or target group in the "
            "Rollout's plugin configuration.",
            {"rule": rule, "target_group": group},
        )


class TargetGroupNotFound(Problem):
    kind = Kind.NOT_FOUND

    def __init__(self, rule: str, groups: Iterable[str]) -> None:
        """`groups`: the target groups in the request, at least one of which does not exist."""
        missing = sorted(groups)
        super().__init__(
            f"A target group that {resource_of(rule)} should forward to does not exist: "
            f"{' or '.join(map(resource_of, missing))}. "
            "Correct targetGroups in the Rollout's plugin configuration, or create the target group.",
            {"rule": rule, "target_groups": " ".join(missing)},
        )


class ShareUnknown(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str) -> None:
        super().__init__(
            f"In {resource_of(rule)}, all target groups of this Rollout have weight 0, but other target "
            "groups in the rule do not, so the Rollout's share can't be determined. "
            "Restore the weight of the stable Service's target group by hand.",
            {"rule": rule},
        )


class TooManyTargetGroups(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, limit: int, missing: Iterable[str]) -> None:
        absent = sorted(missing)
        super().__init__(
            f"{resource_of(rule)} has no room for {', '.join(map(resource_of, absent))}: "
            f"a forward action can have at most {limit} target groups. "
            "Remove other target groups from the rule, or Services from targetGroups.",
            {"rule": rule, "target_groups": " ".join(absent)},
        )


class RuleNotWritable(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, elements: Sequence[str]) -> None:
        super().__init__(
            f"{resource_of(rule)} has elements that this version can't write back "
            f"({', '.join(map(escaped, elements))}); changing its weights would erase them. "
            "Upgrade the router (a newer boto3 may know them), or remove them from the rule.",
            {"rule": rule, "elements": " ".join(elements)},
        )


class SharesDiffer(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, weights: Iterable[tuple[str, int | None, int]]) -> None:
        """`weights`: each Service, the weight of its target group (None if missing), the expected weight."""
        listed = "; ".join(
            f"{escaped(service)} {'is absent' if has is None else f'has {has}'}, expected {wanted}"
            for service, has, wanted in weights
        )
        super().__init__(
            f"The weights in {resource_of(rule)} do not match the request: {listed}. SetWeight repairs them. "
            "If this persists, find out what else modifies the rule (ModifyRule in CloudTrail).",
            {"rule": rule},
        )
