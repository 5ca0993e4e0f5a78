"""The operations that describe and modify the attributes of load balancers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from elbv2_emulator.api import attributes
from elbv2_emulator.api.actions.load_balancers import require
from elbv2_emulator.api.attributes import BOOLEAN, Attribute, between, one_of, text
from elbv2_emulator.api.errors import ApiError
from elbv2_emulator.state.resources import Scope, State, with_resource

LONGEST = 1024
_LOGS = ("access_logs", "connection_logs", "health_check_logs")
ATTRIBUTES: Mapping[str, Attribute] = {
    "client_keep_alive.seconds": Attribute("3600", between(60, 604800)),
    "deletion_protection.enabled": Attribute("false", BOOLEAN),
    "idle_timeout.timeout_seconds": Attribute("60", between(1, 4000)),
    "ipv6.deny_all_igw_traffic": Attribute("false", BOOLEAN),
    "load_balancing.cross_zone.enabled": Attribute("true", BOOLEAN),
    "routing.http.desync_mitigation_mode": Attribute(
        "defensive", one_of("monitor", "defensive", "strictest")
    ),
    "routing.http.drop_invalid_header_fields.enabled": Attribute("false", BOOLEAN),
    "routing.http.preserve_host_header.enabled": Attribute("false", BOOLEAN),
    "routing.http.x_amzn_tls_kx.enabled": Attribute("false", BOOLEAN),
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": Attribute("false", BOOLEAN),
    "routing.http.xff_client_port.enabled": Attribute("false", BOOLEAN),
    "routing.http.xff_header_processing.mode": Attribute("append", one_of("append", "preserve", "remove")),
    "routing.http2.enabled": Attribute("true", BOOLEAN),
    "waf.fail_open.enabled": Attribute("false", BOOLEAN),
    "zonal_shift.config.enabled": Attribute("false", BOOLEAN),
    **{f"{logs}.s3.enabled": Attribute("false", BOOLEAN) for logs in _LOGS},
    **{f"{logs}.s3.bucket": Attribute("", text(LONGEST)) for logs in _LOGS},
    **{f"{logs}.s3.prefix": Attribute("", text(LONGEST)) for logs in _LOGS},
}


def describe_load_balancer_attributes(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    balancer = require(state, parameters["LoadBalancerArn"])
    return state, attributes.description(ATTRIBUTES, balancer.attributes)


def modify_load_balancer_attributes(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    balancer = require(state, parameters["LoadBalancerArn"])
    sent = attributes.read_values("Load balancer", ATTRIBUTES, parameters["Attributes"])
    values = {**balancer.attributes, **sent}
    if values.get("load_balancing.cross_zone.enabled") == "false":
        raise ApiError(
            "InvalidConfigurationRequest",
            "Cross-zone load balancing of an application load balancer cannot be disabled",
        )
    for logs in _LOGS:
        if values.get(f"{logs}.s3.enabled") == "true" and not values.get(f"{logs}.s3.bucket"):
            raise ApiError(
                "InvalidConfigurationRequest", f"'{logs}.s3.bucket' must be set to enable '{logs}'"
            )
    balancer = replace(balancer, attributes=values)
    state = replace(state, load_balancers=with_resource(state.load_balancers, balancer.arn, balancer))
    return state, attributes.description(ATTRIBUTES, values)
