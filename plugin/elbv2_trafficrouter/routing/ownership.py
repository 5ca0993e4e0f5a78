"""Identifies the owner of a header rule, by the rule's tags and by what the rule does. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from elbv2_trafficrouter import tags
from elbv2_trafficrouter.arn import Arn
from elbv2_trafficrouter.rollout.intent import Intent
from elbv2_trafficrouter.routing.rule import ListenerRule


@dataclass(frozen=True, slots=True)
class Installation:
    """Identifies this router among others in the AWS account, by the cluster and the controller instance."""

    cluster: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """A Rollout, and the router that creates its header rules."""

    installation: Installation
    namespace: str
    rollout: str
    uid: str

    @property
    def tags(self) -> dict[str, str]:
        return {
            tags.CLUSTER: self.installation.cluster,
            tags.INSTANCE: self.installation.instance,
            tags.ROLLOUT_NAMESPACE: self.namespace,
            tags.ROLLOUT: self.rollout,
            tags.ROLLOUT_UID: self.uid,
        }

    def tags_of(self, route: str) -> dict[str, str]:
        """The tags of a rule for this header route."""
        return {**self.tags, tags.ROUTE: route}


def owner_of(intent: Intent, installation: Installation) -> Owner:
    return Owner(installation, intent.namespace, intent.rollout, intent.uid)


def is_shaped_like_ours(rule: ListenerRule, bases: Collection[Arn], groups: Collection[Arn]) -> bool:
    """Whether the rule sends requests with a certain header to one of `groups` only, and is not in `bases`.

    Tags alone are not enough: anyone can tag a rule, but what the rule does can't be forged.
    """
    return (
        rule.priority is not None
        and rule.arn not in bases
        and [forward.group in groups for forward in rule.forwards] == [True]
        and any(condition.field == "http-header" for condition in rule.conditions)
    )


def route_of(found: Mapping[str, str], owner: Owner) -> str | None:
    """The header route of a rule with these tags; None if the rule is not this owner's."""
    return found.get(tags.ROUTE) if owner.tags.items() <= found.items() else None
