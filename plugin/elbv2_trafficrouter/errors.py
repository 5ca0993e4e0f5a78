"""Everything that can go wrong, and the one place where its sentence is made.

A sentence is for a person at 3 a.m. who sees it as the Rollout's event: what is wrong, where, what to do.
Full ARNs and AWS's own words go to `metadata`.
"""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

MAX_SENTENCE_BYTES = 1000
MAX_QUOTED_CHARACTERS = 256
_REMEDY_BYTES = 400
_ARN = re.compile(r"arn:([a-z-]+):[a-z]+:([a-z0-9-]+):([0-9]+):")


class Kind(enum.Enum):
    """What the caller can do about it, by the names of gRPC's status codes."""

    INVALID_ARGUMENT = enum.auto()
    NOT_FOUND = enum.auto()
    FAILED_PRECONDITION = enum.auto()
    PERMISSION_DENIED = enum.auto()
    UNAUTHENTICATED = enum.auto()
    RESOURCE_EXHAUSTED = enum.auto()
    ABORTED = enum.auto()
    CANCELLED = enum.auto()
    UNAVAILABLE = enum.auto()
    DEADLINE_EXCEEDED = enum.auto()
    UNIMPLEMENTED = enum.auto()
    INTERNAL = enum.auto()


class Problem(Exception):  # noqa: N818  a subclass says what is wrong, not that it is an error
    """A call that can't be done.

    `sentence` has no percent sign (Argo Rollouts uses it as a format string), no control characters, at most
    1,000 bytes, and is the same for the same trouble. `reason` is for programs.
    """

    kind: ClassVar[Kind]

    def __init__(self, sentence: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.sentence = _cut(_harmless(sentence))
        self.metadata = dict(metadata or {})

    def __str__(self) -> str:
        return self.sentence

    @property
    def reason(self) -> str:
        """The class's name in capitals, as google.rpc.ErrorInfo wants it: RULE_NOT_FOUND."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(self).__name__).upper()


def shown(text: str) -> str:
    """Somebody else's text as it may stand in a sentence: escaped, then cut to 256 characters."""
    harmless = _harmless(text)
    if len(harmless) <= MAX_QUOTED_CHARACTERS:
        return harmless
    return harmless[: MAX_QUOTED_CHARACTERS - 1] + "…"


def quoted(text: str) -> str:
    return f"'{shown(text)}'"


def resource_of(arn: str) -> str:
    """The part of an ARN that a person knows a resource by: `listener-rule/app/petclinic/50dc/9f2a/1a2b`."""
    return shown(arn.split(":", 5)[-1])


def place_of(arn: str) -> str:
    """Where a resource is: `eu-west-1 of account 123456789012`."""
    known = _ARN.match(arn)
    if known is None:
        return "an unknown region"
    partition, region, account = known.groups()
    return f"{region} of account {account}" + ("" if partition == "aws" else f" ({partition})")


def _harmless(text: str) -> str:
    return "".join(c if c.isprintable() and c != "%" else f"\\x{ord(c):02x}" for c in text)


def _cut(text: str) -> str:
    """Without its middle: what is wrong stands at the beginning, what to do at the end."""
    raw = text.encode()
    if len(raw) <= MAX_SENTENCE_BYTES:
        return text
    beginning = raw[: MAX_SENTENCE_BYTES - _REMEDY_BYTES - len("…".encode())]
    return f"{beginning.decode(errors='ignore')}…{raw[-_REMEDY_BYTES:].decode(errors='ignore')}"


# The request


class UndecodableMessage(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, method: str) -> None:
        super().__init__(
            f"The bytes sent to {method} are not a message of its request type. "
            "Use a client made from trafficrouter.proto, with UTF-8 in every string."
        )


class InvalidRequest(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, field: str, trouble: str, remedy: str) -> None:
        super().__init__(f"{field} {trouble}. {remedy}", {"field": field})


class InvalidConfig(Problem):
    """A value of the plugin's block in the Rollout. `path` is where: plugins['trafficrouter/elbv2'].rules."""

    kind = Kind.INVALID_ARGUMENT

    def __init__(self, path: str, trouble: str, remedy: str) -> None:
        super().__init__(f"{path} {trouble}. {remedy}", {"field": path})


class UnknownKeys(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        """`keys`: each unknown key's path with the nearest known key."""
        paths = [f"{shown(path)} (nearest: {nearest})" for path, nearest in keys]
        super().__init__(
            f"The Rollout's configuration has keys that this router does not know; correct or remove: "
            f"{', '.join(paths)}.",
            {"fields": "\n".join(path for path, _ in keys)},
        )


class MirrorRoutesNotImplemented(Problem):
    kind = Kind.UNIMPLEMENTED

    def __init__(self) -> None:
        super().__init__(
            "Application Load Balancers can't copy requests, so there are no mirror routes. "
            "Remove the setMirrorRoute steps from the Rollout; use setWeight steps with a small weight."
        )


# Header routes


class InvalidHeaderRoute(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, route: str, field: str, trouble: str, remedy: str) -> None:
        """`field`: within the step, as match[0].headerName."""
        super().__init__(f"In the header route {quoted(route)} {field} {trouble}. {remedy}", {"route": route})


class TooManyConditions(Problem):
    kind = Kind.INVALID_ARGUMENT

    def __init__(self, route: str, base: str, what: str, asked: int, limit: int) -> None:
        super().__init__(
            f"With the conditions of {resource_of(base)} the header route {quoted(route)} needs {asked} "
            f"{what}; ELBv2 takes {limit} in a rule. Use fewer in the setHeaderRoute step or in that rule.",
            {"route": route, "rule": base},
        )


class LoadBalancerFull(Problem):
    kind = Kind.RESOURCE_EXHAUSTED

    def __init__(self, route: str, load_balancer: str, used: int, new: int, limit: int) -> None:
        """`used`: rules now. `new`: rules that the route needs."""
        super().__init__(
            f"There is no room for the header route {quoted(route)}: {resource_of(load_balancer)} has {used} "
            f"rules, the route needs {new} more, and the account's quota is {limit}. Remove rules, or raise "
            "the quota 'Rules per Application Load Balancer'.",
            {"route": route, "load_balancer": load_balancer},
        )


class NoFreePriority(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, route: str, base: str, priority: int | None, above: int, wanted: int) -> None:
        """`priority`: the base rule's, None for a default action. `above`: of the next rule, 0 for none."""
        has = "is a default action" if priority is None else f"has priority {priority}"
        next_one = f"the rule above it {above}" if above else "no lower number exists"
        super().__init__(
            f"There is no free priority for the header route {quoted(route)} directly above "
            f"{resource_of(base)}: it {has}, and {next_one}. Give one of the two another priority "
            f"(SetRulePriorities), so that {wanted} {'is' if wanted == 1 else 'are'} free between them.",
            {"route": route, "rule": base},
        )


class PriorityTaken(Problem):
    kind = Kind.ABORTED

    def __init__(self, route: str, listener: str, priority: int) -> None:
        super().__init__(
            f"Priority {priority} of {resource_of(listener)} was taken while the header route "
            f"{quoted(route)} was made. It is tried again by itself.",
            {"route": route, "listener": listener},
        )


class OidcNotCopyable(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str) -> None:
        super().__init__(
            f"{resource_of(rule)} authenticates by OIDC, and AWS tells nobody the client secret that a "
            "header route's own rule would need. Use authenticate-cognito or jwt-validation there, or remove "
            "the setHeaderRoute steps from the Rollout.",
            {"rule": rule},
        )


class RuleNotCopyable(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, elements: Sequence[str]) -> None:
        super().__init__(
            f"{resource_of(rule)} has parts that this version can't copy into a header route's rule "
            f"({', '.join(map(shown, elements))}). Update the router (boto3), or remove them from the rule.",
            {"rule": rule, "elements": " ".join(elements)},
        )


class HeaderRouteLost(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, route: str, rule: str) -> None:
        super().__init__(
            f"The rule of the header route {quoted(route)} is not seen above {resource_of(rule)}. "
            "The next SetWeight makes it again.",
            {"route": route, "rule": rule},
        )


# The rule


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
            f"There is no {resource_of(listener)} in {place_of(listener)}. "
            "Correct the rule's ARN in the Rollout's plugin configuration.",
            {"listener": listener},
        )


class NoForwardToStable(Problem):
    kind = Kind.NOT_FOUND

    def __init__(self, rule: str, service: str, group: str, forwards: Sequence[str]) -> None:
        elsewhere = ", ".join(map(resource_of, forwards)) or "no target group"
        super().__init__(
            f"{resource_of(rule)} forwards to {elsewhere}, not to {shown(service)}'s {resource_of(group)}. "
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


class RuleNotUnderstood(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, elements: Sequence[str]) -> None:
        super().__init__(
            f"{resource_of(rule)} has parts that this version can't write back "
            f"({', '.join(map(shown, elements))}); changing its weights would erase them. "
            "Update the router (boto3), or remove them from the rule.",
            {"rule": rule, "elements": " ".join(elements)},
        )


class SharesDiffer(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, rule: str, weights: Iterable[tuple[str, int | None, int]]) -> None:
        """`weights`: Service, its target group's weight (None: not in the rule), and the one wanted."""
        listed = ", ".join(
            f"{shown(service)} {'is absent' if has is None else f'has {has}'}, wanted {wanted}"
            for service, has, wanted in weights
        )
        super().__init__(
            f"The weights in {resource_of(rule)} are not as asked: {listed}. SetWeight repairs them; "
            "if this stays, look who else writes the rule (ModifyRule in CloudTrail).",
            {"rule": rule},
        )


# AWS. `action` is the IAM action's name: elasticloadbalancing:ModifyRule.


class Refused(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, action: str, arn: str, code: str, message: str) -> None:
        super().__init__(
            f"AWS refuses {action} on {resource_of(arn)} with {shown(code)}: {shown(message.rstrip('.'))}. "
            "Correct the rule or the Rollout's plugin configuration.",
            {"action": action, "arn": arn, "aws_code": code, "aws_message": message},
        )


class NotAllowed(Problem):
    kind = Kind.PERMISSION_DENIED

    def __init__(self, action: str, arn: str, message: str) -> None:
        super().__init__(
            f"AWS refuses {action} on {resource_of(arn)}. "
            "Allow this action on this ARN in the role of the sidecar (see Permissions in the README).",
            {"action": action, "arn": arn, "aws_message": message},
        )


class NoCredentials(Problem):
    kind = Kind.UNAUTHENTICATED

    def __init__(self, message: str) -> None:
        super().__init__(
            "The sidecar finds no AWS credentials. "
            "Give its pod a role (IRSA or EKS Pod Identity), or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY.",
            {"aws_message": message},
        )


class CredentialsRefused(Problem):
    kind = Kind.UNAUTHENTICATED

    def __init__(self, action: str, code: str, message: str) -> None:
        super().__init__(
            f"AWS does not accept the sidecar's credentials for {action} ({shown(code)}). "
            "Renew them, and check the role's trust policy and the node's clock.",
            {"action": action, "aws_code": code, "aws_message": message},
        )


class Throttled(Problem):
    kind = Kind.RESOURCE_EXHAUSTED

    def __init__(self, action: str, code: str) -> None:
        super().__init__(
            f"AWS throttles {action} in this account and region. It is tried again by itself; if it stays, "
            "look for who else calls the ELBv2 API (CloudTrail) or ask AWS for a higher rate.",
            {"action": action, "aws_code": code},
        )


class Unreachable(Problem):
    kind = Kind.UNAVAILABLE

    def __init__(self, action: str, endpoint: str, message: str) -> None:
        super().__init__(
            f"The sidecar can't reach AWS at {shown(endpoint)} for {action}. It is tried again by itself; "
            "if it stays, check the pod's way there (DNS, network policy, proxy, VPC endpoint).",
            {"action": action, "aws_message": message},
        )


class AnswerNotUnderstood(Problem):
    kind = Kind.UNAVAILABLE

    def __init__(self, action: str, message: str) -> None:
        super().__init__(
            f"What came back for {action} is no answer of AWS's. It is tried again by itself; if it stays, "
            "look what stands between the sidecar and AWS (proxy, gateway, the endpoint's URL).",
            {"action": action, "message": message},
        )


class AwsFailed(Problem):
    kind = Kind.UNAVAILABLE

    def __init__(self, action: str, code: str) -> None:
        super().__init__(
            f"AWS answers {action} with {shown(code)}. It is tried again by itself; "
            "if it stays, see the AWS Health Dashboard.",
            {"action": action, "aws_code": code},
        )


class OutcomeUnknown(Problem):
    kind = Kind.UNAVAILABLE

    def __init__(self, action: str, arn: str, message: str) -> None:
        super().__init__(
            f"{action} on {resource_of(arn)} was sent but not answered, so it may or may not have been "
            "done. The next call reads the rule and repairs it.",
            {"action": action, "arn": arn, "aws_message": message},
        )


# The call itself


class Overtaken(Problem):
    kind = Kind.ABORTED

    def __init__(self, method: str, namespace: str, rollout: str) -> None:
        super().__init__(
            f"A newer {method} for the Rollout {shown(rollout)} in {shown(namespace)} overtook this one, "
            "which wrote nothing more. The newer one counts."
        )


class ClientLeft(Problem):
    kind = Kind.CANCELLED

    def __init__(self) -> None:
        super().__init__("The client left before the write was sent; nothing more was written.")


class TimeRanOut(Problem):
    kind = Kind.DEADLINE_EXCEEDED

    def __init__(self, waited_for: str) -> None:
        super().__init__(
            f"The call's time ran out while it waited for {waited_for}; nothing more was written. "
            "It is tried again by itself; if it stays, give the caller more time (the bridge's --timeout)."
        )


class Defect(Problem):
    kind = Kind.INTERNAL

    def __init__(self, method: str) -> None:
        super().__init__(
            f"{method} failed for a defect of the router. Report it with the traceback in its log."
        )
