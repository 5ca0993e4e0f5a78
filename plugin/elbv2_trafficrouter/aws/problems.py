"""Turns failures of requests to AWS into Problems."""

import re
from collections.abc import Sequence
from typing import TypeAlias

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from botocore.retries.standard import RetryContext, ThrottledRetryableChecker

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.causes import cause_of
from elbv2_trafficrouter.aws.response import MalformedResponse
from elbv2_trafficrouter.errors import Problem
from elbv2_trafficrouter.errors.aws import (
    AwsFailed,
    CredentialsRefused,
    NoCredentials,
    NotAllowed,
    OutcomeUnknown,
    Refused,
    ResponseNotFromAws,
    Throttled,
    Unreachable,
)
from elbv2_trafficrouter.errors.managed_routes import HeaderRuleRefused, PriorityTaken
from elbv2_trafficrouter.errors.rules import (
    ListenerNotFound,
    ResourceNotFound,
    RuleNotFound,
    TargetGroupNotFound,
)
from elbv2_trafficrouter.redaction import redacted, server_of
from elbv2_trafficrouter.routing.rule import HeaderRule

BOTOCORE = (boto.BotoCoreError, boto.ClientError, ResponseParserError)
"""The exceptions that botocore itself defines and raises."""
FAILURES = (*BOTOCORE, MalformedResponse)
Failure: TypeAlias = boto.BotoCoreError | boto.ClientError | ResponseParserError | MalformedResponse

# Source: API reference, Common Errors; STS's and IAM's own spellings.
_NOT_ALLOWED = {"AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation"}
_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "OptInRequired",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_NO_CREDENTIALS = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.MetadataRetrievalError,
    boto.ProfileNotFound,
    boto.UnknownCredentialError,
    boto.InvalidConfigError,
    boto.TokenRetrievalError,
    boto.SSOError,
    boto.LoginError,
    boto.RefreshWithMFAUnsupportedError,
)
# Raised before any byte of the request was sent. Not SSLError, which can also occur after that.
_NOT_SENT = (boto.ConnectTimeoutError, boto.EndpointConnectionError, boto.ProxyConnectionError)

_ABSENT_WHEN_WRITTEN = {"RuleNotFound": RuleNotFound, "ListenerNotFound": ListenerNotFound}
_ABSENT_WHEN_READ = {**_ABSENT_WHEN_WRITTEN, "LoadBalancerNotFound": ListenerNotFound}
_ABSENT_WHEN_TAGS_ARE_READ = {*_ABSENT_WHEN_READ, "TargetGroupNotFound"}
_NAMED_ACTION = re.compile(r"perform: ([a-z0-9-]+:[A-Za-z]+) on resource: (arn:\S+)")
_FIRST_SERVER_ERROR = 500
_NO_CODE = "Unknown"  # an error without a code did not come from AWS


def reading_problem(error: Failure, action: str, listener: Arn) -> Problem:
    """The Problem for a failed read of a listener or its rules. `action`: the IAM action."""
    if unsent := _unsent(error, action):
        return unsent
    if isinstance(error, boto.BotoCoreError):
        return _unreachable(error, action)
    if not isinstance(error, boto.ClientError) or _answer(error)[0] == _NO_CODE:
        return ResponseNotFromAws(action, _trouble(error))
    code, _, status = _answer(error)
    if absent := _ABSENT_WHEN_READ.get(code):
        return absent(listener)
    if status >= _FIRST_SERVER_ERROR and not _is_throttling(error):
        return AwsFailed(action, code)
    # IAM has no resource-level permissions for Describe actions.
    return _refusal(error, action, listener, "*")


def tags_problem(error: Failure, action: str, resources: Sequence[Arn]) -> Problem:
    """The Problem for a failed read of tags: ResourceNotFound, or the same as `reading_problem`."""
    if isinstance(error, boto.ClientError) and _answer(error)[0] in _ABSENT_WHEN_TAGS_ARE_READ:
        return ResourceNotFound(resources)
    return reading_problem(error, action, resources[0])


def writing_problem(error: Failure, action: str, arn: Arn, *groups: Arn) -> Problem:
    """The Problem for a failed write to a rule or listener. OutcomeUnknown if it may have taken effect.

    `groups`: the target groups in the request.
    """
    if unsent := _unsent(error, action):
        return unsent
    if not isinstance(error, boto.ClientError):
        return OutcomeUnknown(action, arn, _trouble(error))
    code, message, status = _answer(error)
    if absent := _ABSENT_WHEN_WRITTEN.get(code):
        return absent(arn)
    if code == "TargetGroupNotFound":
        return TargetGroupNotFound(arn, [group for group in groups if group in message] or groups)
    if (status >= _FIRST_SERVER_ERROR and not _is_throttling(error)) or code == _NO_CODE:
        return OutcomeUnknown(action, arn, f"{code}: {message}")
    return _refusal(error, action, arn, arn)


def header_rule_problem(error: Failure, action: str, arn: Arn, rule: HeaderRule) -> Problem:
    """The Problem for a failed write of a header route's rule. `arn`: the rule; to create it, the listener.

    PriorityTaken, HeaderRuleRefused, which names the route, or the same as `writing_problem`.
    """
    if isinstance(error, boto.ClientError) and _answer(error)[0] == "PriorityInUse":
        return PriorityTaken(rule.route, rule.listener, rule.priority)
    problem = writing_problem(error, action, arn, rule.group)
    if isinstance(problem, Refused) and isinstance(error, boto.ClientError):
        code, message, _ = _answer(error)
        return HeaderRuleRefused(rule.route, action, arn, code, message)
    return problem


def _refusal(error: boto.ClientError, action: str, arn: Arn, allow_on: str) -> Problem:
    code, message, _ = _answer(error)
    if code in _NOT_ALLOWED:
        # A CreateRule with tags also needs AddTags, which may be the denied action.
        named = _NAMED_ACTION.search(message)
        if named and named[1] != action:
            action, allow_on = named.groups()
        return NotAllowed(action, allow_on, message)
    if code in _CREDENTIALS:
        return CredentialsRefused(action, code, _without_request(message))
    if _is_throttling(error):
        return Throttled(action, code)
    return Refused(action, arn, code, message)


def _unsent(error: Failure, action: str) -> Problem | None:
    """The Problem for a request that was certainly not sent; None if it may have been sent."""
    if isinstance(error, _NO_CREDENTIALS):
        return NoCredentials()
    if isinstance(error, _NOT_SENT):
        return _unreachable(error, action)
    if isinstance(error, boto.ClientError) and error.operation_name != action.partition(":")[2]:
        return without_credentials(error)
    return None


def _unreachable(error: Failure, action: str) -> Unreachable:
    details = getattr(error, "kwargs", {})
    url = str(details.get("endpoint_url") or details.get("proxy_url"))
    return Unreachable(action, server_of(url) or "its endpoint", _trouble(error))


def _trouble(error: Failure) -> str:
    """What went wrong, without the error's own text if that may quote credentials."""
    return str(error) if isinstance(error, MalformedResponse) else cause_of(error)


def without_credentials(error: boto.ClientError) -> Problem:
    """The Problem for a failed request for credentials, such as AssumeRoleWithWebIdentity."""
    code, _, status = _answer(error)
    if _is_throttling(error):
        return Throttled(error.operation_name, code)
    if status >= _FIRST_SERVER_ERROR:
        return AwsFailed(error.operation_name, code)
    return CredentialsRefused(error.operation_name, code, "")  # the message may quote the pod's token


def _without_request(message: str) -> str:
    """The message without the request that AWS may repeat in it, after an empty line, with its headers."""
    return message.partition("\n")[0]


def _is_throttling(error: boto.ClientError) -> bool:
    return ThrottledRetryableChecker().is_retryable(RetryContext(1, parsed_response=error.response))


def _answer(error: boto.ClientError) -> tuple[str, str, int]:
    answer = error.response
    details = answer.get("Error", {})
    return (
        redacted(details.get("Code") or _NO_CODE),
        redacted(details.get("Message", "")),
        answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0),
    )
