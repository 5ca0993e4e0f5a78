"""The sidecar in an account whose limits it never reaches: `python -m support.router.large_account serve …`.

It takes a token for every request, as always, but never waits for one.
"""

import sys

from elbv2_trafficrouter.aws.budget import Bucket
from elbv2_trafficrouter.cli import main

_UNREACHED = 1_000_000


def lift_limits() -> None:
    for bucket in Bucket:
        bucket.burst = bucket.per_second = _UNREACHED


if __name__ == "__main__":
    lift_limits()
    sys.exit(main())
