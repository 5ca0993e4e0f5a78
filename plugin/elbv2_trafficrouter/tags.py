"""Tags of ELBv2 resources: which values AWS takes."""

import re

_TAG_VALUE = re.compile(r"[\w .:/=+\-@]{0,256}")


def may_be_tag_value(text: str) -> bool:
    return _TAG_VALUE.fullmatch(text) is not None
