"""Failures of calls to AWS, including calls that got no response.

`action` is the name of the IAM action, such as elasticloadbalancing:ModifyRule.
"""

from elbv2_trafficrouter.errors.problem import Kind, Problem, escaped, resource_of


class Refused(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, action: str, arn: str, code: str, message: str) -> None:
        super().__init__(
            f"AWS rejects {action} on {resource_of(arn)} with {escaped(code)}: "
            f"{escaped(message.rstrip('.'))}. Correct the rule or the Rollout's plugin configuration.",
            {"action": action, "arn": arn, "aws_code": code, "aws_message": message},
        )


class NotAllowed(Problem):
    kind = Kind.PERMISSION_DENIED

    def __init__(self, action: str, arn: str, message: str) -> None:
        super().__init__(
            f"AWS denies {action} on {resource_of(arn)}. "
            "Allow this action on this resource in the sidecar's IAM role (see docs/permissions.md).",
            {"action": action, "arn": arn, "aws_message": message},
        )


class NoCredentials(Problem):
    kind = Kind.UNAUTHENTICATED

    def __init__(self) -> None:
        super().__init__(
            "The sidecar found no AWS credentials. "
            "Give its pod an IAM role (IRSA or EKS Pod Identity), or set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY."
        )


class CredentialsUnusable(Problem):
    """`source` has credentials or should have them, but somebody has to correct something first."""

    kind = Kind.UNAUTHENTICATED

    def __init__(self, source: str, trouble: str, remedy: str) -> None:
        super().__init__(
            f"The sidecar can't get AWS credentials from {escaped(source)}: {escaped(trouble)}. {remedy}",
            {"source": source},
        )


class CredentialsUnavailable(Problem):
    """`source` does not provide credentials at the moment."""

    kind = Kind.UNAVAILABLE

    def __init__(self, source: str, trouble: str, cause: str = "") -> None:
        super().__init__(
            f"The sidecar can't get AWS credentials: {escaped(source)} {escaped(trouble)}. "
            "This is retried automatically. If it persists, check this source, and the network path to it.",
            {"source": source, "cause": cause},
        )


class InvalidAwsConfiguration(Problem):
    kind = Kind.FAILED_PRECONDITION

    def __init__(self, trouble: str) -> None:
        super().__init__(
            f"The sidecar's AWS configuration is invalid: {escaped(trouble)}. "
            "Correct the AWS config file or the AWS_ environment variables."
        )


class CredentialsRefused(Problem):
    kind = Kind.UNAUTHENTICATED

    def __init__(self, action: str, code: str, message: str) -> None:
        super().__init__(
            f"AWS does not accept the sidecar's credentials for {action} ({escaped(code)}). "
            "Renew them, and check the role's trust policy and the node's clock.",
            {"action": action, "aws_code": code, "aws_message": message},
        )


class Throttled(Problem):
    kind = Kind.RESOURCE_EXHAUSTED

    def __init__(self, action: str, code: str) -> None:
        super().__init__(
            f"AWS throttles {action} in this account and region. This is retried automatically. "
            "If it persists, find out what else calls the ELBv2 API (CloudTrail), or ask AWS for a higher "
            "request rate.",
            {"action": action, "aws_code": code},
        )


class Unreachable(Problem):
    kind = Kind.UNAVAILABLE

    def __init__(self, action: str, endpoint: str, message: str) -> None:
        super().__init__(
            f"The sidecar can't reach AWS at {escaped(endpoint)} for {action}. "
            "This is retried automatically. If it persists, check the network path from the pod "
            "(DNS, network policy, proxy, VPC endpoint).",
            {"action": action, "aws_message": message},
        )


class ResponseNotFromAws(Problem):
    kind = Kind.UNAVAILABLE

    def __init__(self, action: str, message: str) -> None:
        super().__init__(
            f"The response to {action} did not come from AWS. This is retried automatically. If it persists, "
            "check what is between the sidecar and AWS (proxy, gateway, the endpoint's URL).",
            {"action": action, "message": message},
        )


class AwsFailed(Problem):
    kind = Kind.UNAVAILABLE

    def __init__(self, action: str, code: str) -> None:
        super().__init__(
            f"AWS returned {escaped(code)} for {action}. This is retried automatically. "
            "If it persists, see the AWS Health Dashboard.",
            {"action": action, "aws_code": code},
        )


class OutcomeUnknown(Problem):
    kind = Kind.UNAVAILABLE

    def __init__(self, action: str, arn: str, message: str) -> None:
        super().__init__(
            f"{action} on {resource_of(arn)} was sent, but AWS did not confirm it, so it may or may not have "
            "taken effect. The next call reads the rule and repairs it.",
            {"action": action, "arn": arn, "aws_message": message},
        )
