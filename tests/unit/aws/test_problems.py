"""AWS's failures → Problem."""

import inspect
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from botocore.retries.standard import ThrottledRetryableChecker

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.aws.problems import (
    FAILURES,
    Failure,
    header_rule_problem,
    reading_problem,
    tags_problem,
    writing_problem,
)
from elbv2_trafficrouter.errors import Kind, Problem, resource_of
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
from elbv2_trafficrouter.routing.rule import HeaderRule

OWNER = "arn:aws:elasticloadbalancing:eu-west-1:123456789012"
LISTENER = Arn(f"{OWNER}:listener/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2")
RULE = Arn(f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee")
STABLE = Arn(f"{OWNER}:targetgroup/was-stable/73e2d6bc24d8a067")
CANARY = Arn(f"{OWNER}:targetgroup/was-canary/943f017f100becff")
ENDPOINT = "https://elasticloadbalancing.eu-west-1.amazonaws.com/"


def reading(error: Failure) -> Problem:
    return reading_problem(error, "elasticloadbalancing:DescribeRules", LISTENER)


def writing(error: Failure) -> Problem:
    return writing_problem(error, "elasticloadbalancing:ModifyRule", RULE, STABLE, CANARY)


def creating(error: Failure) -> Problem:
    rule = HeaderRule("beta", RULE, 4, frozenset(), (), CANARY, ())
    return header_rule_problem(error, "elasticloadbalancing:CreateRule", LISTENER, rule)


def refusal(code: str, status: int, operation: str, message: str = "AWS's own words") -> boto.ClientError:
    """As botocore makes it of an answer."""
    return boto.ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "RequestId": "00000000-0000-0000-0000-000000000000",
                "HTTPStatusCode": status,
                "HTTPHeaders": {},
                "HostId": "",
                "RetryAttempts": 0,
            },
        },
        operation,
    )


# Answers


ANSWERS = [
    pytest.param("AccessDenied", 403, NotAllowed, NotAllowed, id="IAM refuses"),
    pytest.param("AccessDeniedException", 403, NotAllowed, NotAllowed, id="IAM refuses, in other words"),
    pytest.param("UnauthorizedOperation", 403, NotAllowed, NotAllowed, id="unauthorized"),
    pytest.param("ExpiredToken", 403, CredentialsRefused, CredentialsRefused, id="token expired"),
    pytest.param(
        "ExpiredTokenException", 403, CredentialsRefused, CredentialsRefused, id="token expired, too"
    ),
    pytest.param("InvalidClientTokenId", 403, CredentialsRefused, CredentialsRefused, id="unknown key"),
    pytest.param("SignatureDoesNotMatch", 403, CredentialsRefused, CredentialsRefused, id="wrong secret"),
    pytest.param("RequestExpired", 400, CredentialsRefused, CredentialsRefused, id="clock is wrong"),
    pytest.param("OptInRequired", 403, CredentialsRefused, CredentialsRefused, id="region is not enabled"),
    pytest.param("Throttling", 400, Throttled, Throttled, id="rate exceeded"),
    pytest.param("ThrottlingException", 400, Throttled, Throttled, id="rate exceeded, in other words"),
    pytest.param("RequestLimitExceeded", 400, Throttled, Throttled, id="request limit"),
    pytest.param("RequestLimitExceeded", 503, Throttled, Throttled, id="request limit, status 503"),
    pytest.param("ListenerNotFound", 400, ListenerNotFound, ListenerNotFound, id="no listener"),
    pytest.param("LoadBalancerNotFound", 400, ListenerNotFound, Refused, id="no load balancer"),
    pytest.param("RuleNotFound", 400, RuleNotFound, RuleNotFound, id="no rule"),
    pytest.param("TargetGroupNotFound", 400, Refused, TargetGroupNotFound, id="no target group"),
    pytest.param("ValidationError", 400, Refused, Refused, id="not valid"),
    pytest.param("OperationNotPermitted", 400, Refused, Refused, id="a default rule"),
    pytest.param("TargetGroupAssociationLimit", 400, Refused, Refused, id="group on another load balancer"),
    pytest.param("IncompatibleProtocols", 400, Refused, Refused, id="protocols differ"),
    pytest.param("NeverHeardOf", 418, Refused, Refused, id="an unknown 4xx"),
    pytest.param("InternalFailure", 500, AwsFailed, OutcomeUnknown, id="AWS failed"),
    pytest.param("ServiceUnavailable", 503, AwsFailed, OutcomeUnknown, id="AWS is not there"),
    pytest.param("502", 502, AwsFailed, OutcomeUnknown, id="a gateway failed"),
]


@pytest.mark.parametrize(("code", "status", "read", "written"), ANSWERS)
def test_an_answer_of_aws(code: str, status: int, read: type[Problem], written: type[Problem]) -> None:
    assert type(reading(refusal(code, status, "DescribeRules"))) is read
    assert type(writing(refusal(code, status, "ModifyRule"))) is written


@pytest.mark.parametrize(("code", "status", "read", "_written"), ANSWERS)
def test_an_answer_about_tags(code: str, status: int, read: type[Problem], _written: type[Problem]) -> None:
    """A missing resource is the same problem for every kind of resource."""
    problem = tags_problem(
        refusal(code, status, "DescribeTags"), "elasticloadbalancing:DescribeTags", [LISTENER, STABLE]
    )
    assert type(problem) is (ResourceNotFound if code.endswith("NotFound") else read)


def test_a_missing_resource_is_one_of_those_in_the_request() -> None:
    error = refusal("TargetGroupNotFound", 400, "DescribeTags")
    problem = tags_problem(error, "elasticloadbalancing:DescribeTags", [STABLE, LISTENER])
    assert problem.sentence == (
        "At least one of these resources does not exist: "
        "listener/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2, targetgroup/was-stable/73e2d6bc24d8a067. "
        "Correct the ARNs in the Rollout's plugin configuration."
    )


THROTTLING: Any = ThrottledRetryableChecker


@pytest.mark.parametrize("code", sorted(THROTTLING._THROTTLED_ERROR_CODES))  # noqa: SLF001  botocore's own list
def test_what_botocore_takes_for_throttling(code: str) -> None:
    assert type(reading(refusal(code, 400, "DescribeRules"))) is Throttled
    assert type(writing(refusal(code, 400, "ModifyRule"))) is Throttled


def test_every_modelled_error_of_modify_rule_means_that_nothing_was_written() -> None:
    model = botocore.session.get_session().get_service_model("elbv2")
    shapes: list[Any] = model.operation_model("ModifyRule").error_shapes
    assert len(shapes) > 5
    for shape in shapes:
        problem = writing(refusal(shape.error_code, shape.metadata["error"]["httpStatusCode"], "ModifyRule"))
        assert type(problem) in {RuleNotFound, TargetGroupNotFound, Refused}, shape.name


def test_an_answer_without_anything_in_it() -> None:
    """As a proxy's 4xx ends."""
    assert type(reading(boto.ClientError({}, "DescribeRules"))) is ResponseNotFromAws
    assert type(writing(boto.ClientError({}, "ModifyRule"))) is OutcomeUnknown


def test_reading_is_allowed_on_all_resources_or_none() -> None:
    problem = reading(refusal("AccessDenied", 403, "DescribeRules"))
    assert problem.metadata == {
        "action": "elasticloadbalancing:DescribeRules",
        "arn": "*",
        "aws_message": "AWS's own words",
    }


def test_writing_is_allowed_on_the_rule() -> None:
    problem = writing(refusal("AccessDenied", 403, "ModifyRule"))
    assert problem.metadata["action"] == "elasticloadbalancing:ModifyRule"
    assert problem.metadata["arn"] == RULE


def test_a_missing_target_group_is_one_of_those_that_were_written() -> None:
    problem = writing(refusal("TargetGroupNotFound", 400, "ModifyRule"))
    assert problem.metadata == {"rule": RULE, "target_groups": f"{CANARY} {STABLE}"}


def test_a_refusal_says_why_in_aws_own_words() -> None:
    problem = writing(refusal("ValidationError", 400, "ModifyRule", "Weights may be 0 to 999."))
    assert "with ValidationError: Weights may be 0 to 999. Correct the rule" in problem.sentence


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        pytest.param("PriorityInUse", 400, PriorityTaken, id="somebody was faster"),
        pytest.param("TooManyRules", 400, HeaderRuleRefused, id="somebody made rules meanwhile"),
        pytest.param("ListenerNotFound", 400, ListenerNotFound, id="no listener"),
        pytest.param("AccessDenied", 403, NotAllowed, id="IAM refuses"),
        pytest.param("InternalFailure", 500, OutcomeUnknown, id="AWS failed"),
    ],
)
def test_an_answer_to_a_create(code: str, status: int, problem: type[Problem]) -> None:
    assert type(creating(refusal(code, status, "CreateRule"))) is problem


@pytest.mark.parametrize(
    ("operation", "arn"), [("CreateRule", LISTENER), ("ModifyRule", RULE)], ids=["created", "modified"]
)
def test_a_refused_header_rule_names_its_route(operation: str, arn: Arn) -> None:
    rule = HeaderRule("beta", RULE, 4, frozenset(), (), CANARY, ())
    error = refusal("ValidationError", 400, operation, "The regex is invalid")
    problem = header_rule_problem(error, f"elasticloadbalancing:{operation}", arn, rule)
    assert problem.kind is Kind.FAILED_PRECONDITION
    assert problem.metadata["route"] == "beta"
    assert problem.sentence == (
        f"AWS rejects elasticloadbalancing:{operation} on {resource_of(arn)} for the header route 'beta' "
        "with ValidationError: The regex is invalid. Correct the setHeaderRoute step, or the rule whose "
        "conditions the route shares."
    )


def test_creating_is_allowed_on_the_listener() -> None:
    assert creating(refusal("AccessDenied", 403, "CreateRule")).metadata["arn"] == LISTENER


def test_the_action_that_iam_names_is_the_one_to_allow() -> None:
    """CreateRule with tags is refused for want of AddTags, too."""
    rule = f"{OWNER}:listener-rule/app/petclinic/50dc6c495c0c9188/f2f7dc8efc522ab2/*"
    message = (
        "User: arn:aws:sts::123456789012:assumed-role/router/1732 is not authorized to perform: "
        f"elasticloadbalancing:AddTags on resource: {rule} because no identity-based policy allows it"
    )
    problem = creating(refusal("AccessDenied", 403, "CreateRule", message))
    assert problem.metadata == {
        "action": "elasticloadbalancing:AddTags",
        "arn": rule,
        "aws_message": message,
    }


def test_a_target_group_that_is_missing_for_a_header_rule_is_named() -> None:
    problem = creating(refusal("TargetGroupNotFound", 400, "CreateRule"))
    assert problem.metadata == {"rule": LISTENER, "target_groups": CANARY}


# Answers on the way to credentials


@pytest.mark.parametrize("problem_of", [reading, writing])
@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        pytest.param("AccessDenied", 403, CredentialsRefused, id="the role does not trust this pod"),
        pytest.param("InvalidIdentityToken", 400, CredentialsRefused, id="no identity provider"),
        pytest.param("ValidationError", 400, CredentialsRefused, id="a malformed role"),
        pytest.param("Throttling", 400, Throttled, id="throttled"),
        pytest.param("InternalFailure", 500, AwsFailed, id="STS failed, so nothing was written"),
    ],
)
def test_an_answer_of_sts_is_about_credentials(
    problem_of: Callable[[Failure], Problem], code: str, status: int, problem: type[Problem]
) -> None:
    """botocore asks for a role's credentials before the request, and lets STS's refusal through."""
    found = problem_of(refusal(code, status, "AssumeRoleWithWebIdentity"))
    assert type(found) is problem
    assert "AssumeRoleWithWebIdentity" in found.sentence


# No answer


NO_ANSWER = [
    pytest.param(boto.NoCredentialsError(), NoCredentials, NoCredentials, id="no credentials"),
    pytest.param(
        boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        NoCredentials,
        NoCredentials,
        id="half of them",
    ),
    pytest.param(
        boto.CredentialRetrievalError(provider="container-role", error_msg="timed out"),
        NoCredentials,
        NoCredentials,
        id="Pod Identity does not answer",
    ),
    pytest.param(boto.MetadataRetrievalError(error_msg="x"), NoCredentials, NoCredentials, id="no metadata"),
    pytest.param(
        boto.ProfileNotFound(profile="petclinic"), NoCredentials, NoCredentials, id="no such profile"
    ),
    pytest.param(
        boto.InvalidConfigError(error_msg="no source_profile"),
        NoCredentials,
        NoCredentials,
        id="a broken profile",
    ),
    pytest.param(boto.UnauthorizedSSOTokenError(), NoCredentials, NoCredentials, id="SSO session expired"),
    pytest.param(boto.LoginRefreshRequired(), NoCredentials, NoCredentials, id="login expired"),
    pytest.param(
        boto.TokenRetrievalError(provider="sso", error_msg="x"),
        NoCredentials,
        NoCredentials,
        id="no SSO token",
    ),
    pytest.param(
        boto.ConnectTimeoutError(endpoint_url=ENDPOINT),
        Unreachable,
        Unreachable,
        id="connecting takes too long",
    ),
    pytest.param(
        boto.EndpointConnectionError(endpoint_url=ENDPOINT), Unreachable, Unreachable, id="no connection"
    ),
    pytest.param(
        boto.ProxyConnectionError(proxy_url="http://proxy"), Unreachable, Unreachable, id="no proxy"
    ),
    pytest.param(
        boto.ReadTimeoutError(endpoint_url=ENDPOINT),
        Unreachable,
        OutcomeUnknown,
        id="answering takes too long",
    ),
    pytest.param(
        boto.ConnectionClosedError(endpoint_url=ENDPOINT), Unreachable, OutcomeUnknown, id="connection closed"
    ),
    pytest.param(boto.HTTPClientError(error="x"), Unreachable, OutcomeUnknown, id="any trouble of HTTP"),
    pytest.param(
        boto.SSLError(endpoint_url=ENDPOINT, error=ssl.SSLEOFError("EOF occurred in violation of protocol")),
        Unreachable,
        OutcomeUnknown,
        id="TLS ends without a word, before or after the request",
    ),
    pytest.param(boto.ResponseStreamingError(error="x"), Unreachable, OutcomeUnknown, id="half an answer"),
    pytest.param(ResponseParserError("no XML"), ResponseNotFromAws, OutcomeUnknown, id="no XML"),
]


@pytest.mark.parametrize(("error", "read", "written"), NO_ANSWER)
def test_no_answer(error: Failure, read: type[Problem], written: type[Problem]) -> None:
    assert type(reading(error)) is read
    assert type(writing(error)) is written


# Whatever botocore raises


def errors_of_botocore() -> Iterator[Failure]:
    """One of each class, with a value for each of its sentence's fields."""

    class Anything(dict[str, object]):
        def __missing__(self, key: str) -> str:
            return key

    for name, kind in inspect.getmembers(boto, inspect.isclass):
        if name == kind.__name__ and issubclass(kind, boto.BotoCoreError):
            error = kind.__new__(kind)
            Exception.__init__(error, kind.fmt.format_map(Anything()))
            yield error


@pytest.mark.parametrize("error", list(errors_of_botocore()), ids=lambda error: type(error).__name__)
def test_every_error_of_botocore_is_a_problem(error: Failure) -> None:
    assert isinstance(error, FAILURES)
    assert isinstance(reading(error), Problem)
    assert isinstance(writing(error), Problem)


def test_nothing_was_written_is_said_only_where_that_is_sure() -> None:
    """Of all that can end a connection, these alone end it before the request."""
    sure = {type(error).__name__ for error in errors_of_botocore() if type(writing(error)) is Unreachable}
    assert sure == {"ConnectTimeoutError", "EndpointConnectionError", "ProxyConnectionError"}
