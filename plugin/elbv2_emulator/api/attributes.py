"""Attributes of a kind of resource: their keys, default values and valid values."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from elbv2_emulator.api.errors import ValidationError
from elbv2_emulator.state.resources import Described

Allowed: TypeAlias = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Attribute:
    default: str
    allowed: Allowed


def one_of(*words: str) -> Allowed:
    return words.__contains__


def between(least: int, most: int, *words: str) -> Allowed:
    """Integers from `least` to `most`, and these words."""
    return lambda value: (
        value in words or (value.isascii() and value.isdigit() and least <= int(value) <= most)
    )


def text(longest: int) -> Allowed:
    return lambda value: len(value) <= longest


BOOLEAN = one_of("true", "false")


def read_values(what: str, known: Mapping[str, Attribute], attributes: Sequence[Described]) -> dict[str, str]:
    """The values that a request sets, by key. Rejects keys and values that the resource cannot have."""
    keys = Counter(pair.get("Key", "") for pair in attributes)
    for key, count in keys.items():
        if key not in known:
            raise ValidationError(f"{what} attribute key '{key}' is not recognized")
        if count > 1:
            raise ValidationError(f"{what} attribute key '{key}' is specified more than once")
    values = {pair["Key"]: pair.get("Value", "") for pair in attributes}
    for key, value in values.items():
        if not known[key].allowed(value):
            raise ValidationError(f"{what} attribute value '{value}' is not valid for the key '{key}'")
    return values


def defaults(known: Mapping[str, Attribute]) -> dict[str, str]:
    """The values of attributes that nobody has set."""
    return {key: attribute.default for key, attribute in known.items()}


def description(known: Mapping[str, Attribute], values: Mapping[str, str]) -> dict[str, Any]:
    """The output of the calls that describe or modify attributes. `values`: those that were set."""
    all_values = {**defaults(known), **values}
    return {"Attributes": [{"Key": key, "Value": value} for key, value in all_values.items()]}
