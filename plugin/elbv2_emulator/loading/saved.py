"""The emulator's own format: the state of all regions and the address map as one JSON document, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from elbv2_emulator.state.resources import State

FORMAT = "elbv2-emulator/1"


@dataclass(frozen=True, slots=True)
class Contents:
    """What is saved and loaded as a whole."""

    states: Mapping[str, State] = field(default_factory=dict)  # by region
    addresses: Mapping[str, str] | None = None  # None: loading leaves the address map unchanged


def to_document(contents: Contents) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "regions": {region: _state_to_document(state) for region, state in sorted(contents.states.items())},
        "addresses": dict(contents.addresses or {}),
    }


def _state_to_document(state: State) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(state)
    for group in document["target_groups"].values():
        group["targets"] = list(group["targets"].values())
    return document


def from_document(document: Any) -> Contents:
    """Raises ValueError if `to_document` did not write the document."""
    try:
        for state in document["regions"].values():
            for group in state["target_groups"].values():
                group["targets"] = {(target["id"], target["port"]): target for target in group["targets"]}
            for balancer in state["load_balancers"].values():
                settings = balancer["settings"]
                settings["CreatedTime"] = datetime.fromisoformat(settings["CreatedTime"])
        return msgspec.convert({"states": document["regions"], "addresses": document["addresses"]}, Contents)
    except msgspec.ValidationError as error:
        raise ValueError(f"This is not a saved state: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("This is not a saved state, or parts of it are missing") from error
