"""/_emulator/traffic: the settings of the traffic through the listeners."""

import re
from typing import Any

from aiohttp import web

from elbv2_emulator.control import settings
from elbv2_emulator.control.body import WrongBody
from elbv2_emulator.traffic.settings import TrafficSettings

# Key → the field of TrafficSettings.
_KEYS = {"serveInitial": "serve_initial", "versionHeader": "version_header"}
_EXAMPLE = '{"serveInitial": true, "versionHeader": "X-Version"}'
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def routes(traffic: TrafficSettings) -> list[web.RouteDef]:
    return settings.routes("/_emulator/traffic", traffic, _KEYS, _EXAMPLE, _require_valid)


def _require_valid(key: str, value: Any) -> None:
    if key == "serveInitial" and not isinstance(value, bool):
        raise WrongBody(f"'{key}' must be true or false, not {value!r}")
    if key == "versionHeader" and not (isinstance(value, str) and _HEADER.fullmatch(value)):
        raise WrongBody(f"'{key}' must be a header's name, not {value!r}")
