"""The errors that the API returns: AWS's code, AWS's HTTP status, and a sentence."""

from collections.abc import Mapping

# Any operation may return these codes, in addition to those that the service model lists for it.
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

# Codes of single operations whose status is not 400.
_OTHER_STATUSES: Mapping[str, int] = {
    "HealthUnavailable": 500,
    "InsufficientCapacity": 500,
    "PriorRequestNotComplete": 429,
}


class ApiError(Exception):
    """An error response. The call was not applied."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        return COMMON_CODES.get(self.code) or _OTHER_STATUSES.get(self.code, 400)


class ValidationError(ApiError):
    """The request is invalid, and AWS has no more specific code for the reason."""

    def __init__(self, message: str) -> None:
        super().__init__("ValidationError", message)


class InvalidAction(ApiError):  # noqa: N818  AWS's name for the code
    """The API does not have this operation."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidAction", message)


class InvalidLoadBalancerAction(ApiError):  # noqa: N818  AWS's name for the code
    """The actions of a rule or listener cannot be combined."""

    def __init__(self, message: str) -> None:
        super().__init__("InvalidLoadBalancerAction", message)
