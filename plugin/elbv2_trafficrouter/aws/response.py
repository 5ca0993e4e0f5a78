"""Reads members that every response of ELBv2 has. A response without them came from, say, a proxy."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Structure: TypeAlias = Mapping[str, Any]
"""A structure of ELBv2's service model: its members by name."""
Response: TypeAlias = Structure


class MalformedResponse(Exception):  # noqa: N818  it describes the response
    """The response does not have the form that ELBv2's service model requires."""


def member(structure: Structure, name: str) -> Any:
    """The member with this name. Raises MalformedResponse if the structure does not have it."""
    if name not in structure:
        raise MalformedResponse(f"The response does not have the member {name}")
    return structure[name]


def only(structures: Any) -> Structure:
    """The only structure in a list. Raises MalformedResponse if there are none or several."""
    if len(structures) != 1:
        raise MalformedResponse(f"The response has {len(structures)} resources instead of 1")
    structure: Structure = structures[0]
    return structure
