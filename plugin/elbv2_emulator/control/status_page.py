"""What the status page shows: resources as a person sees them, with requests and the last calls. No I/O."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from elbv2_emulator.state import target_health as health
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
from elbv2_emulator.traffic.counts import Ended

Address: TypeAlias = Callable[[str], str | None]  # a listener's ARN → where it takes requests

_SUBJECTS = ("RuleArn", "ListenerArn", "TargetGroupArn", "LoadBalancerArn", "Name")


def load_balancers(
    state: State, address: Address, total: Counter[Ended], recent: Counter[Ended]
) -> list[dict[str, Any]]:
    """The tree of a region: load balancers, listeners, rules, groups, targets."""
    return [
        _load_balancer(state, balancer, address, total, recent) for balancer in state.load_balancers.values()
    ]


def _load_balancer(
    state: State,
    balancer: LoadBalancer,
    address: Address,
    total: Counter[Ended],
    recent: Counter[Ended],
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


def _rule(state: State, rule: Rule, total: Counter[Ended], recent: Counter[Ended]) -> dict[str, Any]:
    action = rule.actions[-1]
    weights = list(forwards(action))
    sum_of_weights = sum(weight or 0 for _, weight in weights)
    return {
        "priority": rule.priority,
        "conditions": [_condition(one) for one in rule.conditions],
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
            {"address": f"{target.id}:{target.port}", "state": health.state_of(target, in_use=in_use)}
            for target in group.targets.values()
        ],
    }


def _requests(counts: Mapping[Ended, int], rule: str, group: str | None = None) -> int:
    return sum(
        number
        for ended, number in counts.items()
        if ended.rule == rule and (group is None or ended.group == group)
    )


def _statuses(counts: Mapping[Ended, int], rule: str) -> dict[str, int]:
    found: Counter[int] = Counter()
    for ended, number in counts.items():
        if ended.rule == rule:
            found[ended.status] += number
    return {str(status): number for status, number in sorted(found.items())}


def _condition(condition: Described) -> str:
    """As a person would say it: path /petclinic*."""
    field = condition["Field"]
    configs = [value for name, value in condition.items() if name.endswith("Config")]
    config = configs[0] if configs else condition
    values = [_value(one) for one in (*config.get("Values", ()), *config.get("RegexValues", ()))]
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
            place = f"{config['Protocol']}://{config['Host']}:{config['Port']}{config['Path']}"
            return f"redirects to {place.lower()}"
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
    actions = [*_listed(parameters, "Actions"), *_listed(parameters, "DefaultActions")]
    weights = [
        f"{_short(arn)} {1 if weight is None else weight}"
        for action in actions
        for arn, weight in forwards(action)
    ]
    targets = [f"{one.get('Id')}:{one.get('Port', '')}".rstrip(":") for one in _listed(parameters, "Targets")]
    return ": ".join(part for part in (*map(_short, subjects[:1]), ", ".join(weights or targets)) if part)


def _listed(parameters: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The structures of a list; a request that was refused may have anything in it."""
    sent = parameters.get(name)
    return [one for one in sent if isinstance(one, Mapping)] if isinstance(sent, list) else []


def _short(subject: str) -> str:
    """What a person tells an ARN by; anything else as it is."""
    match subject.rpartition(":")[2].split("/"):
        case ["targetgroup", name, _] | ["loadbalancer", _, name, _]:
            return name
        case ["listener", _, name, _, identity]:
            return f"listener {name} {identity}"
        case ["listener-rule", _, name, _, _, identity]:
            return f"rule {name} {identity}"
        case _:
            return subject
