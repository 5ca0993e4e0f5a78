"""Stickiness: the cookies that hold a client to a target group, and to one of its targets. No I/O.

AWS encrypts the content of these cookies; here it is only encoded. Clients must not interpret either.
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
# The cookie always expires after this time; the duration of the stickiness is in its value.
_COOKIE_SECONDS = 7 * 24 * 3600

Cookies = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stickiness:
    """`application_cookie`: the target's own cookie; without it the load balancer's cookie is ignored."""

    cookie: str
    seconds: int
    application_cookie: str | None = None

    def held_to(self, cookies: Cookies, now: float) -> str | None:
        """What a client with these cookies is held to, until the duration is over."""
        if self.application_cookie is not None and self.application_cookie not in cookies:
            return None
        for name in (self.cookie, f"{self.cookie}CORS"):
            until, _, held_to = _decode(cookies.get(name, "")).partition(" ")
            if until.isdigit() and now < int(until) and held_to:
                return held_to
        return None


@dataclass(frozen=True, slots=True)
class Hold:
    """`to`: the group or target, as the cookie names it. `kept`: the client was already held to it."""

    by: Stickiness
    to: str
    kept: bool

    def cookie_lines(self, now: float, set_by_target: Iterable[str]) -> list[str]:
        """The Set-Cookie lines to add to the response. `set_by_target`: the target's own lines."""
        end = formatdate(now + _COOKIE_SECONDS, usegmt=True)
        value = f"{_encode(f'{int(now) + self.by.seconds} {self.to}')}; Expires={end}; Path=/"
        own = f"{self.by.cookie}={value}"
        application = self.by.application_cookie
        if application is None:
            return [own, f"{self.by.cookie}CORS={value}; SameSite=None; Secure"]
        starts = any(line.partition("=")[0].strip() == application for line in set_by_target)
        return [own] if starts or self.kept else []


def group_stickiness(action: Described) -> Stickiness | None:
    """How a forward action holds clients to its target groups."""
    config = action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {})
    return Stickiness(GROUP_COOKIE, config["DurationSeconds"]) if config.get("Enabled") else None


def target_stickiness(group: TargetGroup, *, alone: bool) -> Stickiness | None:
    """How a target group holds clients to its targets. `alone`: the forward action has no other group."""
    attributes = group.attributes
    if attributes.get("stickiness.enabled") != "true":
        return None
    if attributes["stickiness.type"] == "lb_cookie":
        return Stickiness(TARGET_COOKIE, int(attributes["stickiness.lb_cookie.duration_seconds"]))
    # Application cookies do not work with weighted target groups.
    name, seconds = (
        attributes["stickiness.app_cookie.cookie_name"],
        attributes["stickiness.app_cookie.duration_seconds"],
    )
    return Stickiness(APPLICATION_COOKIE, int(seconds), name) if alone and name else None


def target_identity(group_arn: str, target: Target) -> str:
    """How a cookie names a target. The same address in another group is another target."""
    return f"{group_arn} {target.id}:{target.port}"


def _encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(value: str) -> str:
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
