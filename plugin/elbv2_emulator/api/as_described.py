"""Converts actions and conditions to what AWS returns: fills in defaults and removes secrets."""

from collections.abc import Mapping, Sequence
from typing import Any

from elbv2_emulator.api.checks.actions import WEEK_IN_SECONDS
from elbv2_emulator.api.checks.conditions import SHORT_FORM
from elbv2_emulator.state.resources import CONDITION_CONFIG_OF, Described, forwards

_AUTHENTICATION_DEFAULTS: Mapping[str, Any] = {
    "SessionCookieName": "AWSELBAuthSessionCookie",
    "Scope": "openid",
    "SessionTimeout": WEEK_IN_SECONDS,
    "OnUnauthenticatedRequest": "authenticate",
    "AuthenticationRequestExtraParams": {},
}
_NEVER_RETURNED = ("ClientSecret", "UseExistingClientSecret")
_REDIRECT_DEFAULTS: Mapping[str, str] = {
    "Protocol": "#{protocol}",
    "Port": "#{port}",
    "Host": "#{host}",
    "Path": "/#{path}",
    "Query": "#{query}",
}


def actions(sent: Sequence[Described]) -> tuple[Described, ...]:
    """Valid actions as AWS describes them, in their order."""
    ordered = sorted(sent, key=lambda action: action.get("Order", 1))
    return tuple(_action({**action, "Order": action.get("Order", 1)}) for action in ordered)


def _action(action: dict[str, Any]) -> Described:
    match action["Type"]:
        case "forward":
            return _forward(action)
        case "redirect":
            return {**action, "RedirectConfig": {**_REDIRECT_DEFAULTS, **action["RedirectConfig"]}}
        case "authenticate-oidc":
            return _authenticate(action, "AuthenticateOidcConfig")
        case "authenticate-cognito":
            return _authenticate(action, "AuthenticateCognitoConfig")
        case "jwt-validation":
            return {
                **action,
                "JwtValidationConfig": {"AdditionalClaims": [], **action["JwtValidationConfig"]},
            }
        case _:
            return action


def _forward(action: dict[str, Any]) -> Described:
    groups = list(forwards(action))
    stickiness = action.get("ForwardConfig", {}).get("TargetGroupStickinessConfig", {})
    enabled = stickiness.get("Enabled", False)
    described = {
        "Type": "forward",
        "Order": action["Order"],
        "ForwardConfig": {
            "TargetGroups": [
                {"TargetGroupArn": arn, "Weight": 1 if weight is None else weight} for arn, weight in groups
            ],
            "TargetGroupStickinessConfig": (
                {"Enabled": True, "DurationSeconds": stickiness["DurationSeconds"]}
                if enabled
                else {"Enabled": False}
            ),
        },
    }
    return {**described, "TargetGroupArn": groups[0][0]} if len(groups) == 1 else described


def _authenticate(action: dict[str, Any], member: str) -> Described:
    config = {**_AUTHENTICATION_DEFAULTS, **action[member]}
    return {**action, member: {name: value for name, value in config.items() if name not in _NEVER_RETURNED}}


def conditions(sent: Sequence[Described]) -> tuple[Described, ...]:
    """Valid conditions as AWS describes them."""
    return tuple(_condition(condition) for condition in sent)


def _condition(condition: Described) -> Described:
    field = condition["Field"]
    if field not in SHORT_FORM:
        return condition
    config = condition.get(CONDITION_CONFIG_OF[field], condition)
    values = {name: config[name] for name in ("Values", "RegexValues") if config.get(name)}
    return {"Field": field, **values, CONDITION_CONFIG_OF[field]: values}
