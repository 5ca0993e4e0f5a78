"""Settings of the traffic through the listeners."""

from dataclasses import dataclass


@dataclass(slots=True)
class TrafficSettings:
    """Settings that can be changed at any time, from any thread.

    `serve_initial`: whether initial targets get requests if their group has no other targets. If not, the
    response is 503. AWS does not document which of the two it does. `version_header`: the response header
    whose value is counted as the version.
    """

    serve_initial: bool = False
    version_header: str = "X-Version"
