"""What a sidecar wrote, from the emulator's journal, and whether a message asked for it.

A message asks for a write to a rule if it names the rule, or if the rule is a header route's and has the tags
of the message's Rollout. A write to the rule that a message names changes only weights, and adds only target
groups that the message names.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from attack.rollouts import Ground
from elbv2_emulator.state.journal import Entry
from support.router.sidecar import CREDENTIALS

_TAGS = ("rollout-namespace", "rollout", "rollout-uid")
_PREFIX = "elbv2-trafficrouter/"
Owner: TypeAlias = tuple[str, str, str]
"""Namespace, name and uid of a Rollout."""


class Writes:
    """Reads the rules after each write, because the journal has no responses."""

    def __init__(self, there: Ground) -> None:
        self._clinic = there.clinic
        self._entries = there.emulator.journal.entries
        self._listeners = {
            rollout.named["listenerArn"] for rollout in there.rollouts if "listenerArn" in rollout.named
        }
        self._listeners.add(there.clinic.listener)
        self._named: dict[Owner, Mapping[str, str]] = {
            ("petclinic", each.name, each.uid): each.named for each in there.rollouts
        }
        self._was_written = True
        self.read_owners()
        self._entries.clear()

    def since_last_asked(self) -> list[Entry]:
        """The sidecar's successful writes."""
        principal = CREDENTIALS["AWS_ACCESS_KEY_ID"]
        found = [
            entry
            for entry in self._entries
            if entry.principal == principal
            and entry.status == 200
            and not entry.action.startswith("Describe")
        ]
        self._entries.clear()
        self._was_written |= bool(found)
        return found

    def forget(self) -> None:
        """What was written until now is not asked for again."""
        self.since_last_asked()
        self.read_owners()

    def rules_of_mutants(self) -> list[tuple[Owner, str]]:
        """The owner and the listener of each header rule that is in the way of valid requests.

        A message with another name or uid is about another Rollout. One with another rule is about a Rollout
        whose header rules are above that rule.
        """
        owners = {arn: _owner(tags) for arn, tags in self._owners.items() if tags}
        return [
            (owner, self._conditions[arn][0])
            for arn, owner in owners.items()
            if not self._is_above_its_own_rule(arn, self._named.get(owner))
        ]

    def listener_of(self, named: Mapping[str, str]) -> str:
        """The listener of a rule, as the plugin's block names the rule."""
        return self._conditions[named.get("arn") or named["listenerArn"]][0]

    def _is_above_its_own_rule(self, header_rule: str, named: Mapping[str, str] | None) -> bool:
        if named is None:
            return False
        listener, conditions = self._conditions[named.get("arn") or named["listenerArn"]]
        its_listener, its_conditions = self._conditions[header_rule]
        return listener == its_listener and all(each in its_conditions for each in conditions)

    def read_owners(self) -> None:
        """Reads the rules as they are now, if they may have changed."""
        if not self._was_written:
            return
        self._was_written = False
        self._actions: dict[str, Any] = {}
        self._owners: dict[str, dict[str, str]] = {}
        self._conditions: dict[str, tuple[str, Any]] = {}
        client = self._clinic.client
        for listener in self._listeners:
            for rule in client.describe_rules(ListenerArn=listener)["Rules"]:
                arn = listener if rule["IsDefault"] else rule["RuleArn"]
                self._actions[arn] = rule["Actions"]
                self._conditions[arn] = (listener, rule["Conditions"])
                if not rule["IsDefault"]:
                    self._owners[arn] = self._clinic.tags(arn)

    def reason_why_undue(self, write: Entry, raw: bytes, rollout: Any) -> str:
        """Empty if the message asks for this write."""
        if rollout is None:
            return "the message can't be decoded"
        match write.action:
            case "ModifyRule" | "ModifyListener":
                return self._reason_for_modifying(write.parameters, raw, rollout)
            case "DeleteRule":
                is_due = _is_owner(rollout, self._owners.get(write.parameters["RuleArn"], {}))
                return "" if is_due else "the rule is not one of its Rollout's"
            case "CreateRule":
                return _reason_for_creating(write.parameters, raw, rollout)
            case _:
                return "no message asks for this action"

    def _reason_for_modifying(self, parameters: Mapping[str, Any], raw: bytes, rollout: Any) -> str:
        arn = parameters.get("RuleArn") or parameters["ListenerArn"]
        after: Any = parameters.get("Actions") or parameters.get("DefaultActions")
        if _is_owner(rollout, self._owners.get(arn, {})):
            return _unnamed_group(_groups(after), raw)
        if arn.encode() not in raw:
            return "the message does not name the rule, and it is not a rule of its Rollout's"
        before = self._actions[arn]
        if [action["Type"] for action in before] != [action["Type"] for action in after]:
            return "the rule has other actions now"
        return _unnamed_group(_groups(after) - _groups(before), raw)


def _reason_for_creating(parameters: Mapping[str, Any], raw: bytes, rollout: Any) -> str:
    path = parameters["ListenerArn"].split(":listener/")[1]
    if path.encode() not in raw:
        return "the message does not name the listener"
    if not _is_owner(rollout, {tag["Key"]: tag["Value"] for tag in parameters["Tags"]}):
        return "the tags are not its Rollout's"
    return _unnamed_group(_groups(parameters["Actions"]), raw)


def _is_owner(rollout: Any, tags: Mapping[str, str]) -> bool:
    metadata = rollout.metadata
    return _owner(tags) == (metadata.namespace, metadata.name, metadata.uid)


def _owner(tags: Mapping[str, str]) -> Owner:
    namespace, rollout, uid = (tags.get(_PREFIX + tag, "") for tag in _TAGS)
    return namespace, rollout, uid


def _groups(actions: Any) -> set[str]:
    return set(_weights(actions)) | {
        action["TargetGroupArn"] for action in actions or () if "TargetGroupArn" in action
    }


def _weights(actions: Any) -> Iterator[str]:
    for action in actions or ():
        for group in action.get("ForwardConfig", {}).get("TargetGroups", ()):
            yield group["TargetGroupArn"]


def _unnamed_group(groups: set[str], raw: bytes) -> str:
    unnamed = [group for group in groups if group.encode() not in raw]
    return f"the message does not name {unnamed[0]}" if unnamed else ""
