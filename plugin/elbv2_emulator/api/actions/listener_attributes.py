"""The operations that describe and modify the attributes of listeners."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from elbv2_emulator.api import attributes
from elbv2_emulator.api.actions.listeners import require
from elbv2_emulator.api.attributes import BOOLEAN, Attribute, text
from elbv2_emulator.state.resources import Scope, State, with_resource

LONGEST = 1024
# The request headers that can be renamed.
_REQUEST = (
    "X-Amzn-Mtls-Clientcert",
    "X-Amzn-Mtls-Clientcert-Issuer",
    "X-Amzn-Mtls-Clientcert-Leaf",
    "X-Amzn-Mtls-Clientcert-Serial-Number",
    "X-Amzn-Mtls-Clientcert-Subject",
    "X-Amzn-Mtls-Clientcert-Validity",
    "X-Amzn-Tls-Cipher-Suite",
    "X-Amzn-Tls-Version",
)
# The headers that can be added to responses.
_RESPONSE = (
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Content-Security-Policy",
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
)


def _key(header: str) -> str:
    return header.lower().replace("-", "_")


ATTRIBUTES: Mapping[str, Attribute] = {
    "routing.http.response.server.enabled": Attribute("true", BOOLEAN),
    **{
        f"routing.http.request.{_key(header)}.header_name": Attribute(header, text(LONGEST))
        for header in _REQUEST
    },
    **{
        f"routing.http.response.{_key(header)}.header_value": Attribute("", text(LONGEST))
        for header in _RESPONSE
    },
}


def describe_listener_attributes(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    listener = require(state, parameters["ListenerArn"])
    return state, attributes.description(ATTRIBUTES, listener.attributes)


def modify_listener_attributes(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    listener = require(state, parameters["ListenerArn"])
    sent = attributes.read_values("Listener", ATTRIBUTES, parameters["Attributes"])
    values = {**listener.attributes, **sent}
    listener = replace(listener, attributes=values)
    state = replace(state, listeners=with_resource(state.listeners, listener.arn, listener))
    return state, attributes.description(ATTRIBUTES, values)
