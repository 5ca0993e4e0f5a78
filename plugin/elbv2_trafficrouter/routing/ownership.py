"""Whose a header rule is: the tags that the router gives it, and the form that it has. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.rule import ListenerRule

_PREFIX = "elbv2-trafficrouter/"
_ROUTE = f"{_PREFIX}route"
# Letters and digits of any language, spaces, and _.:/=+-@. Source: API reference, Tag.


@dataclass(frozen=True, slots=True)
class Installation:
    """Which of several routers in an AWS account this is: of which cluster, and there of which controller."""

    cluster: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """A Rollout, and the router that makes its header rules."""

    installation: Installation
    namespace: str
    rollout: str
    uid: str

    @property
    def tags(self) -> dict[str, str]:
        return {
            f"{_PREFIX}cluster": self.installation.cluster,
            f"{_PREFIX}instance": self.installation.instance,
            f"{_PREFIX}rollout-namespace": self.namespace,
            f"{_PREFIX}rollout": self.rollout,
            f"{_PREFIX}rollout-uid": self.uid,
        }

    def tags_of(self, route: str) -> dict[str, str]:
        """Of a rule for this header route."""
        return {**self.tags, _ROUTE: route}


def owner_of(intent: Intent, installation: Installation) -> Owner:
    return Owner(installation, intent.namespace, intent.rollout, intent.uid)


def is_shaped_like_ours(rule: ListenerRule, bases: Collection[Arn], groups: Collection[Arn]) -> bool:
    """Whether it sends requests with a certain header to one of these groups alone, and is none of `bases`.

    A tag can be put on any rule; what the rule does can't be feigned.
    """
    return (
        rule.priority is not None
        and rule.arn not in bases
        and [forward.group in groups for forward in rule.forwards] == [True]
        and any(condition.field == "http-header" for condition in rule.conditions)
    )


def route_of(tags: Mapping[str, str], owner: Owner) -> str | None:
    """The header route that a rule with these tags is for; None where it is not this owner's."""
    return tags.get(_ROUTE) if owner.tags.items() <= tags.items() else None
