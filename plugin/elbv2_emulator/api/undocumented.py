"""Calls that AWS presumably accepts, but whose effect it does not document. The journal marks them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from elbv2_emulator.state.resources import Described, forwards

# AWS documents escaping by a backslash for query strings only.
_ESCAPED = re.compile(r"\\[*?]")


def in_call(parameters: Mapping[str, Any]) -> str | None:
    """The parts of a call whose effect AWS does not document; None if everything is documented."""
    actions = (*parameters.get("Actions", ()), *parameters.get("DefaultActions", ()))
    reasons = [reason for action in actions for reason in _in_action(action)]
    reasons += [
        reason for condition in parameters.get("Conditions", ()) for reason in _in_condition(condition)
    ]
    return "; ".join(dict.fromkeys(reasons)) or None


def _in_action(action: Described) -> Iterator[str]:
    weights = [weight for _, weight in forwards(action)]
    if weights == [0]:
        yield "a lone target group at weight 0"
    elif weights and all(weight == 0 for weight in weights):
        yield "a forward action with all weights 0"
    # AWS returns these members empty, but does not document that it accepts them empty.
    for config, member in (
        ("AuthenticateOidcConfig", "AuthenticationRequestExtraParams"),
        ("AuthenticateCognitoConfig", "AuthenticationRequestExtraParams"),
        ("JwtValidationConfig", "AdditionalClaims"),
    ):
        sent = action.get(config, {})
        if member in sent and not sent[member]:
            yield f"an empty {member}"


def _in_condition(condition: Described) -> Iterator[str]:
    if any(_ESCAPED.search(value) for value in condition.get("HttpHeaderConfig", {}).get("Values", ())):
        yield "a wildcard behind a backslash outside a query string"
