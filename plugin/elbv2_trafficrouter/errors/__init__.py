"""Everything that can go wrong, and the one place where its sentence is made.

A sentence is for a person at 3 a.m. who sees it as the Rollout's event: what is wrong, where, what to do.
Full ARNs and AWS's own words go to `metadata`.
"""

from elbv2_trafficrouter.errors.aws import (
    AnswerNotUnderstood,
    AwsFailed,
    CredentialsRefused,
    NoCredentials,
    NotAllowed,
    OutcomeUnknown,
    Refused,
    Throttled,
    Unreachable,
)
from elbv2_trafficrouter.errors.call import ClientLeft, Defect, Overtaken, TimeRanOut
from elbv2_trafficrouter.errors.managed_routes import (
    HeaderRouteLost,
    InvalidHeaderRoute,
    LoadBalancerFull,
    MirrorRoutesNotImplemented,
    NoFreePriority,
    OidcNotCopyable,
    PriorityTaken,
    RuleNotCopyable,
    TooManyConditions,
)
from elbv2_trafficrouter.errors.problem import (
    MAX_QUOTED_CHARACTERS,
    MAX_SENTENCE_BYTES,
    Kind,
    Problem,
    place_of,
    quoted,
    resource_of,
    shown,
)
from elbv2_trafficrouter.errors.request import (
    InvalidConfig,
    InvalidRequest,
    UndecodableMessage,
    UnknownKeys,
)
from elbv2_trafficrouter.errors.rules import (
    ListenerNotFound,
    NoForwardToStable,
    RuleNotFound,
    RuleNotUnderstood,
    SharesDiffer,
    ShareUnknown,
    TargetGroupNotFound,
    TooManyTargetGroups,
)

__all__ = [
    "MAX_QUOTED_CHARACTERS",
    "MAX_SENTENCE_BYTES",
    "AnswerNotUnderstood",
    "AwsFailed",
    "ClientLeft",
    "CredentialsRefused",
    "Defect",
    "HeaderRouteLost",
    "InvalidConfig",
    "InvalidHeaderRoute",
    "InvalidRequest",
    "Kind",
    "ListenerNotFound",
    "LoadBalancerFull",
    "MirrorRoutesNotImplemented",
    "NoCredentials",
    "NoForwardToStable",
    "NoFreePriority",
    "NotAllowed",
    "OidcNotCopyable",
    "OutcomeUnknown",
    "Overtaken",
    "PriorityTaken",
    "Problem",
    "Refused",
    "RuleNotCopyable",
    "RuleNotFound",
    "RuleNotUnderstood",
    "ShareUnknown",
    "SharesDiffer",
    "TargetGroupNotFound",
    "Throttled",
    "TimeRanOut",
    "TooManyConditions",
    "TooManyTargetGroups",
    "UndecodableMessage",
    "UnknownKeys",
    "Unreachable",
    "place_of",
    "quoted",
    "resource_of",
    "shown",
]
