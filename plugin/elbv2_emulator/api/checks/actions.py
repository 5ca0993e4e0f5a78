"""Checks of actions that the service model cannot express: combinations, weights, stickiness, quotas."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from elbv2_emulator.api import arns
from elbv2_emulator.api.errors import ApiError, InvalidLoadBalancerAction, ValidationError
from elbv2_emulator.api.limits import GROUPS_OF_ACTION, GROUPS_OF_BALANCER, TARGETS_OF_BALANCER
from elbv2_emulator.state.resources import Described, State, forwards

MAXIMUM_WEIGHT = 999
WEEK_IN_SECONDS = 604800
MAXIMUM_EXTRA_PARAMETERS = 10
MAXIMUM_CLAIMS = 10

ACTION_CONFIG_OF: Mapping[str, str] = {
    "forward": "ForwardConfig",
    "redirect": "RedirectConfig",
    "fixed-response": "FixedResponseConfig",
    "authenticate-oidc": "AuthenticateOidcConfig",
    "authenticate-cognito": "AuthenticateCognitoConfig",
    "jwt-validation": "JwtValidationConfig",
}
_FINAL = ("forward", "redirect", "fixed-response")
_CONTENT_TYPES = ("text/plain", "text/css", "text/html", "application/javascript", "application/json")


def check_actions(actions: Sequence[Described], protocol: str, existing: Sequence[Described] = ()) -> None:
    """Reject actions that a listener of this protocol cannot have.

    `existing`: the actions to be replaced, which must have a client secret if the request wants to keep it.
    """
    for action in actions:
        _check_config(action)
    ordered = _in_order(actions)
    *before, last = ordered
    if last["Type"] not in _FINAL:
        raise InvalidLoadBalancerAction(
            f"The last action must be one of {', '.join(_FINAL)}, not '{last['Type']}'"
        )
    for action in before:
        if action["Type"] in _FINAL:
            raise InvalidLoadBalancerAction(
                f"Only one of the actions {', '.join(_FINAL)} can be specified, as the last"
            )
    if len(before) > 1:
        raise InvalidLoadBalancerAction("Only one authentication or validation action can be specified")
    if before and protocol != "HTTPS":
        raise InvalidLoadBalancerAction(
            f"Actions of type '{before[0]['Type']}' are supported on HTTPS listeners only"
        )
    for action in ordered:
        _check_by_type(action, existing)


def _check_config(action: Described) -> None:
    kind = action["Type"]
    own = ACTION_CONFIG_OF[kind]
    for config in ACTION_CONFIG_OF.values():
        if config in action and config != own:
            raise InvalidLoadBalancerAction(f"'{config}' cannot be specified for an action of type '{kind}'")
    if "TargetGroupArn" in action and kind != "forward":
        raise InvalidLoadBalancerAction(
            f"'TargetGroupArn' cannot be specified for an action of type '{kind}'"
        )
    if own not in action and "TargetGroupArn" not in action:
        raise InvalidLoadBalancerAction(f"'{own}' must be specified for an action of type '{kind}'")


def _in_order(actions: Sequence[Described]) -> list[Described]:
    if not actions:
        raise ValidationError("At least one action must be specified")
    if len(actions) > 1:
        orders = [action.get("Order") for action in actions]
        if None in orders:
            raise ValidationError("'Order' must be specified for each of several actions")
        if len(set(orders)) < len(orders):
            raise ValidationError("The values of 'Order' must be unique among the actions")
    return sorted(actions, key=lambda action: action.get("Order", 1))


def _check_by_type(action: Described, existing: Sequence[Described]) -> None:
    match action["Type"]:
        case "forward":
            _check_forward(action)
        case "redirect":
            _check_redirect(action["RedirectConfig"])
        case "fixed-response":
            _check_fixed_response(action["FixedResponseConfig"])
        case "authenticate-oidc":
            _check_oidc(action["AuthenticateOidcConfig"], existing)
            _check_session(action["AuthenticateOidcConfig"])
        case "authenticate-cognito":
            _check_session(action["AuthenticateCognitoConfig"])
        case _:
            _check_jwt(action["JwtValidationConfig"])


def _check_forward(action: Described) -> None:
    groups = list(forwards(action))
    names = [arn for arn, _ in groups]
    if not groups or "" in names:
        raise ValidationError(
            "A target group ARN must be specified for each target group of a forward action"
        )
    if len(groups) > GROUPS_OF_ACTION:
        raise ValidationError(
            f"A forward action can have at most {GROUPS_OF_ACTION} target groups, not {len(groups)}"
        )
    if len(set(names)) < len(names):
        raise ValidationError("A target group can be specified only once in a forward action")
    if "TargetGroupArn" in action and names != [action["TargetGroupArn"]]:
        raise ValidationError("With 'TargetGroupArn', 'ForwardConfig' can have that target group only")
    for arn, weight in groups:
        if weight is None and len(groups) > 1:
            raise ValidationError(f"A weight must be specified for target group '{arn}'")
        if weight is not None and not 0 <= weight <= MAXIMUM_WEIGHT:
            raise ValidationError(f"Weight '{weight}' must be between 0 and {MAXIMUM_WEIGHT}")
    stickiness = action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {})
    duration = stickiness.get("DurationSeconds")
    if duration is None and stickiness.get("Enabled"):
        raise ValidationError(
            "A stickiness duration must be specified when target group stickiness is enabled"
        )
    if duration is not None and not 1 <= duration <= WEEK_IN_SECONDS:
        raise ValidationError(f"Target group stickiness duration must be between 1 and {WEEK_IN_SECONDS}")


def _check_redirect(config: Described) -> None:
    unchanged = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}", "Path": "/#{path}"}
    if all(config.get(part, same) == same for part, same in unchanged.items()):
        raise InvalidLoadBalancerAction("A redirect must change at least one of protocol, port, host or path")
    port = config.get("Port", "#{port}")
    if port != "#{port}" and not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):  # noqa: PLR2004  TCP's ports
        raise ValidationError(f"Redirect port '{port}' must be between 1 and 65535, or '#{{port}}'")
    if not config.get("Path", "/").startswith("/"):
        raise ValidationError("A redirect path must start with '/'")


def _check_fixed_response(config: Described) -> None:
    kind = config.get("ContentType", _CONTENT_TYPES[0])
    if kind not in _CONTENT_TYPES:
        raise ValidationError(f"Content type '{kind}' must be one of {', '.join(_CONTENT_TYPES)}")


def _check_oidc(config: Described, existing: Sequence[Described]) -> None:
    for member in ("Issuer", "AuthorizationEndpoint", "TokenEndpoint", "UserInfoEndpoint"):
        _check_https(member, config[member])
    keeps_secret = config.get("UseExistingClientSecret", False)
    if keeps_secret and "ClientSecret" in config:
        raise InvalidLoadBalancerAction(
            "'ClientSecret' and 'UseExistingClientSecret' cannot both be specified"
        )
    if keeps_secret and not any(action["Type"] == "authenticate-oidc" for action in existing):
        raise InvalidLoadBalancerAction(
            "There is no existing client secret that 'UseExistingClientSecret' could keep"
        )
    if not keeps_secret and "ClientSecret" not in config:
        raise InvalidLoadBalancerAction(
            "'ClientSecret' must be specified, or 'UseExistingClientSecret' to keep the existing secret"
        )


def _check_https(member: str, url: str) -> None:
    try:
        parts = urlsplit(url)
    except ValueError:  # for example an IPv6 address without its closing bracket
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.netloc:
        raise InvalidLoadBalancerAction(f"'{member}' must be a full HTTPS URL, not '{url}'")


def _check_session(config: Described) -> None:
    timeout = config.get("SessionTimeout", WEEK_IN_SECONDS)
    if not 1 <= timeout <= WEEK_IN_SECONDS:
        raise ValidationError(f"Session timeout '{timeout}' must be between 1 and {WEEK_IN_SECONDS}")
    if len(config.get("AuthenticationRequestExtraParams", ())) > MAXIMUM_EXTRA_PARAMETERS:
        raise ValidationError(f"At most {MAXIMUM_EXTRA_PARAMETERS} extra parameters can be specified")


def _check_jwt(config: Described) -> None:
    _check_https("JwksEndpoint", config["JwksEndpoint"])
    if len(config.get("AdditionalClaims", ())) > MAXIMUM_CLAIMS:
        raise ValidationError(f"At most {MAXIMUM_CLAIMS} additional claims can be specified")


def check_groups(state: State, actions: Sequence[Described], load_balancer_arn: str) -> None:
    """Reject target groups that do not exist, are used by another load balancer, or exceed a quota."""
    in_use = state.groups_in_use()
    wanted = [(arn, list(forwards(action))) for action in actions for arn, _ in forwards(action)]
    for arn, groups in wanted:
        arns.check_kind(arn, "TargetGroup")
        if arn not in state.target_groups:
            raise ApiError("TargetGroupNotFound", f"Target groups '{arn}' not found")
        if in_use.get(arn, load_balancer_arn) != load_balancer_arn:
            raise ApiError(
                "TargetGroupAssociationLimit",
                f"The target group '{arn}' is already associated with the load balancer '{in_use[arn]}'",
            )
        _check_sticky_sessions(state.target_groups[arn].attributes, actions, len(groups))
    on_this = {arn for arn, balancer in in_use.items() if balancer == load_balancer_arn}
    on_this |= {arn for arn, _ in wanted}
    if len(on_this) > GROUPS_OF_BALANCER:
        raise ApiError(
            "TooManyUniqueTargetGroupsPerLoadBalancer",
            f"A load balancer can have at most {GROUPS_OF_BALANCER} target groups",
        )
    if sum(len(state.target_groups[arn].targets) for arn in on_this) > TARGETS_OF_BALANCER:
        raise ApiError("TooManyTargets", f"A load balancer can have at most {TARGETS_OF_BALANCER} targets")


def _check_sticky_sessions(attributes: Mapping[str, str], actions: Sequence[Described], groups: int) -> None:
    sticky = any(
        action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {}).get("Enabled")
        for action in actions
    )
    if groups > 1 and not sticky and attributes.get("stickiness.enabled") == "true":
        raise InvalidLoadBalancerAction(
            "You must enable group stickiness on a rule if you enabled target stickiness on one of its "
            "target groups"
        )
