"""The errors that the API answers: AWS's code, AWS's HTTP status, and a sentence."""

from collections.abc import Mapping

# What any operation may answer, beside the codes that the service model lists for it.
COMMON_CODES: Mapping[str, int] = {
    "AccessDenied": 403,
    "ExpiredToken": 403,
    "InvalidClientTokenId": 403,
    "MissingAuthenticationToken": 403,
    "InvalidAction": 400,
    "Throttling": 400,
    "ThrottlingException": 400,
    "ValidationError": 400,
    "InternalFailure": 500,
    "ServiceUnavailable": 503,
}

# The codes of single operations whose status is not 400.
_OTHER_STATUSES: Mapping[str, int] = {
    "HealthUnavailable": 500,
    "InsufficientCapacity": 500,
    "PriorRequestNotComplete": 429,
}


class ApiError(Exception):
    """An answer that is an error: nothing was applied."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        return COMMON_CODES.get(self.code) or _OTHER_STATUSES.get(self.code, 400)


class ValidationError(ApiError):
    """The request is wrong in a way for which AWS has no code of its own."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", message)


class InvalidAction(ApiError):  # noqa: N818  AWS's code is called so
    """An operation that this API does not have."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidAction", message)


class InvalidLoadBalancerAction(ApiError):  # noqa: N818  AWS's code is called so
    """The actions of a rule or listener do not fit together."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidLoadBalancerAction", message)
