"""The resources of a region, as immutable values: a change makes a new state, which the store keeps."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeAlias, TypeVar

# A structure of the API, by the service model's member names. It is never changed once it is in a state.
Described: TypeAlias = Mapping[str, Any]
Value = TypeVar("Value")

CONDITION_CONFIG_OF: Mapping[str, str] = {
    "host-header": "HostHeaderConfig",
    "path-pattern": "PathPatternConfig",
    "http-header": "HttpHeaderConfig",
    "query-string": "QueryStringConfig",
    "http-request-method": "HttpRequestMethodConfig",
    "source-ip": "SourceIpConfig",
}


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    arn: str
    name: str
    settings: Described  # the other members of the model's LoadBalancer
    attributes: Mapping[str, str] = field(default_factory=dict)  # only those that were set


@dataclass(frozen=True, slots=True)
class Listener:
    arn: str
    load_balancer_arn: str
    protocol: str
    port: int
    settings: Described  # SslPolicy, Certificates, MutualAuthentication
    attributes: Mapping[str, str] = field(default_factory=dict)  # only those that were set


@dataclass(frozen=True, slots=True)
class Rule:
    arn: str
    listener_arn: str
    priority: int | None  # None: the listener's default rule, which holds its default actions
    conditions: tuple[Described, ...]
    actions: tuple[Described, ...]
    transforms: tuple[Described, ...] = ()

    @property
    def is_default(self) -> bool:
        return self.priority is None


@dataclass(frozen=True, slots=True)
class Checks:
    """What the health checks of a target have found so far."""

    state: str = "initial"
    reason: str = "Elb.RegistrationInProgress"
    description: str = "Target registration is in progress"
    in_a_row: int = 0  # passed checks since the last failure; below 0: failed checks since the last pass
    due: float = 0.0  # when the next check starts


@dataclass(frozen=True, slots=True)
class Target:
    """Times are in seconds since the epoch."""

    id: str
    port: int
    zone: str | None = None
    set_state: str | None = None  # set through /_emulator/health, and overrides the checks
    registration: int = 0  # the state's version at registration, which distinguishes registrations
    exists_from: float = 0.0  # from this time on for health checks and traffic
    checks: Checks = Checks()
    draining_until: float | None = None


@dataclass(frozen=True, slots=True)
class TargetGroup:
    arn: str
    name: str
    settings: Described  # the other members of the model's TargetGroup, without LoadBalancerArns
    attributes: Mapping[str, str]
    targets: Mapping[tuple[str, int], Target] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """All resources of one region by ARN, in the order of their creation."""

    version: int = 0
    load_balancers: Mapping[str, LoadBalancer] = field(default_factory=dict)
    listeners: Mapping[str, Listener] = field(default_factory=dict)
    rules: Mapping[str, Rule] = field(default_factory=dict)
    target_groups: Mapping[str, TargetGroup] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def listeners_of(self, load_balancer_arn: str) -> list[Listener]:
        return [
            listener
            for listener in self.listeners.values()
            if listener.load_balancer_arn == load_balancer_arn
        ]

    def rules_of(self, listener_arn: str) -> list[Rule]:
        """A listener's rules in the order in which they are evaluated: the default rule is last."""
        own = [rule for rule in self.rules.values() if rule.listener_arn == listener_arn]
        return sorted(own, key=lambda rule: (rule.priority is None, rule.priority or 0))

    def default_rule(self, listener_arn: str) -> Rule:
        return self.rules_of(listener_arn)[-1]

    def load_balancer_of(self, rule: Rule) -> str:
        return self.listeners[rule.listener_arn].load_balancer_arn

    def groups_in_use(self) -> Mapping[str, str]:
        """Every target group that a rule or default action names, with the ARN of its load balancer."""
        return {
            group: self.load_balancer_of(rule)
            for rule in self.rules.values()
            for action in rule.actions
            for group, _ in forwards(action)
        }

    def without_listeners(self, gone: set[str]) -> "State":
        """The state without these listeners, their rules, and the tags of both."""
        rules = {rule.arn for rule in self.rules.values() if rule.listener_arn in gone}
        return replace(
            self,
            listeners=without(self.listeners, gone),
            rules=without(self.rules, rules),
            tags=without(self.tags, gone | rules),
        )


def forwards(action: Described) -> Iterator[tuple[str, int | None]]:
    """The target groups of a forward action, as sent or as stored, each with its weight."""
    config = action.get("ForwardConfig") or {}
    groups = config.get("TargetGroups")
    if groups:
        for group in groups:
            yield group.get("TargetGroupArn", ""), group.get("Weight")
    elif "TargetGroupArn" in action:
        yield action["TargetGroupArn"], None


def with_resource(resources: Mapping[str, Value], arn: str, resource: Value) -> Mapping[str, Value]:
    return {**resources, arn: resource}


def without(resources: Mapping[str, Value], gone: set[str]) -> Mapping[str, Value]:
    return {arn: resource for arn, resource in resources.items() if arn not in gone}


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and when an action is carried out. `time`: in seconds since the epoch."""

    region: str
    time: float
    registration_lag_seconds: float = 0.0

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)
