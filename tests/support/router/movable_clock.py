"""The sidecar with a clock that can be moved ahead: `python -m support.router.movable_clock serve …`.

The file that MOVABLE_CLOCK names holds the seconds by which the clock is ahead. Deadlines of calls and
connections are real. The sidecar never reaches the limits of its account.
"""

import os
import sys
import time
from pathlib import Path

from elbv2_trafficrouter.cli import main
from elbv2_trafficrouter.runtime import ThreadRuntime
from support.router.large_account import lift_limits

VARIABLE = "MOVABLE_CLOCK"


def _now(_self: ThreadRuntime) -> float:
    return time.monotonic() + float(Path(os.environ[VARIABLE]).read_text())


if __name__ == "__main__":
    lift_limits()
    setattr(ThreadRuntime, "now", _now)  # noqa: B010  mypy refuses an assignment to a method
    sys.exit(main())
