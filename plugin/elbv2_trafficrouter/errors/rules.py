"""What is wrong with a rule that weights are written to."""

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


class ListenerNotFound(Problem):
    kind = Kind.NOT_FOUND

    def __init__(self, listener: str) -> None:
        super().__init__(
            f"There is no {resource_of(listener)} in {location_text(listener)}. "
            "Correct the rule's ARN in the Rollout's plugin configuration.",
            {"listener": listener},
        )


class NoForwardToStable(Problem):
    kind = Kind.NOT_FOUND

    def __init__(self, rule: str, service: str, group: str, forwards: Sequence[str]) -> None:
        elsewhere = ", ".join(map(resource_of, forwards)) or "no target group"
        super().__init__(
            f"{resource_of(rule)} forwards to {elsewhere}, not to {escaped(service)}'s {resource_of(group)}. "
            "Add the target group to the rule's forward action, or name another rule or target group in the "
            "Rollout's plugin configuration.",
            {"rule": rule, "target_group": group},
        )


class TargetGroupNotFound(Problem):
    kind = Kind.NOT_FOUND

    def __init__(self, rule: str, groups: Iterable[str]) -> None:
        """`groups`: those that may be the missing one."""
        missing = sorted(groups)
        super().__init__(
            f"A target group to write into {resource_of(rule)} does not exist: "
            f"{' or '.join(map(resource_of, missing))}. "
            "Correct targetGroups in the Rollout's plugin configuration, or create the target group.",
            {"rule": rule, "target_groups": " ".join(missing)},
        )


class ShareUnknown(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str) -> None:
        super().__init__(
            f"In {resource_of(rule)} the target groups of this Rollout all have weight 0 beside others that "
            "have weight, so it can't be told which share is the Rollout's. "
            "Give the stable service's target group its weight back by hand.",
            {"rule": rule},
        )


class TooManyTargetGroups(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, limit: int, missing: Iterable[str]) -> None:
        absent = sorted(missing)
        super().__init__(
            f"{resource_of(rule)} has no room for {', '.join(map(resource_of, absent))}: "
            f"a forward action takes {limit} target groups. "
            "Remove other target groups from the rule, or services from targetGroups.",
            {"rule": rule, "target_groups": " ".join(absent)},
        )


class RuleNotWritable(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, elements: Sequence[str]) -> None:
        super().__init__(
            f"{resource_of(rule)} has parts that this version can't write back "
            f"({', '.join(map(escaped, elements))}); changing its weights would erase them. "
            "Update the router (boto3), or remove them from the rule.",
            {"rule": rule, "elements": " ".join(elements)},
        )


class SharesDiffer(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, weights: Iterable[tuple[str, int | None, int]]) -> None:
        """`weights`: Service, its target group's weight (None: not in the rule), and the one wanted."""
        listed = ", ".join(
            f"{escaped(service)} {'is absent' if has is None else f'has {has}'}, wanted {wanted}"
            for service, has, wanted in weights
        )
        super().__init__(
            f"The weights in {resource_of(rule)} are not as asked: {listed}. SetWeight repairs them; "
            "if this stays, look who else writes the rule (ModifyRule in CloudTrail).",
            {"rule": rule},
        )
