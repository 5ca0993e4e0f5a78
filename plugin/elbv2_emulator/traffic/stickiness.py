"""The cookies that hold a client to a target group, and to a target of it. No I/O.

AWS encrypts what they say. Here it is only encoded: clients are to take it as it comes, all the same.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import formatdate

from elbv2_emulator.state.resources import Described, Target, TargetGroup

GROUP_COOKIE = "AWSALBTG"
TARGET_COOKIE = "AWSALB"
APPLICATION_COOKIE = "AWSALBAPP-0"
# The cookie's own end is always this far; how long it counts is told inside it.
_COOKIE_SECONDS = 7 * 24 * 3600

Cookies = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stickiness:
    """`application_cookie`: the target's own cookie, without which the load balancer's does not count."""

    cookie: str
    seconds: int
    application_cookie: str | None = None

    def held(self, cookies: Cookies, now: float) -> str | None:
        """What a client with these cookies is held to, as long as it counts."""
        if self.application_cookie is not None and self.application_cookie not in cookies:
            return None
        for name in (self.cookie, f"{self.cookie}CORS"):
            until, _, held_to = _decoded(cookies.get(name, "")).partition(" ")
            if until.isdigit() and now < int(until) and held_to:
                return held_to
        return None


@dataclass(frozen=True, slots=True)
class Hold:
    """`to`: as a cookie tells it. `kept`: the client was held there before this request."""

    by: Stickiness
    to: str
    kept: bool

    def lines(self, now: float, set_by_target: Iterable[str]) -> list[str]:
        """The Set-Cookie lines that hold the client from now on, beside those of the target."""
        end = formatdate(now + _COOKIE_SECONDS, usegmt=True)
        value = f"{_encoded(f'{int(now) + self.by.seconds} {self.to}')}; Expires={end}; Path=/"
        own = f"{self.by.cookie}={value}"
        application = self.by.application_cookie
        if application is None:
            return [own, f"{self.by.cookie}CORS={value}; SameSite=None; Secure"]
        begins = any(line.partition("=")[0].strip() == application for line in set_by_target)
        return [own] if begins or self.kept else []


def of_groups(action: Described) -> Stickiness | None:
    """How a forward action holds clients to its target groups."""
    config = action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {})
    return Stickiness(GROUP_COOKIE, config["DurationSeconds"]) if config.get("Enabled") else None


def of_targets(group: TargetGroup, *, alone: bool) -> Stickiness | None:
    """How a target group holds clients to its targets. `alone`: no other group is in the forward action."""
    attributes = group.attributes
    if attributes.get("stickiness.enabled") != "true":
        return None
    if attributes["stickiness.type"] == "lb_cookie":
        return Stickiness(TARGET_COOKIE, int(attributes["stickiness.lb_cookie.duration_seconds"]))
    # With weighted target groups this type does not work.
    name, seconds = (
        attributes["stickiness.app_cookie.cookie_name"],
        attributes["stickiness.app_cookie.duration_seconds"],
    )
    return Stickiness(APPLICATION_COOKIE, int(seconds), name) if alone and name else None


def told_of(group_arn: str, target: Target) -> str:
    """How a cookie names a target: registered in another group it is another one."""
    return f"{group_arn} {target.id}:{target.port}"


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
