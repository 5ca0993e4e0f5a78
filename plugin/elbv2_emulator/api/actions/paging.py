"""Paging: one page of a list, and the marker of the next page."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from elbv2_emulator.api.errors import ValidationError

LARGEST_PAGE = 400
MOST_AT_ONCE = 20

Item = TypeVar("Item")


def page(items: Sequence[Item], parameters: Mapping[str, Any]) -> tuple[Sequence[Item], dict[str, str]]:
    """The requested page, and NextMarker unless this is the last page."""
    start = _position(parameters["Marker"]) if "Marker" in parameters else 0
    end = start + parameters.get("PageSize", LARGEST_PAGE)
    return items[start:end], {"NextMarker": _marker(end)} if end < len(items) else {}


def check_how_many(what: str, named: Sequence[str]) -> None:
    """Reject a request for more resources, by name or ARN, than AWS allows in one call."""
    if len(named) > MOST_AT_ONCE:
        raise ValidationError(f"You cannot describe more than '{MOST_AT_ONCE}' {what} at a time")


def _marker(position: int) -> str:
    return base64.urlsafe_b64encode(f"from:{position}".encode()).decode()


def _position(marker: str) -> int:
    try:
        word, position = base64.urlsafe_b64decode(marker).decode().split(":")
        if word == "from" and position.isdigit():
            return int(position)
    except (ValueError, binascii.Error) as error:
        raise ValidationError(f"Marker '{marker}' is not valid") from error
    raise ValidationError(f"Marker '{marker}' is not valid")
