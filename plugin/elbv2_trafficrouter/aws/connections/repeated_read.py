"""Repeats a read whose connection was closed without a response. A write is never repeated.

AWS closes connections that were idle for a while, and the client notices only when it sends the next request.
"""

from typing import Any

from botocore.exceptions import ConnectionClosedError, SSLError

from elbv2_trafficrouter.aws.connections.bounds import current_bounds

_CLOSED = (ConnectionClosedError, SSLError)


def repeat_read(
    attempts: int, operation: Any, caught_exception: Exception | None, endpoint: Any, **_: object
) -> float | None:
    """A `needs-retry` handler: seconds until the request is sent again; None if it is not."""
    bounds = current_bounds()
    if bounds is not None and bounds.are_exceeded:
        return None
    if attempts > 1 or not operation.name.startswith("Describe") or not isinstance(caught_exception, _CLOSED):
        return None
    endpoint.close()  # the other kept connections may be closed, too
    return 0.0
