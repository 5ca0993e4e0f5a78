"""Members that every response of ELBv2 has. A response without them came from a proxy or the like."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Structure: TypeAlias = Mapping[str, Any]
"""A structure of ELBv2's service model, by its members' names."""
Response: TypeAlias = Structure


class MalformedResponse(Exception):  # noqa: N818  it describes the response
    """The response does not have the form that ELBv2's service model gives it."""


def member(structure: Structure, name: str) -> Any:
    """Raises MalformedResponse if the structure lacks the member."""
    if name not in structure:
        raise MalformedResponse(f"A response without the member {name}")
    return structure[name]


def only(structures: Any) -> Structure:
    """The one structure of a list. Raises MalformedResponse."""
    if len(structures) != 1:
        raise MalformedResponse(f"A response with {len(structures)} resources instead of 1")
    structure: Structure = structures[0]
    return structure
