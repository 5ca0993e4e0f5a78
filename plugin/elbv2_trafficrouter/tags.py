"""Tags of ELBv2 resources: the keys that the router writes, and the values that AWS accepts."""

import re

_PREFIX = "elbv2-trafficrouter/"
CLUSTER = f"{_PREFIX}cluster"
INSTANCE = f"{_PREFIX}instance"
ROLLOUT_NAMESPACE = f"{_PREFIX}rollout-namespace"
ROLLOUT = f"{_PREFIX}rollout"
ROLLOUT_UID = f"{_PREFIX}rollout-uid"
ROUTE = f"{_PREFIX}route"

# Letters and digits of any language, spaces, and _.:/=+-@. Source: API reference, Tag.
_VALUE = re.compile(r"[\w .:/=+\-@]{0,256}")


def may_be_tag_value(text: str) -> bool:
    return _VALUE.fullmatch(text) is not None
