"""The state of all regions and the address map as one JSON document, and back; nothing is lost on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from elbv2_emulator.state.resources import State

FORMAT = "elbv2-emulator/1"


@dataclass(frozen=True, slots=True)
class Start:
    """What an emulator can begin with."""

    states: Mapping[str, State] = field(default_factory=dict)  # by region
    addresses: Mapping[str, str] | None = None  # None: whatever they are


def written(start: Start) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "regions": {region: _written(state) for region, state in sorted(start.states.items())},
        "addresses": dict(start.addresses or {}),
    }


def _written(state: State) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(state)
    for group in told["target_groups"].values():
        group["targets"] = list(group["targets"].values())
    return told


def read(document: Any) -> Start:
    """Raises ValueError with a sentence for what was not written by `written`."""
    try:
        for state in document["regions"].values():
            for group in state["target_groups"].values():
                group["targets"] = {(target["id"], target["port"]): target for target in group["targets"]}
            for balancer in state["load_balancers"].values():
                settings = balancer["settings"]
                settings["CreatedTime"] = datetime.fromisoformat(settings["CreatedTime"])
        return msgspec.convert({"states": document["regions"], "addresses": document["addresses"]}, Start)
    except msgspec.ValidationError as error:
        raise ValueError(f"This is not a saved state: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("This is not a saved state, or not a whole one") from error
