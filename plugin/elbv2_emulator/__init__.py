"""A strict local ELBv2 with a data plane, for demonstrations and tests.

`Emulator` and `Fault` are imported on first use, so that importing the package does not need aiohttp.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elbv2_emulator.api.faults import Fault
    from elbv2_emulator.emulator import Emulator

__all__ = ["Emulator", "Fault"]

_MODULE_OF = {"Emulator": "elbv2_emulator.emulator", "Fault": "elbv2_emulator.api.faults"}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULE_OF[name]), name)
