"""The content of the status page: resources with their requests, and the last calls. No I/O."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from elbv2_emulator.state import target_health
from elbv2_emulator.state.journal import Entry
from elbv2_emulator.state.resources import (
    Described,
    Listener,
    LoadBalancer,
    Rule,
    State,
    TargetGroup,
    forwards,
)
from elbv2_emulator.traffic.counts import RequestOutcome

Address: TypeAlias = Callable[[str], str | None]  # a listener's ARN → the host:port that it listens on

_SUBJECTS = ("RuleArn", "ListenerArn", "TargetGroupArn", "LoadBalancerArn", "Name")


def load_balancers(
    state: State, address: Address, total: Counter[RequestOutcome], recent: Counter[RequestOutcome]
) -> list[dict[str, Any]]:
    """The load balancers of a region, each with its listeners, rules, groups and targets."""
    return [
        _load_balancer(state, balancer, address, total, recent) for balancer in state.load_balancers.values()
    ]


def _load_balancer(
    state: State,
    balancer: LoadBalancer,
    address: Address,
    total: Counter[RequestOutcome],
    recent: Counter[RequestOutcome],
) -> dict[str, Any]:
    return {
        "name": balancer.name,
        "dnsName": balancer.settings.get("DNSName", ""),
        "listeners": [
            {
                "protocol": listener.protocol,
                "port": listener.port,
                "url": _url(listener, address(listener.arn)),
                "rules": [_rule(state, rule, total, recent) for rule in state.rules_of(listener.arn)],
            }
            for listener in state.listeners_of(balancer.arn)
        ],
    }


def _url(listener: Listener, address: str | None) -> str | None:
    return None if address is None else f"{listener.protocol.lower()}://{address}"


def _rule(
    state: State, rule: Rule, total: Counter[RequestOutcome], recent: Counter[RequestOutcome]
) -> dict[str, Any]:
    action = rule.actions[-1]
    weights = list(forwards(action))
    sum_of_weights = sum(weight or 0 for _, weight in weights)
    return {
        "priority": rule.priority,
        "conditions": [_condition(condition) for condition in rule.conditions],
        "action": _action(action),
        "requests": _requests(total, rule=rule.arn),
        "recent": _requests(recent, rule=rule.arn),
        "statuses": _statuses(total, rule.arn),
        "groups": [
            {
                **_group(state.target_groups[arn], in_use=True),
                "weight": weight,
                "share": (weight or 0) / sum_of_weights if sum_of_weights else 0,
                "requests": _requests(total, rule=rule.arn, group=arn),
                "recent": _requests(recent, rule=rule.arn, group=arn),
            }
            for arn, weight in weights
            if arn in state.target_groups
        ],
    }


def unused_groups(state: State) -> list[dict[str, Any]]:
    in_use = state.groups_in_use()
    return [_group(group, in_use=False) for arn, group in state.target_groups.items() if arn not in in_use]


def _group(group: TargetGroup, *, in_use: bool) -> dict[str, Any]:
    return {
        "name": group.name,
        "targets": [
            {"address": f"{target.id}:{target.port}", "state": target_health.state_of(target, in_use=in_use)}
            for target in group.targets.values()
        ],
    }


def _requests(counts: Mapping[RequestOutcome, int], rule: str, group: str | None = None) -> int:
    return sum(
        number
        for outcome, number in counts.items()
        if outcome.rule == rule and (group is None or outcome.group == group)
    )


def _statuses(counts: Mapping[RequestOutcome, int], rule: str) -> dict[str, int]:
    statuses: Counter[int] = Counter()
    for outcome, number in counts.items():
        if outcome.rule == rule:
            statuses[outcome.status] += number
    return {str(status): number for status, number in sorted(statuses.items())}


def _condition(condition: Described) -> str:
    """A short form for people: path /petclinic*."""
    field = condition["Field"]
    configs = [value for name, value in condition.items() if name.endswith("Config")]
    config = configs[0] if configs else condition
    values = [_value(value) for value in (*config.get("Values", ()), *config.get("RegexValues", ()))]
    name = config.get("HttpHeaderName") or field.removesuffix("-pattern").removesuffix("-header")
    return f"{name} {' or '.join(values)}"


def _value(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    return f"{value['Key']}={value['Value']}" if value.get("Key") else str(value.get("Value"))


def _action(action: Described) -> str:
    match action["Type"]:
        case "fixed-response":
            return f"answers {action['FixedResponseConfig']['StatusCode']}"
        case "redirect":
            config = action["RedirectConfig"]
            location = f"{config['Protocol']}://{config['Host']}:{config['Port']}{config['Path']}"
            return f"redirects to {location.lower()}"
        case kind:
            return f"{kind}s"


def calls(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [
        {
            "time": entry.time,
            "action": entry.action,
            "about": _about(entry.parameters),
            "principal": entry.principal,
            "status": entry.status,
            "error": entry.error,
            "undocumented": entry.undocumented,
            "answered": entry.answered,
        }
        for entry in entries
    ]


def _about(parameters: Mapping[str, Any]) -> str:
    subjects = [str(parameters[name]) for name in _SUBJECTS if name in parameters]
    actions = [*_structures(parameters, "Actions"), *_structures(parameters, "DefaultActions")]
    weights = [
        f"{_short(arn)} {1 if weight is None else weight}"
        for action in actions
        for arn, weight in forwards(action)
    ]
    targets = [
        f"{target.get('Id')}:{target.get('Port', '')}".rstrip(":")
        for target in _structures(parameters, "Targets")
    ]
    return ": ".join(part for part in (*map(_short, subjects[:1]), ", ".join(weights or targets)) if part)


def _structures(parameters: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The structures in a list. A rejected request can have anything else there."""
    sent = parameters.get(name)
    return [item for item in sent if isinstance(item, Mapping)] if isinstance(sent, list) else []


def _short(subject: str) -> str:
    """The part of an ARN by which people recognize a resource; any other text unchanged."""
    match subject.rpartition(":")[2].split("/"):
        case ["targetgroup", name, _] | ["loadbalancer", _, name, _]:
            return name
        case ["listener", _, name, _, identity]:
            return f"listener {name} {identity}"
        case ["listener-rule", _, name, _, _, identity]:
            return f"rule {name} {identity}"
        case _:
            return subject
