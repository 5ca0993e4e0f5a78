"""What may be set of the listeners' traffic."""

from dataclasses import dataclass


@dataclass(slots=True)
class TrafficSettings:
    """What may be set at any time, from any thread.

    `serve_initial`: whether targets in registration get requests when their group has no others; else 503.
    AWS does not document which. `version_header`: the header of answers that tells the version to count.
    """

    serve_initial: bool = False
    version_header: str = "X-Version"
