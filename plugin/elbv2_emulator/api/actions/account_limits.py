"""The operation that describes the quotas of the account."""

from collections.abc import Mapping
from typing import Any

from elbv2_emulator.api.actions.paging import page
from elbv2_emulator.api.limits import LIMITS
from elbv2_emulator.state.resources import Scope, State


def describe_account_limits(
    state: State, parameters: Mapping[str, Any], _scope: Scope
) -> tuple[State, dict[str, Any]]:
    shown, marker = page(list(LIMITS.items()), parameters)
    return state, {"Limits": [{"Name": name, "Max": str(maximum)} for name, maximum in shown], **marker}
