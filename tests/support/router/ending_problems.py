"""A Problem of each kind after which a call sends no further request."""

from elbv2_trafficrouter.errors.aws import (
    AwsFailed,
    CredentialsRefused,
    NoCredentials,
    OutcomeUnknown,
    ResponseNotFromAws,
    Throttled,
    Unreachable,
)
from elbv2_trafficrouter.errors.call import ClientDisconnected, DeadlineExceeded, Superseded

_ACTION = "elasticloadbalancing:CreateRule"
ENDING_PROBLEMS = [
    AwsFailed(_ACTION, "InternalFailure"),
    ClientDisconnected(),
    CredentialsRefused(_ACTION, "ExpiredToken", "expired"),
    DeadlineExceeded("AWS"),
    NoCredentials(),
    OutcomeUnknown(_ACTION, "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/a", "timed out"),
    ResponseNotFromAws(_ACTION, "<html>"),
    Superseded("SetHeaderRoute", "petclinic", "was"),
    Throttled(_ACTION, "Throttling"),
    Unreachable(_ACTION, "https://elasticloadbalancing.eu-west-1.amazonaws.com", "refused"),
]
