"""How many examples a property test tries: `make properties` tries more, and other ones in every run."""

import os

_FACTOR = int(os.environ.get("EXAMPLES_FACTOR", "1"))
IS_THOROUGH = _FACTOR > 1
"""Whether even tests that try the same examples in every run should try others."""


def examples(number: int) -> int:
    """For hypothesis' `max_examples`: so many examples in a usual run."""
    return number * _FACTOR
