"""The operations on listeners. A listener's default actions are kept in its default rule."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from elbv2_emulator.api import arns, as_described
from elbv2_emulator.api.actions.load_balancers import require as require_load_balancer
from elbv2_emulator.api.actions.paging import page
from elbv2_emulator.api.actions.tags import with_tags
from elbv2_emulator.api.checks.actions import check_actions, check_groups
from elbv2_emulator.api.errors import ApiError, ValidationError
from elbv2_emulator.api.limits import LISTENERS_OF_BALANCER
from elbv2_emulator.state.resources import Described, Listener, Rule, Scope, State, with_resource

PROTOCOLS = ("HTTP", "HTTPS")
DEFAULT_POLICY = "ELBSecurityPolicy-2016-08"
_SETTINGS = ("SslPolicy", "Certificates", "MutualAuthentication")


def create_listener(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    balancer = require_load_balancer(state, parameters["LoadBalancerArn"])
    for required in ("Protocol", "Port"):
        if required not in parameters:
            raise ValidationError(f"A listener {required.lower()} must be specified")
    identity = arns.identity(state.version, "listener", balancer.arn)
    settings = {name: parameters[name] for name in _SETTINGS if name in parameters}
    listener = _with_defaults(
        Listener(
            arn=arns.listener_arn(balancer.arn, identity),
            load_balancer_arn=balancer.arn,
            protocol=parameters["Protocol"],
            port=parameters["Port"],
            settings=settings,
        ),
        parameters,
    )
    actions = _read_actions(state, listener, parameters["DefaultActions"], ())
    for other in state.listeners_of(balancer.arn):
        if other.port == listener.port:
            same = replace(listener, arn=other.arn, attributes=other.attributes) == other
            if same and state.default_rule(other.arn).actions == actions:
                return state, {"Listeners": [_description(state, other)]}
            raise _port_in_use(listener)
    if len(state.listeners_of(balancer.arn)) >= LISTENERS_OF_BALANCER:
        raise ApiError(
            "TooManyListeners",
            f"The maximum number of listeners on this load balancer is {LISTENERS_OF_BALANCER}",
        )
    default = Rule(
        arn=arns.rule_arn(listener.arn, arns.identity(state.version, "default", listener.arn)),
        listener_arn=listener.arn,
        priority=None,
        conditions=(),
        actions=actions,
    )
    state = replace(
        state,
        listeners=with_resource(state.listeners, listener.arn, listener),
        rules=with_resource(state.rules, default.arn, default),
    )
    state = with_tags(state, listener.arn, parameters.get("Tags", ()))
    return state, {"Listeners": [_description(state, listener)]}


def _port_in_use(listener: Listener) -> ApiError:
    return ApiError(
        "DuplicateListener", f"A listener already exists on port {listener.port} for this load balancer"
    )


def _with_defaults(listener: Listener, parameters: Mapping[str, Any]) -> Listener:
    """The listener with its default settings. Refuses one that an application load balancer cannot have."""
    if listener.protocol not in PROTOCOLS:
        raise ApiError(
            "UnsupportedProtocol",
            f"Listeners of an application load balancer must use HTTP or HTTPS, not {listener.protocol}",
        )
    if parameters.get("AlpnPolicy"):
        raise ValidationError("An ALPN policy can be specified for TLS listeners only")
    if listener.protocol == "HTTP":
        if invalid := [name for name in _SETTINGS if parameters.get(name)]:
            raise ValidationError(f"'{invalid[0]}' cannot be specified for an HTTP listener")
        return replace(listener, settings={})
    certificates = listener.settings.get("Certificates", ())
    if len(certificates) != 1 or not certificates[0].get("CertificateArn"):
        raise ValidationError("A certificate must be specified for HTTPS listeners, and one only")
    own = {"CertificateArn": certificates[0]["CertificateArn"]}
    return replace(
        listener, settings={"SslPolicy": DEFAULT_POLICY, **listener.settings, "Certificates": [own]}
    )


def _read_actions(
    state: State, listener: Listener, sent: Sequence[Described], existing: Sequence[Described]
) -> tuple[Described, ...]:
    check_actions(sent, listener.protocol, existing)
    check_groups(state, sent, listener.load_balancer_arn)
    return as_described.actions(sent)


def _description(state: State, listener: Listener) -> dict[str, Any]:
    return {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.load_balancer_arn,
        "Protocol": listener.protocol,
        "Port": listener.port,
        **listener.settings,
        "DefaultActions": state.default_rule(listener.arn).actions,
    }


def require(state: State, arn: str) -> Listener:
    """The listener with this ARN. Raises AWS's error if it does not exist."""
    arns.check_kind(arn, "Listener")
    if arn not in state.listeners:
        raise ApiError("ListenerNotFound", f"One or more listeners not found: '{arn}'")
    return state.listeners[arn]


def describe_listeners(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    wanted, balancer = parameters.get("ListenerArns"), parameters.get("LoadBalancerArn")
    if bool(wanted) == bool(balancer):
        raise ValidationError("You must specify either listener ARNs or a load balancer ARN")
    if balancer:
        require_load_balancer(state, balancer)
        found = state.listeners_of(balancer)
    else:
        found = [require(state, arn) for arn in wanted or ()]
    shown, marker = page(found, parameters)
    return state, {"Listeners": [_description(state, listener) for listener in shown], **marker}


def modify_listener(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    before = require(state, parameters["ListenerArn"])
    sent = {name: parameters[name] for name in _SETTINGS if name in parameters}
    listener = _with_defaults(
        replace(
            before,
            protocol=parameters.get("Protocol", before.protocol),
            port=parameters.get("Port", before.port),
            settings={**before.settings, **sent},
        ),
        parameters,
    )
    for other in state.listeners_of(before.load_balancer_arn):
        if other.port == listener.port and other.arn != listener.arn:
            raise _port_in_use(listener)
    _check_rules_fit(state, listener)
    default = state.default_rule(listener.arn)
    if "DefaultActions" in parameters:
        actions = _read_actions(state, listener, parameters["DefaultActions"], default.actions)
        default = replace(default, actions=actions)
    state = replace(
        state,
        listeners=with_resource(state.listeners, listener.arn, listener),
        rules=with_resource(state.rules, default.arn, default),
    )
    return state, {"Listeners": [_description(state, listener)]}


def _check_rules_fit(state: State, listener: Listener) -> None:
    authenticating = any(len(rule.actions) > 1 for rule in state.rules_of(listener.arn))
    if listener.protocol == "HTTP" and authenticating:
        raise ApiError(
            "InvalidLoadBalancerAction", "Rules that authenticate are supported on HTTPS listeners only"
        )


def delete_listener(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    listener = require(state, parameters["ListenerArn"])
    return state.without_listeners({listener.arn}), {}
